package store

import (
	"context"
	"testing"
	"time"

	"zctl/nodes/cluster"
	"zctl/nodes/event"
)

// slowBackend takes as long to load as its test wants.
type slowBackend struct {
	failingBackend
	loading, loaded chan struct{}
}

func (b *slowBackend) Load(context.Context, func(k, v event.Value, deadline time.Time) error) error {
	close(b.loading)
	<-b.loaded
	return nil
}

// TestOpenedWhileLoading: who asks which stores are open does not wait for one that is large.
func TestOpenedWhileLoading(t *testing.T) {
	t.Parallel()
	n := node(t, cluster.NewBus().Connect, "manager")
	small := n.master(t, "small", nil)
	b := &slowBackend{loading: make(chan struct{}), loaded: make(chan struct{})}
	created := make(chan error)
	go func() {
		_, err := CreateMaster(n.Cluster, "large", MasterOptions{Backend: b, Log: n.log})
		created <- err
	}()
	<-b.loading
	if open := Opened(n.Cluster); len(open) != 1 || open[0] != small {
		t.Errorf("open are %v, want the small store", open)
	}
	close(b.loaded)
	if err := <-created; err != nil {
		t.Fatal(err)
	}
	if open := Opened(n.Cluster); len(open) != 2 {
		t.Errorf("open are %v, want both", open)
	}
}
