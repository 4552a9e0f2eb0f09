package cluster

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"zctl/layoutgen"
	"zctl/nodes/event"
)

// patience is how long a test waits for what must happen.
const patience = time.Minute

func await(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited too long: %s", what)
		}
	}
}

// testNode is a node on a bus in memory.
type testNode struct {
	*Cluster
	said syncBuffer // what it says about itself
	stop func()
}

type syncBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

var testLayout = layoutgen.Default().Layout() // manager logger-1 proxy-1 worker-1 worker-2

// newNode makes a node that does not run yet.
func newNode(t *testing.T, name string, change func(*Options)) *testNode {
	t.Helper()
	n := &testNode{}
	o := Options{
		Node: name, NodeID: fmt.Sprintf("test_%s_%p", name, n), Layout: testLayout,
		Log: slog.New(slog.NewTextHandler(&n.said, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if change != nil {
		change(&o)
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	n.Cluster = c
	return n
}

// run runs the node until the test ends, or stop is called.
func (n *testNode) run(t *testing.T, bus *Bus) *testNode {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx, bus.Connect) }()
	n.stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(patience):
			t.Error("the node does not end")
		}
	})
	t.Cleanup(n.stop)
	if err := n.WaitReady(soon(t)); err != nil {
		t.Fatal(err)
	}
	return n
}

func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

func (n *testNode) active() (all int) {
	for _, typ := range layoutgen.StartOrder {
		all += n.ActiveNodeCount(typ)
	}
	return all
}

// lines collects what handlers see.
type lines struct {
	mu  sync.Mutex
	all []string
}

func (l *lines) add(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, fmt.Sprintf(format, args...))
}

func (l *lines) await(t *testing.T, want ...string) {
	t.Helper()
	end := time.Now().Add(patience)
	for {
		l.mu.Lock()
		got := slices.Clone(l.all)
		l.mu.Unlock()
		if slices.Equal(got, want) {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("got  %q\nwant %q", got, want)
		}
		time.Sleep(time.Millisecond)
	}
}

// TestMeet: nodes on a bus meet, whoever comes first; who goes is down, who comes
// back is up with another id; each is told in order.
func TestMeet(t *testing.T) {
	t.Parallel()
	bus := NewBus()
	manager := newNode(t, "manager", nil)
	var seen lines
	mustHandle(t, manager, "Cluster::node_up", func(ctx context.Context, name, id string) { seen.add("+%s", name) })
	mustHandle(t, manager, "Cluster::node_down", func(ctx context.Context, name, id string) { seen.add("-%s", name) })
	manager.run(t, bus)
	one := newNode(t, "worker-1", nil).run(t, bus)
	seen.await(t, "+worker-1")
	two := newNode(t, "worker-2", nil).run(t, bus)
	seen.await(t, "+worker-1", "+worker-2")
	await(t, "workers meet", func() bool { return one.active() == 2 && two.active() == 2 })
	if n, ok := manager.NodeIDToNode(one.NodeID()); n.Name != "worker-1" || !ok {
		t.Errorf("id of worker-1 is of %q, %v", n.Name, ok)
	}
	old := two.NodeID()
	two.stop()
	seen.await(t, "+worker-1", "+worker-2", "-worker-2")
	if n, ok := manager.NodeIDToNode(old); ok {
		t.Errorf("id of a node that is down is of %q", n.Name)
	}
	newNode(t, "worker-2", nil).run(t, bus)
	seen.await(t, "+worker-1", "+worker-2", "-worker-2", "+worker-2")
	if got := manager.ActiveNodeCount(layoutgen.TypeWorker); got != 2 {
		t.Errorf("%d active workers", got)
	}
}

// TestIdentity: what a node says of itself and the layout.
func TestIdentity(t *testing.T) {
	t.Parallel()
	n := newNode(t, "proxy-1", nil)
	var names []string
	for _, w := range n.NodesWithType(layoutgen.TypeWorker) {
		names = append(names, w.Name)
	}
	got := fmt.Sprintln(n.IsEnabled(), n.LocalNodeType(), n.LocalNodeMetricsPort() > 0, names, n.NodeCount(layoutgen.TypeWorker),
		n.ActiveNodeCount(layoutgen.TypeWorker), n.NodeTopic("a"), n.NodeIDTopic("b"))
	if want := "true proxy true [worker-1 worker-2] 2 0 zeek.cluster.node.a. zeek.cluster.nodeid.b.\n"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	client := newNode(t, "", nil)
	if client.IsEnabled() || client.LocalNodeType() != layoutgen.TypeNone || client.LocalNodeMetricsPort() != 0 {
		t.Error("a client is a node")
	}
}

// conn is a record of the handler in TestHandle.
type conn struct {
	Host netip.Addr
	Port event.Port
	Tag  *string
}

