package cluster

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"zctl/layoutgen"
)

// TestBaselines: what Zeek's tests of pools expect: a pool of all proxies that
// takes one for itself, or one of at most one, and another pool of proxies beside
// it, as two proxies come and go (spec: cluster-framework 1.7, 1.9).
func TestBaselines(t *testing.T) {
	t.Parallel()
	const proxy = layoutgen.TypeProxy
	own := PoolSpec{Topic: "zeek/cluster/pool/my_pool", NodeType: proxy}
	for _, test := range []struct {
		name    string
		builtin PoolSpec
		// who is responsible for 0, 1, 2, 3, 13, 37, 42, 101, and whose turn it
		// is eight times, in the builtin pool and the other one
		hrw, rr         [2]string
		hrwLeft, rrLeft [2]string // when proxy-1 is gone
	}{
		{
			"no limits", PoolSpec{NodeType: proxy},
			[2]string{"21221111", "21221111"}, [2]string{"12121212", "12121212"},
			[2]string{"22222222", "22222222"}, [2]string{"22222222", "22222222"},
		},
		{
			"exclusive", PoolSpec{NodeType: proxy, Topic: "zeek/cluster/pool/proxy", MaxNodes: 1, Exclusive: true},
			[2]string{"11111111", "22222222"}, [2]string{"11111111", "22222222"},
			[2]string{"--------", "22222222"}, [2]string{"--------", "22222222"},
		},
		{
			"limited", PoolSpec{NodeType: proxy, Topic: "zeek/cluster/pool/proxy", MaxNodes: 1},
			[2]string{"11111111", "21221111"}, [2]string{"11111111", "12121212"},
			[2]string{"--------", "22222222"}, [2]string{"--------", "22222222"},
		},
	} {
		p := NewPools(false)
		if err := p.Redef(test.builtin); err != nil {
			t.Fatal(err)
		}
		mine, err := p.Register(own)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Assign(layoutOf("manager", "proxy-1", "proxy-2", "worker-1"), "manager"); err != nil {
			t.Fatal(err)
		}
		p.Mark("proxy-1", true)
		p.Mark("proxy-2", true)
		for _, step := range []struct{ hrw, rr [2]string }{
			{test.hrw, test.rr}, {test.hrwLeft, test.rrLeft}, {[2]string{"--------", "--------"}, [2]string{"--------", "--------"}},
		} {
			for i, pool := range []*Pool{p.Builtin(proxy), mine} {
				if got := picks(t, pool); got != step.hrw[i] {
					t.Errorf("%s: keys of %s go to %s, want %s", test.name, pool.spec.Topic, got, step.hrw[i])
				}
				if got := turns(pool, "test", 8); got != step.rr[i] {
					t.Errorf("%s: turns of %s are %s, want %s", test.name, pool.spec.Topic, got, step.rr[i])
				}
			}
			p.Mark("proxy-2", p.up["proxy-1"]) // first proxy-1 goes, then proxy-2
			p.Mark("proxy-1", false)
		}
	}
}

// number is the last digit of the name of the node with that topic, - for none.
func number(topic string) string {
	if topic == "" {
		return "-"
	}
	return topic[len(topic)-2 : len(topic)-1]
}

func picks(t *testing.T, pool *Pool) (got string) {
	for _, n := range []uint64{0, 1, 2, 3, 13, 37, 42, 101} {
		got += number(pool.hrwTopic(mustKey(t, n)))
	}
	return got
}

func turns(pool *Pool, key string, n int) (got string) {
	for range n {
		got += number(pool.rrTopic(key))
	}
	return got
}

