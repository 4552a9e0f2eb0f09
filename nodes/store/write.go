package store

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Write is a write that was asked for. Nobody has to wait for it: a program that does not
// mind what becomes of a write, as scripts in Zeek, drops it.
type Write struct {
	op   Op
	at   time.Time
	size int
	sent bool // perhaps the master has it

	mu       sync.Mutex // guards what follows
	resolved bool
	existed  bool // of a PutUnique
	err      error
	done     chan struct{} // nil until somebody waits
}

// Wait waits until the master has applied the write, which is then as safe as the
// master's backend promises, and this node's copy shows it (unless the master answered and
// then went away for longer than writes are kept). Its error is or wraps
// [ErrNoKey], [ErrType], [ErrRange], [ErrTooLarge] or [ErrRefused] if the master refused
// the write; [ErrNoMaster], [ErrFull], [ErrConflict] or [ErrClosed] if no master has got
// it; [ErrUnknown] if nobody can tell; or that of ctx. That a key of PutUnique existed is
// no error. It must not be called by a function that was given to [Store.Watch].
func (w *Write) Wait(ctx context.Context) error {
	select {
	case <-w.Done():
		return w.Err()
	default:
	}
	select {
	case <-w.Done():
		return w.Err()
	case <-ctx.Done():
		return fmt.Errorf("cannot wait for %s of %s any longer: %w", w.op.Kind, brief(w.op.Key), context.Cause(ctx))
	}
}

// Result is Wait for a PutUnique: whether it put the value, which it did not if the key
// existed.
func (w *Write) Result(ctx context.Context) (inserted bool, err error) {
	err = w.Wait(ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	return err == nil && !w.existed, err
}

// Done is closed when Wait would not wait.
func (w *Write) Done() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.done == nil {
		w.done = make(chan struct{})
		if w.resolved {
			close(w.done)
		}
	}
	return w.done
}

// Err is what Wait would return, nil as long as it would wait.
func (w *Write) Err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.resolved {
		return nil
	}
	return w.err
}

// outcome notes what came of the write; nobody is told before resolve.
func (w *Write) outcome(c code) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c == codeExists && w.op.Kind == OpPutUnique {
		w.existed = true
		return
	}
	w.err = c.err(&w.op)
}

// fail notes that the write has come to nothing, and why.
func (w *Write) fail(err error) {
	w.mu.Lock()
	w.err = fmt.Errorf("cannot %s %s: %w", w.op.Kind, brief(w.op.Key), err)
	w.mu.Unlock()
}

// resolve tells those who wait.
func (w *Write) resolve() {
	w.mu.Lock()
	w.resolved = true
	if w.done != nil {
		close(w.done)
	}
	w.mu.Unlock()
}
