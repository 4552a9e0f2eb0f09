package zmq

import (
	"log/slog"
	"sync"
	"time"
)

// Lines a dampedLog writes at once, and how long it takes to earn another.
const (
	logBurst  = 100
	logRefill = time.Second
)

// dampedLog warns about peers, whom nobody can trust not to come back a thousand times a second. What it leaves out it
// counts, and says so with the next line.
type dampedLog struct {
	log *slog.Logger

	mu      sync.Mutex // guards what follows
	tokens  int
	since   time.Time // of the last refill
	omitted int
}

func newDampedLog(log *slog.Logger) *dampedLog {
	return &dampedLog{log: log, tokens: logBurst, since: time.Now()}
}

func (d *dampedLog) warn(msg string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if earned := int(time.Since(d.since) / logRefill); earned > 0 {
		d.tokens = min(d.tokens+earned, logBurst)
		d.since = time.Now()
	}
	if d.tokens == 0 {
		d.omitted++
		return
	}
	d.tokens--
	if d.omitted > 0 {
		args = append(args, "omitted", d.omitted)
		d.omitted = 0
	}
	d.log.Warn(msg, args...)
}
