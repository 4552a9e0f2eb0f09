package zmq

import "sync"

// inbox is the bounded queue between the connections of a socket and the one goroutine that calls its handler.
type inbox[T any] struct {
	hwm      int // items
	maxBytes int // of all items; some are taken whatever their length

	mu     sync.Mutex    // guards what follows
	filled sync.Cond     // the taker waits
	room   chan struct{} // closed when a full inbox gets room; nil when nobody waits
	items  []T
	bytes  int
	closed bool
}

func newInbox[T any](opts Options) *inbox[T] {
	b := &inbox[T]{hwm: opts.RcvHWM, maxBytes: opts.MaxMessage}
	b.filled.L = &b.mu
	return b
}

// offer queues as many of the items, which hold size bytes together, as there is room for. If that is not all, another
// try makes sense when room is closed. It returns ErrClosed when the inbox is closed.
func (b *inbox[T]) offer(items []T, size int) (taken int, room <-chan struct{}, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return 0, nil, ErrClosed
	}
	if b.bytes < b.maxBytes {
		taken = min(len(items), b.hwm-len(b.items))
	}
	if taken > 0 {
		b.items = append(b.items, items[:taken]...)
		b.bytes += size / len(items) * taken
		b.filled.Signal()
	}
	if taken == len(items) {
		return taken, nil, nil
	}
	if b.room == nil {
		b.room = make(chan struct{})
	}
	return taken, b.room, nil
}

// put waits for room and queues an item. It returns false when the inbox is closed.
func (b *inbox[T]) put(item T, size int) bool {
	for {
		taken, room, err := b.offer([]T{item}, size)
		if taken > 0 || err != nil {
			return err == nil
		}
		<-room
	}
}

// close refuses further items; those queued can still be taken.
func (b *inbox[T]) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	b.filled.Broadcast()
	b.madeRoom()
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
	b.madeRoom()
	return taken
}

func (b *inbox[T]) madeRoom() {
	if b.room != nil {
		close(b.room)
		b.room = nil
	}
}
