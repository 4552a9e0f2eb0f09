package nodes

import (
	"log/slog"
	"sync"
	"sync/atomic"
)

// counts is what went wrong, or at least past us.
type counts struct {
	malformed atomic.Uint64 // messages that cannot be understood
	unknown   atomic.Uint64 // events that nobody here handles; they are no error (spec: wire 7)
	dropped   atomic.Uint64 // events for which there was no room in the mailbox
	unsent    atomic.Uint64 // events for which there was no room in the XPUB's queue
	lost      atomic.Uint64 // log batches

	mu        sync.Mutex // guards what follows
	lostCause error      // of the first lost batch since the last warning
	warned    [4]uint64
}

func (c *counts) lostBatch(err error) {
	c.lost.Add(1)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lostCause == nil {
		c.lostCause = err
	}
}

// warn says what has been lost since it was last called.
func (c *counts) warn(log *slog.Logger) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := [4]uint64{c.malformed.Load(), c.dropped.Load(), c.unsent.Load(), c.lost.Load()}
	for i, what := range []string{"malformed messages ignored", "events dropped, the node is too slow", "events not sent, the bus is too slow", "log batches lost"} {
		if n := now[i] - c.warned[i]; n > 0 {
			args := []any{"count", n}
			if i == 3 {
				args = append(args, "first", c.lostCause)
			}
			log.Warn(what, args...)
		}
	}
	c.warned, c.lostCause = now, nil
}
