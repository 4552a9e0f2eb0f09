package cluster

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"zctl/layoutgen"
)

// layoutOf makes a layout of nodes whose names begin with their type.
func layoutOf(names ...string) *layoutgen.Layout {
	l := &layoutgen.Layout{ManagerIsLogger: true}
	for _, name := range names {
		t := layoutgen.NodeType(strings.TrimRight(strings.SplitN(name, "-", 2)[0], "0123456789"))
		l.Nodes = append(l.Nodes, layoutgen.Node{Name: name, Type: t, Address: netip.IPv6Loopback()})
		if t == layoutgen.TypeLogger {
			l.ManagerIsLogger = false
		}
	}
	return l
}

func namesIn(p *Pool) string {
	var names []string
	for _, n := range p.nodes {
		names = append(names, n.Name)
	}
	return strings.Join(names, " ")
}

// TestAssign: which nodes pools get, by hand from the algorithm (spec:
// cluster-framework 1.7). The last pool of each row is the builtin one, which has
// its turn after "a" and before "zz".
func TestAssign(t *testing.T) {
	t.Parallel()
	const proxy = layoutgen.TypeProxy
	four := layoutOf("proxy-1", "proxy-2", "proxy-3", "proxy-4")
	for _, test := range []struct {
		name   string
		layout *layoutgen.Layout
		specs  []PoolSpec
		want   []string
	}{
		{"byte order", layoutOf("proxy-2", "proxy-10", "proxy-1"), nil, []string{"proxy-1 proxy-10 proxy-2"}},
		{"windows rotate", four, []PoolSpec{{"a", proxy, 2, false}, {"b", proxy, 3, false}},
			[]string{"proxy-1 proxy-2", "proxy-3 proxy-4 proxy-1", "proxy-2 proxy-3 proxy-4 proxy-1"}},
		{"by topic, not by registration", four, []PoolSpec{{"b", proxy, 3, false}, {"a", proxy, 2, false}},
			[]string{"proxy-3 proxy-4 proxy-1", "proxy-1 proxy-2", "proxy-2 proxy-3 proxy-4 proxy-1"}},
		{"exclusive first", four, []PoolSpec{{"a", proxy, 2, false}, {"zz", proxy, 1, true}},
			[]string{"proxy-2 proxy-3", "proxy-1", "proxy-4 proxy-2 proxy-3"}},
		{"exclusive take all", four, []PoolSpec{{"x", proxy, 3, true}, {"y", proxy, 1, true}, {"a", proxy, 0, false}},
			[]string{"proxy-1 proxy-2 proxy-3", "proxy-4", "", ""}},
		{"more than there are", four, []PoolSpec{{"a", proxy, 9, false}}, []string{"proxy-1 proxy-2 proxy-3 proxy-4", "proxy-1 proxy-2 proxy-3 proxy-4"}},
	} {
		p := NewPools(false)
		var pools []*Pool
		for _, spec := range test.specs {
			pool, err := p.Register(spec)
			if err != nil {
				t.Fatal(err)
			}
			pools = append(pools, pool)
		}
		if err := p.Assign(test.layout, ""); err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		for i, pool := range append(pools, p.Builtin(proxy)) {
			if got := namesIn(pool); got != test.want[i] {
				t.Errorf("%s: pool %s has %q, want %q", test.name, pool.spec.Topic, got, test.want[i])
			}
		}
	}
}

// TestLoggerPool: a manager that is the logger is in the pool of loggers.
func TestLoggerPool(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ layout, want string }{
		{"manager worker-1", "manager"},
		{"manager logger-1 logger-2", "logger-1 logger-2"},
		{"worker-1", ""},
	} {
		p := NewPools(false)
		if err := p.Assign(layoutOf(strings.Fields(test.layout)...), "manager"); err != nil {
			t.Fatal(err)
		}
		if got := namesIn(p.Builtin(layoutgen.TypeLogger)); got != test.want {
			t.Errorf("%s: loggers %q, want %q", test.layout, got, test.want)
		}
	}
}

