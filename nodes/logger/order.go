package logger

import (
	"hash/maphash"
	"sync"
)

// orders keeps the batches of a sender in order while several workers format them:
// each batch waits for the turn of the one before it. Senders share some chains, which
// only makes them wait for each other now and then.
type orders struct {
	seed   maphash.Seed
	once   sync.Once
	chains [256]chain
}

type chain struct {
	mu   sync.Mutex // guards what follows, and the order in the queue
	last <-chan struct{}
}

// began is the turn of the first batch.
var began = func() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// enqueue puts a batch behind the earlier ones of its sender. Workers take batches in
// the order of the queue, so the one whose turn it is has always been taken.
func (o *orders) enqueue(b *batch, queue chan<- *batch) {
	o.once.Do(func() { o.seed = maphash.MakeSeed() })
	c := &o.chains[maphash.String(o.seed, b.sender)%uint64(len(o.chains))]
	c.mu.Lock()
	defer c.mu.Unlock()
	b.turn = c.last
	if b.turn == nil {
		b.turn = began
	}
	c.last = b.done
	queue <- b
}
