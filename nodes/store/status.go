package store

import (
	"context"
	"fmt"
	"sync"
)

// status is what a store can do at the moment.
type status struct {
	ready    bool // reads and writes are as they should be
	stale    bool // reads are refused
	away     bool // of a clone: there is no master
	refusing error
	closed   bool
}

// statusBoard shows a store's status to those who wait for another one.
type statusBoard struct {
	mu      sync.Mutex // guards what follows
	now     status
	counted Stats
	changed chan struct{} // closed when now changes
}

func (b *statusBoard) read() (status, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.changed == nil {
		b.changed = make(chan struct{})
	}
	return b.now, b.changed
}

func (b *statusBoard) stats() (Stats, status) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.counted, b.now
}

func (b *statusBoard) set(s status, counted Stats) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.counted = counted
	if s == b.now {
		return
	}
	b.now = s
	if b.changed != nil {
		close(b.changed)
		b.changed = nil
	}
}

// WaitReady waits until this node's copy is what the master has, and, on the master, until
// the node is on the bus and no other one is master. It fails with [ErrConflict] if another
// one is, with [ErrClosed], or when ctx ends.
func (s *Store) WaitReady(ctx context.Context) error {
	for {
		now, changed := s.board.read()
		switch {
		case now.closed:
			return s.failed("use", ErrClosed)
		case now.refusing == ErrConflict:
			return s.failed("use", ErrConflict)
		case now.ready:
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("cannot use store %q yet: its master did not answer: %w", s.name, context.Cause(ctx))
		}
	}
}

// failed is the error of something that was to be done with the store.
func (s *Store) failed(what string, err error) error {
	return fmt.Errorf("cannot %s store %q: %w", what, s.name, err)
}