// TestTimestamp: published events carry the time if asked to, and one that a
// handler publishes that of the event it handles.
func TestTimestamp(t *testing.T) {
	t.Parallel()
	bus := NewBus()
	stamped := func(o *Options) { o.AddNetworkTimestamp = true }
	a, relay, c := newNode(t, "worker-1", stamped), newNode(t, "proxy-1", stamped), newNode(t, "worker-2", nil)
	times := make(chan time.Time, 2)
	mustHandle(t, relay, "M::ev", func(ctx context.Context) error { return relay.Publish(ctx, "to/c", "M::relayed") })
	mustHandle(t, c, "*", func(ctx context.Context, ev event.Event) {
		at, _ := ev.Timestamp()
		times <- at
	})
	relay.Subscribe("to/relay")
	c.Subscribe("to/c")
	c.run(t, bus)
	relay.run(t, bus)
	a.run(t, bus)
	past := time.Unix(1_500_000_000, 500).UTC()
	ev, _ := MakeEvent("M::ev")
	ev.SetMeta(event.MetaTimestamp, event.Timestamp(past))
	if err := a.PublishEvent(soon(t), "to/relay", ev); err != nil {
		t.Fatal(err)
	}
	if got := <-times; !got.Equal(past) {
		t.Errorf("relayed with time %v, want %v", got, past)
	}
	before := time.Now()
	a.Publish(soon(t), "to/c", "M::ev")
	if got := <-times; got.Before(before) || time.Since(got) > patience {
		t.Errorf("published with time %v", got)
	}
}

// TestSerializer: a node that publishes JSON is understood by one that publishes
// the binary format, and the other way round.
func TestSerializer(t *testing.T) {
	t.Parallel()
	bus := NewBus()
	a := newNode(t, "worker-1", func(o *Options) { o.EventSerializer = event.FormatJSON })
	b := newNode(t, "worker-2", nil)
	var seen lines
	for _, n := range []*testNode{a, b} {
		mustHandle(t, n, "M::ev", func(ctx context.Context, s string) { seen.add("%s", s) })
		n.Subscribe("t")
		n.run(t, bus)
	}
	await(t, "they meet", func() bool { return a.active() == 1 && b.active() == 1 })
	a.Publish(soon(t), "t", "M::ev", "json")
	seen.await(t, "json")
	b.Publish(soon(t), "t", "M::ev", "bin")
	seen.await(t, "json", "bin")
	if _, err := New(Options{Node: "worker-1", NodeID: "x", Layout: testLayout, EventSerializer: "xml"}); err == nil {
		t.Error("format xml is taken")
	}
}

// TestPools: nodes agree on who is responsible for a key, take turns, and leave
// out who is down; a pool that is registered late works.
func TestPools(t *testing.T) {
	t.Parallel()
	bus := NewBus()
	manager, one, two := newNode(t, "manager", nil), newNode(t, "worker-1", nil), newNode(t, "worker-2", nil)
	if topic, err := manager.HRWTopic(manager.WorkerPool(), "k"); topic != "" || err != nil {
		t.Errorf("a topic %q before anybody is up, %v", topic, err)
	}
	if err := manager.PublishRR(soon(t), manager.WorkerPool(), "k", "M::ev"); !errors.Is(err, ErrNoNode) {
		t.Errorf("published to nobody: %v", err)
	}
	if err := manager.PublishHRW(soon(t), manager.WorkerPool(), "k", "M::ev"); !errors.Is(err, ErrNoNode) {
		t.Errorf("published to nobody by key: %v", err)
	}
	var seen lines
	mustHandle(t, one, "M::ev", func(ctx context.Context, n uint64) { seen.add("one %d", n) })
	mustHandle(t, two, "M::ev", func(ctx context.Context, n uint64) { seen.add("two %d", n) })
	for _, n := range []*testNode{one, two, manager} {
		n.run(t, bus)
	}
	await(t, "workers are up", func() bool { return manager.ActiveNodeCount(layoutgen.TypeWorker) == 2 })
	ctx := soon(t)
	var want []string
	for i := range uint64(4) {
		if err := manager.PublishRR(ctx, manager.WorkerPool(), "k", "M::ev", i); err != nil {
			t.Fatal(err)
		}
		want = append(want, fmt.Sprintf("%s %d", []string{"one", "two"}[i%2], i))
		seen.await(t, want...) // the order among two receivers is not given
	}
	if err := manager.PublishHRW(ctx, manager.WorkerPool(), "key", "M::ev", uint64(9)); err != nil {
		t.Fatal(err)
	}
	first, _ := manager.HRWTopic(manager.WorkerPool(), "key")
	down, left := one, "two"
	if first == NodeTopic("worker-2") {
		down, left = two, "one"
	}
	await(t, "one event more", func() bool { seen.mu.Lock(); defer seen.mu.Unlock(); return len(seen.all) == 5 })
	down.stop()
	await(t, "a worker is down", func() bool { return manager.ActiveNodeCount(layoutgen.TypeWorker) == 1 })
	manager.PublishHRW(ctx, manager.WorkerPool(), "key", "M::ev", uint64(10))
	await(t, "the other worker is responsible", func() bool {
		seen.mu.Lock()
		defer seen.mu.Unlock()
		return len(seen.all) == 6 && seen.all[5] == left+" 10"
	})

	up := one
	if down == one {
		up = two
	}
	pool, err := manager.RegisterPool(PoolSpec{Topic: "late", NodeType: layoutgen.TypeWorker})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := up.RegisterPool(PoolSpec{Topic: "late", NodeType: layoutgen.TypeWorker}); err != nil {
		t.Fatal(err)
	}
	if topic := manager.RRTopic(pool, ""); topic != NodeTopic(up.o.Node) {
		t.Errorf("a late pool's turn is %q", topic)
	}
}

