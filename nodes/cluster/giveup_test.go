package cluster

import (
	"context"
	"strings"
	"testing"
	"time"
)

// TestGiveUp: a handler that does not return is waited for until somebody gives up, and then
// named. What is to be done before the node leaves is done, and it leaves.
func TestGiveUp(t *testing.T) {
	t.Parallel()
	bus := NewBus()
	manager, worker := newNode(t, "manager", nil), newNode(t, "worker-1", nil)
	var heard lines
	mustHandle(t, manager, "Cluster::node_down", func(ctx context.Context, name, id string) { heard.add("%s", name) })
	hung, ever := make(chan struct{}), make(chan struct{})
	defer close(ever)
	mustHandle(t, worker, "M::hang", func(ctx context.Context) { close(hung); <-ever })
	mustHandle(t, worker, "M::next", func(ctx context.Context) { t.Error("a handler was called after the end") })
	left := false
	worker.OnLeave(func() { left = true })
	manager.run(t, bus)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- worker.Run(ctx, bus.Connect) }()
	worker.raise("M::hang")
	worker.raise("M::next")
	<-hung
	worker.GiveUp() // says nothing before the end
	select {
	case err := <-done:
		t.Fatalf("Run returned without having to: %v", err)
	case <-time.After(10 * time.Millisecond):
	}
	cancel()
	select {
	case err := <-done:
		if err == nil || !strings.Contains(err.Error(), "handler of M::hang does not return") {
			t.Errorf("Run returned %v", err)
		}
	case <-time.After(patience):
		t.Fatal("Run does not return")
	}
	if !left {
		t.Error("what was to be done before was not")
	}
	heard.await(t, "worker-1")
}

// TestGiveUpWithoutHandler: a node none of whose handlers is under way ends as ever.
func TestGiveUpWithoutHandler(t *testing.T) {
	t.Parallel()
	n := newNode(t, "worker-1", nil)
	n.GiveUp()
	n.run(t, NewBus()).stop()
}
