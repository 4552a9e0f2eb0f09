package cluster

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"

	"zctl/layoutgen"
	"zctl/nodes/event"
)

func mustHandle(t *testing.T, n *testNode, name string, f any) {
	t.Helper()
	if err := Handle(n.Cluster, name, f); err != nil {
		t.Fatal(err)
	}
}

// TestHandle: arguments arrive as Go values, in order, and the handler is told who
// sent the event; nobody gets his own.
func TestHandle(t *testing.T) {
	t.Parallel()
	bus := NewBus()
	a, b := newNode(t, "worker-1", nil), newNode(t, "worker-2", nil)
	var seen lines
	mustHandle(t, b, "M::ev", func(ctx context.Context, msg string, n uint64, c conn, set map[string]struct{}) error {
		r, ok := FromContext(ctx)
		seen.add("%s %d %v %v %d %s %v %v", msg, n, c.Host, c.Port, len(set), r.Topic, r.Sender == a.NodeID(), ok)
		return nil
	})
	mustHandle(t, b, "M::ev", func(ctx context.Context, ev event.Event) { seen.add("raw %s %d", ev.Name, len(ev.Args)) })
	mustHandle(t, b, "*", func(ctx context.Context, ev event.Event) { seen.add("any %s", ev.Name) })
	mustHandle(t, a, "M::ev", func(ctx context.Context, ev event.Event) { t.Error("got its own event") })
	if err := errors.Join(a.Subscribe("t/"), b.Subscribe("t/")); err != nil {
		t.Fatal(err)
	}
	b.run(t, bus)
	a.run(t, bus)
	ctx := soon(t)
	c := conn{Host: netip.MustParseAddr("10.0.0.1"), Port: event.Port{Number: 443, Protocol: event.TCP}}
	if err := a.Publish(ctx, "t/x", "M::ev", "hi", uint64(7), c, map[string]struct{}{"x": {}}); err != nil {
		t.Fatal(err)
	}
	if err := a.Publish(ctx, "t/y", "M::other"); err != nil {
		t.Fatal(err)
	}
	if err := a.Publish(ctx, "u", "M::ev"); err != nil { // nobody subscribed it
		t.Fatal(err)
	}
	seen.await(t, "hi 7 10.0.0.1 443/tcp 1 t/x true true", "raw M::ev 4", "any M::ev", "any M::other")
}

// TestMismatch: an event that does not fit its handler is reported with both
// signatures, counted and not handled; one that nobody handles is counted.
func TestMismatch(t *testing.T) {
	t.Parallel()
	bus := NewBus()
	a, b := newNode(t, "worker-1", nil), newNode(t, "worker-2", nil)
	var seen lines
	mustHandle(t, b, "M::ev", func(ctx context.Context, msg string, n uint64) { seen.add("%s %d", msg, n) })
	b.Subscribe("t")
	b.run(t, bus)
	a.run(t, bus)
	ctx := soon(t)
	for _, args := range [][]any{{"a", -1}, {"a"}, {"b", uint64(1)}} {
		if err := a.Publish(ctx, "t", "M::ev", args...); err != nil {
			t.Fatal(err)
		}
	}
	a.Publish(ctx, "t", "M::unknown")
	a.Publish(ctx, "t", "M::ev", "c", uint64(2))
	seen.await(t, "b 1", "c 2")
	s := b.Stats()
	if s.Mismatched != 2 || s.Unknown != 1 || s.Handled != 2 || s.Malformed != 0 {
		t.Errorf("counted %+v", s)
	}
	for _, want := range []string{`event="M::ev(string, int)"`, `handler="M::ev(string, count)"`} {
		if !strings.Contains(b.said.String(), want) {
			t.Errorf("not said: %s in\n%s", want, b.said.String())
		}
	}
}

// TestHandleErrors: functions that cannot be handlers are refused.
func TestHandleErrors(t *testing.T) {
	t.Parallel()
	n := newNode(t, "worker-1", nil)
	for _, test := range []struct {
		f    any
		want string
	}{
		{nil, "no function"},
		{42, "no function but a int"},
		{func(s string) {}, "first parameter has to be a context.Context"},
		{func(ctx context.Context, s ...string) {}, "cannot be variadic"},
		{func(ctx context.Context) string { return "" }, "may return an error, nothing else"},
		{func(ctx context.Context, s string, c chan int) {}, "parameter 2"},
	} {
		if err := Handle(n.Cluster, "M::ev", test.f); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%T: %v, want %q", test.f, err, test.want)
		}
	}
	if _, err := MakeEvent("M::ev", make(chan int)); err == nil || !strings.Contains(err.Error(), "argument 1") {
		t.Errorf("an event with a channel: %v", err)
	}
	if _, err := MakeEvent(""); err == nil {
		t.Error("an event without a name")
	}
}

// TestSlowHandler: events for which there is no room are dropped and counted, and
// meanwhile the node meets others.
func TestSlowHandler(t *testing.T) {
	t.Parallel()
	bus := NewBus()
	a := newNode(t, "worker-1", nil)
	b := newNode(t, "worker-2", func(o *Options) { o.OnloopQueueHWM = 10 })
	entered, release := make(chan struct{}), make(chan struct{})
	var seen lines
	mustHandle(t, b, "M::slow", func(ctx context.Context) { close(entered); <-release })
	mustHandle(t, b, "M::ev", func(ctx context.Context, n uint64) { seen.add("%d", n) })
	mustHandle(t, b, "Cluster::node_up", func(ctx context.Context, name, id string) {
		if name == "manager" {
			seen.add("+%s", name)
		}
	})
	b.Subscribe("t")
	b.run(t, bus)
	a.run(t, bus)
	ctx := soon(t)
	a.Publish(ctx, "t", "M::slow")
	<-entered
	for i := range uint64(15) {
		a.Publish(ctx, "t", "M::ev", i)
	}
	await(t, "drops", func() bool { return b.Stats().Dropped == 5 })
	newNode(t, "manager", nil).run(t, bus)
	await(t, "the manager is up", func() bool { return b.ActiveNodeCount(layoutgen.TypeManager) == 1 })
	close(release)
	seen.await(t, "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "+manager")
}

// TestAnyName: an event may be called what handlers of all events are added by.
func TestAnyName(t *testing.T) {
	t.Parallel()
	bus := NewBus()
	to := newNode(t, "worker-1", nil)
	var got lines
	mustHandle(t, to, "*", func(_ context.Context, ev event.Event) { got.add("%s", ev.Name) })
	to.run(t, bus)
	from := newNode(t, "worker-2", nil).run(t, bus)
	for _, name := range []string{"*", "last"} {
		if err := from.Publish(soon(t), to.NodeTopic("worker-1"), name); err != nil {
			t.Fatal(err)
		}
	}
	got.await(t, "*", "last")
}