// TestPoolErrors: pools that cannot be are refused, in Zeek's words.
func TestPoolErrors(t *testing.T) {
	t.Parallel()
	layout := layoutOf("worker-1", "worker-2")
	for _, test := range []struct {
		spec PoolSpec
		want string
	}{
		{PoolSpec{NodeType: layoutgen.TypeWorker}, "needs a topic"},
		{PoolSpec{Topic: "a", NodeType: layoutgen.TypeManager}, "invalid pool node type: Cluster::MANAGER"},
		{PoolSpec{Topic: "a", NodeType: layoutgen.TypeWorker, Exclusive: true}, "'max_nodes' field must be set"},
		{PoolSpec{Topic: "a", NodeType: layoutgen.TypeWorker, MaxNodes: -1}, "at most -1 nodes"},
		{PoolSpec{Topic: "a", NodeType: layoutgen.TypeWorker, Exclusive: true, MaxNodes: 3},
			"not enough Cluster::WORKER nodes to satisfy pool exclusivity requirements: need 3 nodes"},
	} {
		early := NewPools(false)
		_, err := early.Register(test.spec)
		if err == nil {
			err = early.Assign(layout, "")
		}
		late := NewPools(false)
		if err := late.Assign(layout, ""); err != nil {
			t.Fatal(err)
		}
		_, lateErr := late.Register(test.spec)
		for _, err := range []error{err, lateErr} {
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%+v: %v, want %q", test.spec, err, test.want)
			}
		}
		if len(late.all) != 3 {
			t.Errorf("%+v: a pool that cannot be is kept", test.spec)
		}
	}
}

// TestLatePool: a pool that is registered late has the nodes it would have had,
// and those of them that are up.
func TestLatePool(t *testing.T) {
	t.Parallel()
	layout := layoutOf("proxy-1", "proxy-2", "proxy-3")
	spec := PoolSpec{Topic: "b", NodeType: layoutgen.TypeProxy, MaxNodes: 2}
	early, late := NewPools(false), NewPools(false)
	want, _ := early.Register(spec)
	if err := early.Assign(layout, "proxy-1"); err != nil {
		t.Fatal(err)
	}
	if err := late.Assign(layout, "proxy-1"); err != nil {
		t.Fatal(err)
	}
	early.Mark("proxy-2", true)
	late.Mark("proxy-2", true)
	got, err := late.Register(spec)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.nodes, want.nodes) || !slices.Equal(got.sites, want.sites) {
		t.Errorf("registered late %+v, early %+v", got, want)
	}
}

// TestRoundRobin: each key has its own turn, which passes over nodes that are
// down and begins with the first (spec: cluster-framework 1.8).
func TestRoundRobin(t *testing.T) {
	t.Parallel()
	p := NewPools(false)
	if err := p.Assign(layoutOf("proxy-1", "proxy-2", "proxy-3"), "worker-1"); err != nil {
		t.Fatal(err)
	}
	pool := p.Builtin(layoutgen.TypeProxy)
	turn := func(key string, n int) string {
		var got []string
		for range n {
			topic := pool.rrTopic(key)
			got = append(got, strings.TrimSuffix(topic[strings.LastIndex(topic, "-")+1:], "."))
		}
		return strings.Join(got, "")
	}
	if got := pool.rrTopic("k"); got != "" {
		t.Errorf("nobody is up, but it is the turn of %s", got)
	}
	for _, name := range []string{"proxy-1", "proxy-2", "proxy-3"} {
		p.Mark(name, true)
	}
	got := []string{turn("k", 4), turn("other", 2), turn("k", 2)}
	p.Mark("proxy-2", false)
	got = append(got, turn("k", 4), turn("other", 3))
	p.Mark("proxy-1", false)
	got = append(got, turn("k", 2))
	if want := []string{"1231", "12", "23", "1313", "313", "33"}; !slices.Equal(got, want) {
		t.Errorf("turns %q, want %q", got, want)
	}
	for i := range 2 * maxTurns {
		pool.rrTopic(fmt.Sprint(i))
	}
	if len(pool.turns) > maxTurns {
		t.Errorf("%d turns are remembered", len(pool.turns))
	}
	p.Mark("proxy-1", true)
	got = []string{turn("k", 1)}
	for i := range maxTurns - len(pool.turns) {
		pool.rrTopic(fmt.Sprint("more", i))
	}
	if got = append(got, turn("more1", 1), turn("k", 1)); !slices.Equal(got, []string{"1", "3", "3"}) {
		t.Errorf("turns %q: with as many keys as are remembered, none begins again", got)
	}
}

