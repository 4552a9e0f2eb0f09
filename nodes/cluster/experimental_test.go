package cluster

import (
	"context"
	"fmt"
	"slices"
	"testing"
)

// experimentalNode is a node that takes part, and writes down what it hears.
func experimentalNode(t *testing.T, name string, seen *lines) *testNode {
	t.Helper()
	n := newNode(t, name, nil)
	if err := n.LoadExperimental(); err != nil {
		t.Fatal(err)
	}
	mustHandle(t, n, eventFullyConnected, func(_ context.Context, who, id string, resending bool) {
		seen.add("%s hears of %s %v", name, who, resending)
	})
	mustHandle(t, n, eventClusterStarted, func(context.Context) { seen.add("%s: started", name) })
	return n
}

func (l *lines) has(line string) bool { return l.count(line) > 0 }

func (l *lines) count(line string) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, has := range l.all {
		if has == line {
			n++
		}
	}
	return n
}

// TestExperimental: when every node sees every other one, all of them hear once that the
// cluster has started, and not again when nodes, or the manager, come back.
func TestExperimental(t *testing.T) {
	t.Parallel()
	bus := NewBus()
	var seen lines
	names := []string{"manager", "logger-1", "proxy-1", "worker-1", "worker-2"}
	nodes := map[string]*testNode{}
	for _, name := range names[:4] {
		nodes[name] = experimentalNode(t, name, &seen).run(t, bus)
	}
	await(t, "four of five", func() bool { return nodes["manager"].active() == 3 })
	if slices.ContainsFunc(names, func(name string) bool {
		return seen.has(name+": started") || seen.has("manager hears of "+name+" false")
	}) {
		t.Errorf("too soon: %q", seen.all)
	}
	nodes["worker-2"] = experimentalNode(t, "worker-2", &seen).run(t, bus)
	for _, name := range names {
		await(t, name, func() bool {
			return seen.has(name+": started") && seen.has(fmt.Sprintf("manager hears of %s false", name))
		})
	}

	nodes["manager"].stop()
	nodes["manager"] = experimentalNode(t, "manager", &seen).run(t, bus)
	for _, name := range names[1:] {
		await(t, name+" says it again", func() bool { return seen.has(fmt.Sprintf("manager hears of %s true", name)) })
	}
	await(t, "the manager says it of itself again", func() bool {
		return seen.count("manager hears of manager true")+seen.count("manager hears of manager false") == 2
	})
	for _, name := range names {
		if n := seen.count(name + ": started"); n != 1 {
			t.Errorf("%s heard %d times that the cluster had started", name, n)
		}
	}
}