// TestAgreement: whatever the pools are, every node of a cluster computes the same
// ones, in whichever order it registers them and its layout has the nodes. None is
// larger than it may be, and nobody else has a node of an exclusive one.
func TestAgreement(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 0))
		names := []string{"manager"}
		for _, typ := range []string{"logger", "proxy", "worker"} {
			for i := range random.IntN(6) {
				names = append(names, fmt.Sprintf("%s-%d", typ, 10-i))
			}
		}
		var specs []PoolSpec
		for i := range random.IntN(6) {
			specs = append(specs, PoolSpec{fmt.Sprint("topic-", i), poolTypes[random.IntN(3)], random.IntN(4), random.IntN(4) == 0})
		}
		var first map[string][]PoolNode
		for range 4 {
			random.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
			random.Shuffle(len(specs), func(i, j int) { specs[i], specs[j] = specs[j], specs[i] })
			pools, ok := assigned(t, names, specs)
			if !ok {
				break // not enough nodes, which is so for all
			}
			if first == nil {
				first = pools
				checkSizes(t, seed, specs, pools)
			}
			for topic := range pools {
				if !slices.Equal(pools[topic], first[topic]) {
					t.Fatalf("seed %d: pool %s has %v and %v", seed, topic, first[topic], pools[topic])
				}
			}
		}
	}
}

// assigned is the nodes of each pool, by its topic, if there are enough.
func assigned(t *testing.T, names []string, specs []PoolSpec) (map[string][]PoolNode, bool) {
	p := NewPools(false)
	for _, spec := range specs {
		_, err := p.Register(spec)
		if spec.Exclusive && spec.MaxNodes == 0 {
			if err == nil {
				t.Fatal("an exclusive pool without a limit")
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if p.Assign(layoutOf(names...), "") != nil {
		return nil, false
	}
	pools := map[string][]PoolNode{}
	for _, pool := range p.all {
		pools[pool.spec.Topic] = pool.nodes
	}
	return pools, true
}

func checkSizes(t *testing.T, seed uint64, specs []PoolSpec, pools map[string][]PoolNode) {
	for _, spec := range specs {
		nodes := pools[spec.Topic]
		if spec.MaxNodes > 0 && len(nodes) > spec.MaxNodes || spec.Exclusive && len(nodes) != spec.MaxNodes {
			t.Errorf("seed %d: %+v has %d nodes", seed, spec, len(nodes))
		}
		for topic, others := range pools {
			for _, n := range nodes {
				if spec.Exclusive && topic != spec.Topic && slices.Contains(others, n) {
					t.Errorf("seed %d: %s is in %s and in %s, which is exclusive", seed, n.Name, topic, spec.Topic)
				}
			}
		}
	}
}

// TestRounds: as many turns as nodes are up are one of each, whatever happened
// before.
func TestRounds(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 0))
	p := NewPools(false)
	var names []string
	for i := range 9 {
		names = append(names, fmt.Sprintf("worker-%d", i+1))
	}
	if err := p.Assign(layoutOf(names...), "proxy-1"); err != nil {
		t.Fatal(err)
	}
	pool := p.Builtin(layoutgen.TypeWorker)
	for range 1000 {
		p.Mark(names[random.IntN(len(names))], random.IntN(2) == 0)
		key := fmt.Sprint(random.IntN(3))
		seen := map[string]bool{}
		for range len(p.up) {
			seen[pool.rrTopic(key)] = true
		}
		if len(seen) != len(p.up) || seen[""] && len(p.up) > 0 {
			t.Fatalf("%d are up, but the round is %v", len(p.up), seen)
		}
		for name := range p.up {
			if !seen[NodeTopic(name)] {
				t.Fatalf("the round leaves %s out: %v", name, seen)
			}
		}
	}
}

// TestChangedLayout: with a layout that has changed, nodes that are up stay up,
// and a turn that was behind the last node begins again.
func TestChangedLayout(t *testing.T) {
	t.Parallel()
	p := NewPools(false)
	if err := p.Assign(layoutOf("proxy-1", "proxy-2", "proxy-3"), "manager"); err != nil {
		t.Fatal(err)
	}
	pool := p.Builtin(layoutgen.TypeProxy)
	for _, name := range []string{"proxy-1", "proxy-2", "proxy-3"} {
		p.Mark(name, true)
	}
	got := turns(pool, "k", 2)
	if err := p.Assign(layoutOf("proxy-1", "proxy-2"), "manager"); err != nil {
		t.Fatal(err)
	}
	got += turns(pool, "k", 3) + picks(t, pool)
	if want := "12" + "121" + "21221111"; got != want {
		t.Errorf("turns and picks are %s, want %s", got, want)
	}
}
