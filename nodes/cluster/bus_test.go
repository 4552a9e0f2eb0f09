package cluster

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// TestNotRunning: before Run there is nobody to publish to, and what cannot be a
// node is refused.
func TestNotRunning(t *testing.T) {
	t.Parallel()
	n := newNode(t, "worker-1", nil)
	if err := n.Publish(soon(t), "t", "M::ev"); !errors.Is(err, ErrNotRunning) {
		t.Errorf("published before Run: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := n.WaitReady(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("ready before Run: %v", err)
	}
	for _, o := range []Options{{}, {NodeID: "x", Node: "worker-9", Layout: testLayout}} {
		if _, err := New(o); err == nil {
			t.Errorf("made a node of %+v", o)
		}
	}
}

// hasty is a bus that shows what is on it before Connect has returned.
type hasty struct {
	Backend
	published chan string
}

func (h hasty) Publish(topic, sender, format string, payload []byte) error {
	h.published <- topic
	return nil
}

func (h hasty) Subscribe(string) error { return nil }
func (h hasty) Close() error           { return nil }

// TestBusRefuses: a bus that cannot be subscribed is left, also while it shows
// something to the node.
func TestBusRefuses(t *testing.T) {
	t.Parallel()
	n := newNode(t, "worker-1", nil)
	done := make(chan error)
	go func() {
		done <- n.Run(soon(t), func(r Receiver) (Backend, error) {
			b := refusing{shown: make(chan struct{})}
			go func() { defer close(b.shown); r.Subscribed(NodeIDTopic("other")) }()
			return b, nil
		})
	}()
	select {
	case err := <-done:
		if err == nil || !strings.HasPrefix(err.Error(), "cannot subscribe") {
			t.Errorf("error %v", err)
		}
	case <-time.After(patience):
		t.Fatal("the node does not end")
	}
}

// refusing is a bus that cannot be subscribed. It can be left when it has shown what
// there is.
type refusing struct{ shown chan struct{} }

func (refusing) Publish(_, _, _ string, _ []byte) error { return nil }
func (refusing) Subscribe(string) error                 { return errors.New("no") }
func (refusing) Unsubscribe(string) error               { return nil }
func (b refusing) Close() error                         { <-b.shown; return nil }

// TestLingerEnds: what still waits at the end is not handled when the time for that is
// over.
func TestLingerEnds(t *testing.T) {
	t.Parallel()
	q := newQueue(0)
	for range 3 {
		q.put(Received{})
	}
	ctx, end := context.WithCancel(context.Background())
	closing, over := context.WithCancel(context.Background())
	handled := 0
	q.run(ctx, closing, func(Received) {
		handled++
		if end(); handled == 2 {
			over()
		}
	})
	if handled != 2 {
		t.Errorf("%d events were handled, 2 in time", handled)
	}
}

// TestHastyBus: a peer that shows itself while the node still connects is greeted.
func TestHastyBus(t *testing.T) {
	t.Parallel()
	n := newNode(t, "worker-1", nil)
	h := hasty{published: make(chan string, 1)}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() {
		done <- n.Run(ctx, func(r Receiver) (Backend, error) {
			shown := make(chan struct{})
			go func() { close(shown); r.Subscribed(NodeIDTopic("other")) }()
			<-shown
			time.Sleep(10 * time.Millisecond) // for it to be too early, if nothing keeps it
			return h, nil
		})
	}()
	select {
	case topic := <-h.published:
		if topic != NodeIDTopic("other") {
			t.Errorf("published to %q", topic)
		}
	case <-time.After(patience):
		t.Error("nobody was greeted")
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
