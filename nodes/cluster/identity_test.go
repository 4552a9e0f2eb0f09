package cluster

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"zctl/layoutgen"
	"zctl/nodes/event"
)

// TestMakeEvent: an event of plain Go values is what its handler gets.
func TestMakeEvent(t *testing.T) {
	t.Parallel()
	ev, err := MakeEvent("M::ev", "text", uint64(7), []string{"a"}, time.Second)
	want := []event.Value{event.String("text"), event.Count(7), event.List(event.String("a")), event.Timespan(time.Second)}
	if err != nil || ev.Name != "M::ev" || !slices.EqualFunc(ev.Args, want, event.Value.Equal) {
		t.Errorf("%+v, %v", ev, err)
	}
}

// TestNodesWithType: nodes come in the order of bytes, those with other types not at all.
func TestNodesWithType(t *testing.T) {
	t.Parallel()
	n := newNode(t, "manager", func(o *Options) {
		o.Layout = layoutOf("worker-2", "worker-10", "manager", "proxy-1", "worker-1")
	})
	var got []string
	for _, w := range n.NodesWithType(layoutgen.TypeWorker) {
		got = append(got, w.Name)
	}
	if want := []string{"worker-1", "worker-10", "worker-2"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if workers, loggers := n.NodeCount(layoutgen.TypeWorker), n.NodeCount(layoutgen.TypeLogger); workers != 3 || loggers != 0 {
		t.Errorf("%d workers, %d loggers", workers, loggers)
	}
}

// TestPeers: all other nodes of the layout are peers, up or not; one that is up has an
// id. Without a bus nobody is.
func TestPeers(t *testing.T) {
	t.Parallel()
	bus := NewBus()
	manager := newNode(t, "manager", nil)
	list := func() string {
		var all []string
		for _, p := range manager.Peers() {
			all = append(all, fmt.Sprint(p.Node.Name, " ", p.Up, " ", p.ID != ""))
		}
		return strings.Join(all, ", ")
	}
	const nobody = "logger-1 false false, proxy-1 false false, worker-1 false false, worker-2 false false"
	if got := list(); got != nobody || manager.Joined() {
		t.Errorf("before Run: %s", got)
	}
	manager.run(t, bus)
	await(t, "it joins", manager.Joined)
	worker := newNode(t, "worker-1", nil).run(t, bus)
	await(t, "a peer", func() bool { return manager.active() == 1 })
	if got, want := list(), strings.Replace(nobody, "worker-1 false false", "worker-1 true true", 1); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := manager.Peers()[2].ID; got != worker.NodeID() {
		t.Errorf("its id is %s, not %s", got, worker.NodeID())
	}
	worker.stop()
	await(t, "it goes", func() bool { return list() == nobody })
}

// TestLog: what is logged, by the program and by the node itself, goes to WriteLog in
// order, with its time.
func TestLog(t *testing.T) {
	t.Parallel()
	var got lines
	before := time.Now()
	n := newNode(t, "manager", func(o *Options) {
		o.WriteLog = func(at time.Time, line string) {
			if at.Before(before) || at.After(time.Now()) {
				t.Errorf("%s was logged at %v", line, at)
			}
			got.add("%s", line)
		}
	})
	bus := NewBus()
	mustHandle(t, n, "Cluster::node_down", func(_ context.Context, name, id string) { n.Log("goodbye " + name) })
	n.run(t, bus)
	n.Log("one")
	n.Log("two")
	got.await(t, "one", "two")
	worker := newNode(t, "worker-1", nil).run(t, bus)
	hello := fmt.Sprintf("got hello from worker-1 (%s)", worker.NodeID())
	got.await(t, "one", "two", hello)
	worker.stop()
	got.await(t, "one", "two", hello, "node down: worker-1", "goodbye worker-1")
}
