package store

import (
	"sync"

	"zctl/nodes/cluster"
)

// What waits at most in a store's inbox. What there is no room for is as good as lost on
// the bus, and will be asked for or sent again.
const (
	inboxBytes    = 16 << 20
	inboxMessages = 1 << 14
	inboxAtOnce   = 256
)

// inbox is the messages that came from the bus. Who puts them there does not wait.
type inbox struct {
	mu      sync.Mutex // guards what follows
	waiting []cluster.Received
	bytes   int
	lost    uint64
}

// put says whether somebody has to be woken.
func (in *inbox) put(r cluster.Received) (first bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if len(in.waiting) >= inboxMessages || in.bytes > 0 && in.bytes+r.Size() > inboxBytes {
		in.lost++
		return false
	}
	in.waiting = append(in.waiting, r)
	in.bytes += r.Size()
	return len(in.waiting) == 1
}

// dropped is for how many messages there was no room.
func (in *inbox) dropped() uint64 {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.lost
}

// take moves the oldest messages into batch, which it returns, and says whether there are
// more.
func (in *inbox) take(batch []cluster.Received) ([]cluster.Received, bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	n := min(inboxAtOnce, len(in.waiting))
	batch = append(batch[:0], in.waiting[:n]...)
	for i := range batch {
		in.bytes -= batch[i].Size()
	}
	clear(in.waiting[:n])
	in.waiting = in.waiting[n:]
	return batch, len(in.waiting) > 0
}
