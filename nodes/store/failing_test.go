package store

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"zctl/nodes/cluster"
	"zctl/nodes/event"
)

// failingBackend is a backend whose disk is full as long as a test says so.
type failingBackend struct {
	full    atomic.Bool
	refused atomic.Int64
	written atomic.Int64
}

func (b *failingBackend) Load(context.Context, func(k, v event.Value, deadline time.Time) error) error {
	return nil
}
func (b *failingBackend) Sessions() ([]Session, error) { return nil, nil }
func (b *failingBackend) Close() error                 { return nil }
func (b *failingBackend) Write(_ context.Context, changes []Change, _ []Session) error {
	if b.full.Load() {
		b.refused.Add(1)
		return errDisk
	}
	b.written.Add(int64(len(changes)))
	return nil
}

// TestDiskFull: while the disk is full nothing is acknowledged, and nobody hears of what is
// not on it; then all goes on. A store that is closed meanwhile says what is lost.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	bus := cluster.NewBus()
	b := &failingBackend{}
	master := node(t, bus.Connect, "manager").master(t, "s", b)
	clone := node(t, bus.Connect, "worker-1").clone(t, "s", CloneOptions{})
	ready(t, master, clone)
	b.full.Store(true)
	writes := []*Write{master.Put(text("a"), text("x"))}
	await(t, "it is refused", func() bool { return b.refused.Load() > 0 })
	writes = append(writes, master.Put(text("b"), text("x")), clone.Put(text("c"), text("x")))
	await(t, "it is refused again", func() bool { return b.refused.Load() > 1 })
	for i, w := range writes {
		select {
		case <-w.Done():
			t.Errorf("write %d is acknowledged: %v", i, w.Err())
		default:
		}
	}
	if n, err := clone.Len(); n != 0 || err != nil {
		t.Errorf("the clone has %d entries: %v", n, err)
	}
	b.full.Store(false)
	for _, w := range writes {
		mustWait(t, w)
	}
	if n := b.written.Load(); n != 3 {
		t.Errorf("%d changes were written", n)
	}
	b.full.Store(true)
	writes = []*Write{master.Put(text("d"), text("x"))}
	before := b.refused.Load()
	await(t, "it is refused", func() bool { return b.refused.Load() > before })
	writes = append(writes, master.Put(text("e"), text("x")))
	master.Close()
	if err := writes[0].Wait(soon(t)); !errors.Is(err, errDisk) {
		t.Errorf("the write that was tried: %v", err)
	}
	if err := writes[1].Wait(soon(t)); !errors.Is(err, ErrClosed) {
		t.Errorf("the write that was not: %v", err)
	}
}
