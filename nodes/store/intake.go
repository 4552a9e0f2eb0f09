package store

import "sync"

// What a node's writes that are not yet resolved may be at most.
const (
	maxWrites     = 1 << 17
	maxWriteBytes = 64 << 20
	intakeAtOnce  = 1 << 13
)

// intake is the writes that the node's program asked for.
type intake struct {
	mu      sync.Mutex // guards what follows
	waiting []*Write
	count   int // of those that are not yet resolved, wherever they are
	bytes   int
	closed  bool
}

// put says whether somebody has to be woken.
func (in *intake) put(w *Write) (first bool, err error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	switch {
	case in.closed:
		return false, ErrClosed
	case in.count >= maxWrites || in.bytes > 0 && in.bytes+w.size > maxWriteBytes:
		return false, ErrFull
	}
	in.waiting = append(in.waiting, w)
	in.count++
	in.bytes += w.size
	return len(in.waiting) == 1, nil
}

// take returns the oldest writes, and says whether there are more.
func (in *intake) take() ([]*Write, bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	n := min(intakeAtOnce, len(in.waiting))
	writes := in.waiting[:n:n]
	in.waiting = in.waiting[n:]
	return writes, len(in.waiting) > 0
}

// giveUp takes all writes, none of which anybody will do.
func (in *intake) giveUp() (all []*Write) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for _, w := range in.waiting {
		w.fail(ErrClosed)
	}
	all, in.waiting = in.waiting, nil
	return all
}

// resolved takes note that writes are.
func (in *intake) resolved(writes []*Write) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for _, w := range writes {
		in.count--
		in.bytes -= w.size
	}
}

func (in *intake) close() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.closed = true
}

// unresolved is how many writes are, and their bytes.
func (in *intake) unresolved() (count, bytes int) {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.count, in.bytes
}
