package zmq

import "sync"

// inbox is the bounded queue between the connections of a socket and the one goroutine that calls its handler.
type inbox[T any] struct {
	hwm      int // items
	maxBytes int // of all items; one is taken whatever its length

	mu     sync.Mutex // guards what follows
	filled sync.Cond  // the taker waits
	room   sync.Cond  // putters wait
	items  []T
	bytes  int
	closed bool
}

func newInbox[T any](opts Options) *inbox[T] {
	b := &inbox[T]{hwm: opts.RcvHWM, maxBytes: opts.MaxMessage}
	b.filled.L, b.room.L = &b.mu, &b.mu
	return b
}

// put waits for room and queues the item, which holds size bytes. It returns false when the inbox is closed.
func (b *inbox[T]) put(item T, size int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for !b.closed && (len(b.items) >= b.hwm || b.bytes >= b.maxBytes) {
		b.room.Wait()
	}
	if b.closed {
		return false
	}
	b.items = append(b.items, item)
	b.bytes += size
	b.filled.Signal()
	return true
}

// close refuses further items; those queued can still be taken.
func (b *inbox[T]) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	b.filled.Broadcast()
	b.room.Broadcast()
}

// drain calls handle for every item in order until the inbox is closed and empty.
func (b *inbox[T]) drain(handle func(T)) {
	var batch []T
	for {
		batch = b.take(batch)
		if len(batch) == 0 {
			return
		}
		for _, item := range batch {
			handle(item)
		}
	}
}

// take waits for items and exchanges them against the used slice. It returns none when the inbox is closed and empty.
func (b *inbox[T]) take(used []T) []T {
	clear(used)
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.items) == 0 && !b.closed {
		b.filled.Wait()
	}
	taken := b.items
	b.items, b.bytes = used[:0], 0
	b.room.Broadcast()
	return taken
}
