package zmq

import (
	"net"
	"sync"
	"time"
)

// How often a listener repeats that it refuses a host, and how many it remembers.
const (
	refusalsEvery = time.Minute
	maxRefusals   = 256
)

// refusals remembers who was refused and why, so that a host that comes back again and again, such as a node with a
// wrong key, makes a line a minute. Its lines go through the dampedLog, too: not every peer is always refused for the
// same reason.
type refusals struct {
	mu   sync.Mutex // guards what follows
	seen map[string]refused
}

type refused struct {
	said  time.Time
	since int // times that were not said
}

// tell says whether this refusal is worth a line, and how often it was not since the last one that was.
func (r *refusals) tell(peer net.Addr, reason string, now time.Time) (repeated int, worth bool) {
	host, _, err := net.SplitHostPort(peer.String())
	if err != nil {
		host = peer.String()
	}
	key := host + " " + reason
	r.mu.Lock()
	defer r.mu.Unlock()
	old, known := r.seen[key]
	if known && now.Sub(old.said) < refusalsEvery {
		old.since++
		r.seen[key] = old
		return 0, false
	}
	if r.seen == nil || len(r.seen) >= maxRefusals {
		r.seen = make(map[string]refused)
	}
	r.seen[key] = refused{said: now}
	return old.since, true
}
