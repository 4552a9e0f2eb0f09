package tap

import (
	"context"
	"sync"
	"time"

	"zctl/nodes/zmq"
)

// The bounds of what waits to be taken. The first is Zeek's onloop_queue_hwm.
const (
	maxWaiting      = 10000
	maxWaitingBytes = 64 << 20
)

// queue holds what passed and was not taken yet. Putting never waits.
type queue struct {
	changed chan struct{} // has room for one: something was put, or it was closed

	mu     sync.Mutex // guards what follows
	items  []Message
	bytes  int
	counts Counts
	closed bool
}

// Counts is what became of the messages that passed.
type Counts struct {
	Passed  uint64
	Dropped uint64 // of them, because they were not taken in time
}

func newQueue() *queue { return &queue{changed: make(chan struct{}, 1)} }

// put queues a copy of the message, so that the large buffer it came in is not
// kept for it, or drops it.
func (q *queue) put(frames zmq.Message, now time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return
	}
	q.counts.Passed++
	size := 0
	for _, f := range frames {
		size += len(f)
	}
	full := len(q.items) >= maxWaiting || q.bytes+size > maxWaitingBytes && len(q.items) > 0
	if full {
		q.counts.Dropped++
		return
	}
	q.items = append(q.items, Message{Time: now, Frames: clone(frames, size)})
	q.bytes += size
	q.signal()
}

func clone(frames zmq.Message, size int) zmq.Message {
	buf, all := make([]byte, 0, size), make(zmq.Message, len(frames))
	for i, f := range frames {
		start := len(buf)
		buf = append(buf, f...)
		all[i] = buf[start:len(buf):len(buf)]
	}
	return all
}

// take waits for messages and returns all there are; none when the queue is
// closed and empty, or ctx ended.
func (q *queue) take(ctx context.Context) []Message {
	for {
		items, closed := q.grab()
		if closed {
			q.signal() // the next one who waits, too
		}
		if len(items) > 0 || closed {
			return items
		}
		select {
		case <-q.changed:
		case <-ctx.Done():
			return nil
		}
	}
}

func (q *queue) grab() (items []Message, closed bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	items, q.items, q.bytes = q.items, nil, 0
	return items, q.closed
}

// close refuses what comes later; what waits can still be taken.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.signal()
}

func (q *queue) signal() {
	select {
	case q.changed <- struct{}{}:
	default:
	}
}

func (q *queue) count() Counts {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.counts
}

func (q *queue) empty() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.items) == 0
}