// TestClient: who has no name says no hello and is greeted by nobody, but can
// publish and receive.
func TestClient(t *testing.T) {
	t.Parallel()
	bus := NewBus()
	node, client := newNode(t, "worker-1", nil), newNode(t, "", nil)
	var seen lines
	mustHandle(t, node, "M::ask", func(ctx context.Context) error {
		r, _ := FromContext(ctx)
		return node.Publish(ctx, "answers/"+r.Sender, "M::answer", "yes")
	})
	mustHandle(t, client, "*", func(ctx context.Context, ev event.Event) { seen.add("%s %v", ev.Name, ev.Args) })
	client.Subscribe("answers/" + client.NodeID())
	node.run(t, bus)
	client.run(t, bus)
	if err := client.Publish(soon(t), node.NodeTopic("worker-1"), "M::ask"); err != nil {
		t.Fatal(err)
	}
	seen.await(t, "M::answer [yes]")
	if got := client.active() + node.active(); got != 0 {
		t.Errorf("%d peers", got)
	}
	if s := client.Stats(); s.Incoming != 1 {
		t.Errorf("a client got %d events", s.Incoming)
	}
}

// TestSubscriptionEvents: a node is told what others subscribe.
func TestSubscriptionEvents(t *testing.T) {
	t.Parallel()
	bus := NewBus()
	n := newNode(t, "manager", nil)
	var seen lines
	mustHandle(t, n, "Cluster::Backend::ZeroMQ::subscription", func(ctx context.Context, topic string) {
		if topic == "my/topic" {
			seen.add("+%s", topic)
		}
	})
	mustHandle(t, n, "Cluster::Backend::ZeroMQ::unsubscription", func(ctx context.Context, topic string) { seen.add("-%s", topic) })
	n.run(t, bus)
	if err := errors.Join(n.Subscribe("my/topic"), n.Subscribe("my/topic")); err != nil {
		t.Fatal(err)
	}
	seen.await(t, "+my/topic")
	if err := errors.Join(n.Unsubscribe("my/topic"), n.Unsubscribe("my/topic")); err != nil {
		t.Fatal(err)
	}
	seen.await(t, "+my/topic", "-my/topic")
}

// TestSubscribedTwice: a topic that is subscribed twice on one connection is gone when
// it is unsubscribed once (spec: wire T5).
func TestSubscribedTwice(t *testing.T) {
	t.Parallel()
	n := newNode(t, "manager", nil)
	var seen lines
	mustHandle(t, n, eventUnsubscription, func(_ context.Context, topic string) { seen.add("%s", topic) })
	n.run(t, NewBus())
	b := *n.backend.Load()
	if err := errors.Join(b.Subscribe("t"), b.Subscribe("t"), b.Unsubscribe("t")); err != nil {
		t.Fatal(err)
	}
	seen.await(t, "t")
}

// TestOwnTopics: what a node subscribes for itself outlives a user's Unsubscribe.
func TestOwnTopics(t *testing.T) {
	t.Parallel()
	bus := NewBus()
	a, b := newNode(t, "worker-1", nil), newNode(t, "worker-2", nil)
	var seen lines
	mustHandle(t, b, "M::ev", func(ctx context.Context) { seen.add("M::ev") })
	b.run(t, bus)
	a.run(t, bus)
	topic := b.NodeTopic("worker-2")
	if err := errors.Join(b.Subscribe(topic), b.Unsubscribe(topic)); err != nil {
		t.Fatal(err)
	}
	if err := a.Publish(soon(t), topic, "M::ev"); err != nil {
		t.Fatal(err)
	}
	seen.await(t, "M::ev")
}
