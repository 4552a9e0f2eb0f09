package cluster

import (
	"context"
	"sync"

	"zctl/nodes/event"
)

// Received is an event that waits for its handlers, and what [FromContext] tells
// them about it.
type Received struct {
	Event event.Event
	// Topic and Sender are those of the message; both are empty for an event
	// that was raised here. Sender is the node id of who published it.
	Topic, Sender string

	local bool // raised here
	size  int  // of the message, in bytes
}

const (
	// batchSize is how many events are taken from the queue at once
	// (Cluster::Backend::ZeroMQ::poll_max_messages).
	batchSize = 100
	// maxQueued is how many bytes of messages wait at most, beside one.
	maxQueued = 256 << 20
	// maxLocal is how many events of our own, node_up and the like, wait at most.
	maxLocal = 100000
)

// queue is the events that wait for their handlers: Zeek's onloop queue.
type queue struct {
	hwm  int           // of events from others; 0 is no limit
	wake chan struct{} // holds a token when there may be something

	mu      sync.Mutex // guards what follows
	waiting []Received
	local   int // of those, how many are our own
	size    int // of their messages, in bytes
}

func newQueue(hwm int) *queue { return &queue{hwm: hwm, wake: make(chan struct{}, 1)} }

// put appends an event and says whether there was room for it.
func (q *queue) put(r Received) bool {
	q.mu.Lock()
	full := q.full(r)
	if !full {
		q.waiting = append(q.waiting, r)
		q.size += r.size
		if r.local {
			q.local++
		}
	}
	first := len(q.waiting) == 1
	q.mu.Unlock()
	if !full && first {
		select {
		case q.wake <- struct{}{}:
		default:
		}
	}
	return !full
}

func (q *queue) full(r Received) bool {
	if r.local {
		return q.local >= maxLocal
	}
	others := len(q.waiting) - q.local
	return q.hwm > 0 && others >= q.hwm || others > 0 && q.size+r.size > maxQueued
}

// take moves the oldest events into batch, which it returns.
func (q *queue) take(batch []Received) []Received {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := min(batchSize, len(q.waiting))
	batch = append(batch[:0], q.waiting[:n]...)
	for _, r := range batch {
		q.size -= r.size
		if r.local {
			q.local--
		}
	}
	clear(q.waiting[:n])
	q.waiting = q.waiting[n:]
	return batch
}

// run hands events to do until ctx ends, and then those that still wait as long
// as closing lasts.
func (q *queue) run(ctx, closing context.Context, do func(Received)) {
	batch := make([]Received, 0, batchSize)
	for ctx.Err() == nil {
		select {
		case <-q.wake:
		case <-ctx.Done():
		}
		for batch = q.take(batch); len(batch) > 0; batch = q.take(batch) {
			for _, r := range batch {
				if closing.Err() != nil {
					return
				}
				do(r)
			}
			clear(batch)
		}
	}
}

// Queued is how many events wait for their handlers now.
func (c *Cluster) Queued() int {
	c.queue.mu.Lock()
	defer c.queue.mu.Unlock()
	return len(c.queue.waiting)
}
