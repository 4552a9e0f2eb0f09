package archive

import "sync"

// queue hands values from many goroutines to one, in order. It holds paths, not
// logs, so its bound is only there to notice that nobody takes from it.
type queue[T any] struct {
	mu     sync.Mutex // guards what follows
	wake   *sync.Cond
	items  []T
	closed bool
}

const maxQueue = 1 << 16

func newQueue[T any]() *queue[T] {
	q := &queue[T]{}
	q.wake = sync.NewCond(&q.mu)
	return q
}

// put says whether there was room; never after close.
func (q *queue[T]) put(item T) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed || len(q.items) >= maxQueue {
		return false
	}
	q.items = append(q.items, item)
	q.wake.Signal()
	return true
}

// take waits for a value. It is false when the queue is closed and empty.
func (q *queue[T]) take() (item T, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.items) == 0 && !q.closed {
		q.wake.Wait()
	}
	if len(q.items) == 0 {
		return item, false
	}
	item, q.items = q.items[0], q.items[1:]
	return item, true
}

func (q *queue[T]) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.wake.Broadcast()
}

func (q *queue[T]) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.items)
}
