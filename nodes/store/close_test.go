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

// full is a backend that takes nothing as long as it is full.
type full struct {
	is     atomic.Bool
	tried  atomic.Int32
	closed atomic.Bool
}

var errFull = errors.New("no space left")

func (f *full) Load(context.Context, func(k, v event.Value, deadline time.Time) error) error {
	return nil
}
func (f *full) Sessions() ([]Session, error) { return nil, nil }
func (f *full) Close() error                 { f.closed.Store(true); return nil }
func (f *full) Write(context.Context, []Change, []Session) error {
	f.tried.Add(1)
	if f.is.Load() {
		return errFull
	}
	return nil
}

// TestCloseWhenFull: a master that is closed while its backend takes nothing says so, and
// no write is left waiting, also none that was not yet looked at.
func TestCloseWhenFull(t *testing.T) {
	t.Parallel()
	backend := &full{}
	master := node(t, cluster.NewBus().Connect, "manager").master(t, "s", backend)
	ready(t, master)
	backend.is.Store(true)
	first := master.Put(text("k"), event.Count(1))
	await(t, "the backend is tried", func() bool { return backend.tried.Load() > 0 })
	var more []*Write
	for range 2 * intakeAtOnce {
		more = append(more, master.Put(text("k"), event.Count(2)))
	}
	if err := master.Close(); !errors.Is(err, errFull) {
		t.Errorf("close: %v", err)
	}
	if err := first.Wait(soon(t)); !errors.Is(err, errFull) {
		t.Errorf("a write that was applied: %v", err)
	}
	for i, w := range more {
		if err := w.Wait(soon(t)); !errors.Is(err, errFull) && !errors.Is(err, ErrClosed) {
			t.Fatalf("write %d after it: %v", i, err)
		}
	}
	if !backend.closed.Load() {
		t.Error("the backend is still open")
	}
}

// TestCloseMany: writes that a clone has not sent when it is closed fail, all of them.
func TestCloseMany(t *testing.T) {
	t.Parallel()
	clone := node(t, cluster.NewBus().Connect, "worker-1").clone(t, "s", CloneOptions{})
	var all []*Write
	for range 3 * intakeAtOnce {
		all = append(all, clone.Put(text("k"), event.Count(2)))
	}
	if err := clone.Close(); err != nil {
		t.Error(err)
	}
	for i, w := range all {
		if err := w.Wait(soon(t)); !errors.Is(err, ErrClosed) {
			t.Fatalf("write %d: %v", i, err)
		}
	}
	if n, bytes := clone.intake.unresolved(); n != 0 || bytes != 0 {
		t.Errorf("%d writes of %d bytes are left", n, bytes)
	}
}
