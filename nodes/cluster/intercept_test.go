package cluster

import (
	"context"
	"strings"
	"testing"

	"zctl/nodes/event"
)

// TestIntercept: events of a topic are seen while a handler does not end, those of other
// topics are not, and handlers get them all the same.
func TestIntercept(t *testing.T) {
	t.Parallel()
	bus := NewBus()
	manager, worker := newNode(t, "manager", nil), newNode(t, "worker-1", nil)
	busy, release := make(chan struct{}), make(chan struct{})
	var handled, seen lines
	mustHandle(t, worker, "M::ev", func(ctx context.Context, n uint64) {
		if n == 0 {
			close(busy)
			<-release
		}
		handled.add("%d", n)
	})
	worker.Subscribe("t/")
	stop := worker.Intercept("t/a", func(r Received) {
		seen.add("%s %v %v from %t", r.Topic, r.Event.Args, r.Size() > 0, r.Sender == manager.NodeID())
	})
	manager.run(t, bus)
	worker.run(t, bus)
	publish := func(topic string, n uint64) {
		t.Helper()
		if err := manager.Publish(context.Background(), topic, "M::ev", n); err != nil {
			t.Fatal(err)
		}
	}
	publish("t/b", 0)
	<-busy
	publish("t/a", 1)
	publish("t/ab", 2)
	publish("t/a", 3)
	seen.await(t, "t/a [1] true from true", "t/a [3] true from true")
	stop()
	close(release)
	publish("t/a", 4)
	handled.await(t, "0", "1", "2", "3", "4")
	seen.await(t, "t/a [1] true from true", "t/a [3] true from true")
}

// TestInterceptEvent: events of a name are seen on every topic, by who intercepts that, too,
// and are not unknown; those that come after stop are.
func TestInterceptEvent(t *testing.T) {
	t.Parallel()
	n := newNode(t, "worker-1", nil)
	var seen lines
	n.Intercept("t/a", func(r Received) { seen.add("topic %s %s", r.Topic, r.Event.Name) })
	stop := n.InterceptEvent("M::ev", func(r Received) { seen.add("name %s %s", r.Topic, r.Event.Name) })
	show := func(topic, name string) {
		receiver{n.Cluster}.Message([]byte(topic), []byte("x"), []byte(event.FormatBin), event.Event{Name: name}.Append(nil))
	}
	show("t/a", "M::ev")
	show("t/b", "M::ev")
	show("t/b", "M::other")
	stop()
	show("t/b", "M::ev")
	show("t/a", "M::ev")
	seen.await(t, "topic t/a M::ev", "name t/a M::ev", "name t/b M::ev", "topic t/a M::ev")
	if s := n.Stats(); s.Unknown != 2 || s.Incoming != 5 {
		t.Errorf("%+v", s)
	}
}

// TestInterceptorsShare: several see one topic, and one that stops does not stop the others.
func TestInterceptorsShare(t *testing.T) {
	t.Parallel()
	n := newNode(t, "worker-1", nil)
	var seen lines
	first := n.Intercept("t", func(r Received) { seen.add("first") })
	second := n.Intercept("t", func(r Received) { seen.add("second") })
	payload := event.Event{Name: "M::ev"}.Append(nil)
	show := func() { receiver{n.Cluster}.Message([]byte("t"), []byte("x"), []byte(event.FormatBin), payload) }
	show()
	first()
	show()
	second()
	show()
	seen.await(t, "first", "second", "second")
	if unknown := n.Stats().Unknown; unknown != 1 {
		t.Errorf("%d events were of no interest, want the last one", unknown)
	}
}

// TestOnLeave: what is published when Run ends reaches the others.
func TestOnLeave(t *testing.T) {
	t.Parallel()
	bus := NewBus()
	manager, worker := newNode(t, "manager", nil), newNode(t, "worker-1", nil)
	var heard lines
	mustHandle(t, manager, "M::bye", func(ctx context.Context, who string) { heard.add("%s", who) })
	manager.Subscribe("t")
	worker.OnLeave(func() {
		if err := worker.Publish(context.Background(), "t", "M::bye", "worker"); err != nil {
			t.Error(err)
		}
	})
	worker.OnLeave(func() { t.Error("called what had been taken back") })()
	manager.run(t, bus)
	worker.run(t, bus).stop()
	heard.await(t, "worker")
	if said := worker.said.String(); strings.Contains(said, "ERROR") {
		t.Error(said)
	}
}
