package logger

import "sync"

// budget bounds the bytes of batches that are held. What is larger than all of it is
// let in alone.
type budget struct {
	limit int

	mu   sync.Mutex // guards what follows
	cond *sync.Cond
	held int
}

func newBudget(limit int) *budget {
	b := &budget{limit: limit}
	b.cond = sync.NewCond(&b.mu)
	return b
}

// take waits until there is room for n bytes.
func (b *budget) take(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.held > 0 && b.held+n > b.limit {
		b.cond.Wait()
	}
	b.held += n
}

// give returns n bytes.
func (b *budget) give(n int) {
	b.mu.Lock()
	b.held -= n
	b.mu.Unlock()
	b.cond.Broadcast()
}

// drained waits until all is returned.
func (b *budget) drained() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.held > 0 {
		b.cond.Wait()
	}
}

// used is how many bytes are held.
func (b *budget) used() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.held
}