// TestSelf: a node has a turn in its own pool from the beginning, but is not
// responsible for keys unless it is asked to be (spec: cluster-framework 1.7).
func TestSelf(t *testing.T) {
	t.Parallel()
	for _, selfInHRW := range []bool{false, true} {
		p := NewPools(selfInHRW)
		if err := p.Assign(layoutOf("proxy-1", "proxy-2"), "proxy-1"); err != nil {
			t.Fatal(err)
		}
		pool := p.Builtin(layoutgen.TypeProxy)
		if got := pool.rrTopic(""); got != NodeTopic("proxy-1") {
			t.Errorf("the first turn is %q", got)
		}
		want := ""
		if selfInHRW {
			want = NodeTopic("proxy-1")
		}
		if got := pool.hrwTopic(mustKey(t, "k")); got != want {
			t.Errorf("with self in HRW %v, %q is responsible", selfInHRW, got)
		}
	}
}

// TestAlias: two nodes whose names hash alike get sites of their own. No two names
// that do are known, so the first one's hash is set.
func TestAlias(t *testing.T) {
	t.Parallel()
	pool := &Pool{}
	pool.add("proxy-1", false)
	pool.nodes[0].SiteID = SiteID("proxy-2")
	pool.add("proxy-2", false)
	if n := pool.nodes[1]; n.Alias != "proxy-2.1" || n.SiteID != fnv1a32("proxy-2.1") {
		t.Errorf("the second one is %+v", n)
	}
}

// TestBuiltinPoolSpecs: options redefine the pools that there are always.
func TestBuiltinPoolSpecs(t *testing.T) {
	t.Parallel()
	o := Options{Node: "proxy-1", NodeID: "id", Layout: layoutOf("proxy-1", "proxy-2")}
	o.ProxyPoolSpec = PoolSpec{MaxNodes: 1}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	want := PoolSpec{Topic: "zeek.cluster.pool.proxy", NodeType: layoutgen.TypeProxy, MaxNodes: 1}
	if got := c.ProxyPool().Spec(); got != want {
		t.Errorf("the pool of proxies is %+v, want %+v", got, want)
	}
	if got, want := c.WorkerPool().Spec(), (PoolSpec{Topic: "zeek.cluster.pool.worker", NodeType: layoutgen.TypeWorker}); got != want {
		t.Errorf("the pool of workers is %+v, want %+v", got, want)
	}
	for _, spec := range []PoolSpec{{NodeType: layoutgen.TypeWorker}, {Exclusive: true}} {
		o.ProxyPoolSpec = spec
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), "cannot make the pool of all nodes of type proxy") {
			t.Errorf("%+v: %v", spec, err)
		}
	}
}

// TestPoolNodes: a pool says who is in it, by which topic, and who is up.
func TestPoolNodes(t *testing.T) {
	t.Parallel()
	bus := NewBus()
	manager := newNode(t, "manager", nil).run(t, bus)
	newNode(t, "worker-2", nil).run(t, bus)
	await(t, "a worker", func() bool { return manager.active() == 1 })
	got := manager.PoolNodes(manager.WorkerPool())
	want := []PoolNode{
		{Name: "worker-1", Alias: "worker-1.0", SiteID: SiteID("worker-1"), Topic: NodeTopic("worker-1")},
		{Name: "worker-2", Alias: "worker-2.0", SiteID: SiteID("worker-2"), Alive: true, Topic: NodeTopic("worker-2")},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	got[0].Alive = true // is of the copy
	if again := manager.PoolNodes(manager.WorkerPool()); !slices.Equal(again, want) {
		t.Errorf("whoever asks can change it: %+v", again)
	}
}
