package cpuaffinity

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestPlanRules holds the plans of many random hosts and clusters against the rules that Plan promises.
func TestPlanRules(t *testing.T) {
	t.Parallel()
	planned, refused, shared := 0, 0, 0
	for seed := range uint64(1500) {
		rng := rand.New(rand.NewPCG(seed, 0))
		topo, reqs := randomHost(t, rng), randomRequests(rng)
		plan, err := Plan(topo, reqs)
		again, errAgain := Plan(topo, reqs)
		if renderPlan(plan) != renderPlan(again) || fmt.Sprint(err) != fmt.Sprint(errAgain) {
			t.Fatalf("seed %d: two plans for one input:\n%s%v\n%s%v", seed, renderPlan(plan), err, renderPlan(again), errAgain)
		}
		if err != nil {
			refused++
			checkRefusal(t, seed, err, reqs)
			continue
		}
		planned++
		for i, a := range plan {
			if a.Shared {
				shared++
			}
			if broken := brokenRule(topo, reqs, plan, i); broken != "" {
				t.Errorf("seed %d: %s: %s\n%v\n%s", seed, a.Node, broken, reqs, renderPlan(plan))
			}
		}
	}
	if planned < 200 || refused < 200 || shared < 200 {
		t.Errorf("the random clusters are too easy or too hard: %d planned, %d refused, %d nodes share", planned, refused, shared)
	}
}

// checkRefusal wants a reason, and no shortage where all are ready to share.
func checkRefusal(t *testing.T, seed uint64, err error, reqs []Request) {
	t.Helper()
	for line := range strings.Lines(err.Error()) {
		if !strings.HasPrefix(line, "cannot ") {
			t.Errorf("seed %d: %q", seed, line)
		}
	}
	strict := slices.ContainsFunc(reqs, Request.strict)
	if !strict && strings.Contains(err.Error(), "on_shortage") {
		t.Errorf("seed %d: all share, and yet: %v", seed, err)
	}
}

// brokenRule says what is wrong with node i's assignment, or nothing.
func brokenRule(topo *Topology, reqs []Request, plan []Assignment, i int) string {
	r, a := reqs[i], plan[i]
	if !r.Auto && len(r.CPUs) == 0 {
		if len(a.CPUs) > 0 || a.Shared || a.Note != "" {
			return "not to be pinned"
		}
		return ""
	}
	var others, workers, lists List
	for j, b := range plan {
		if j == i {
			continue
		}
		others = others.Union(b.CPUs)
		if reqs[j].Worker {
			workers = workers.Union(b.CPUs)
		}
		if reqs[j].explicit() {
			lists = lists.Union(reqs[j].CPUs)
		}
	}
	meetsWorker := len(a.CPUs.Intersect(workers)) > 0
	switch {
	case a.Node != r.Node:
		return "out of order"
	case len(a.CPUs) == 0:
		return "has no CPU"
	case len(a.CPUs.Minus(topo.Usable())) > 0:
		return "has an unusable CPU"
	case a.Note == "":
		return "has no note"
	case a.Shared != strings.Contains(a.Note, "shared"):
		return "Shared and Note disagree"
	case r.Worker && len(a.CPUs) != 1:
		return "a worker wants one CPU"
	case r.Worker && a.Shared != (len(a.CPUs.Intersect(others)) > 0):
		return "Shared is wrong"
	case !r.Worker && meetsWorker && !a.Shared:
		return "a set shares silently"
	case r.Worker && r.strict() && meetsWorker:
		return "does not share, but has to, with a worker"
	case r.explicit() && len(a.CPUs.Minus(r.CPUs)) > 0:
		return "is outside its list"
	case r.explicit() && !r.Worker && !a.CPUs.SameSet(r.CPUs):
		return "does not have its whole list"
	case r.Auto && !a.Shared && len(a.CPUs.Intersect(lists)) > 0:
		return "took a CPU from a list"
	case !r.Worker && len(a.CPUs) > 1 && len(a.CPUs.Intersect(topo.Isolated)) > 0:
		return "a set has isolated CPUs"
	}
	return ""
}

// randomHost has 1 to 16 CPUs in cores of one or two threads on one or two nodes.
func randomHost(t *testing.T, rng *rand.Rand) *Topology {
	t.Helper()
	threads, cores := 1+rng.IntN(2), 1+rng.IntN(8)
	host := newHost(fmt.Sprintf("0-%d", threads*cores-1))
	for core := range cores {
		host.core(0, core, fmt.Sprintf("%d-%d", core*threads, core*threads+threads-1))
	}
	if half := threads * cores / 2; half > 0 && rng.IntN(2) == 0 {
		near := fmt.Sprintf("%d-%d", half, threads*cores-1)
		host.nodes(fmt.Sprintf("0-%d", half-1), near).nic("eth0", "1", near)
	}
	if rng.IntN(4) == 0 {
		host.isolate(randomList(rng, threads*cores).String())
	}
	return host.read(t)
}

func randomRequests(rng *rand.Rand) []Request {
	var reqs []Request
	for group := range 1 + rng.IntN(4) {
		section := Request{
			Group:    fmt.Sprintf("section-%d", group),
			Worker:   rng.IntN(3) > 0,
			NIC:      []string{"", "eth0", "eth9"}[rng.IntN(3)],
			Shortage: []Policy{"", PolicyError, PolicyShare, PolicyShare, PolicyShare}[rng.IntN(5)],
		}
		switch rng.IntN(5) {
		case 0:
			section.CPUs = randomList(rng, 12)
		case 1:
		default:
			section.Auto = true
		}
		for n := range 1 + rng.IntN(5) {
			section.Node = fmt.Sprintf("node-%d-%d", group, n)
			reqs = append(reqs, section)
		}
	}
	return reqs
}

func randomList(rng *rand.Rand, cpus int) List {
	return rng.Perm(cpus)[:1+rng.IntN(max(1, cpus/3))]
}

// Requests and topologies made by hand may be anything.
func TestPlanGarbage(t *testing.T) {
	t.Parallel()
	topo := &Topology{
		CPUs:     []CPU{{ID: 3}, {ID: 3, Siblings: List{3, 3, 9}}, {ID: -1, Node: -1}, {ID: 1, Siblings: List{2}}},
		Isolated: List{-5},
		NICs:     map[string]List{"": {1, 77}, "eth0": {}},
	}
	reqs := []Request{
		{},
		{Auto: true},
		{Worker: true, Auto: true, CPUs: List{-1}},
		{Node: "w", Worker: true, CPUs: List{3, 3, -1}, NIC: "eth0", Shortage: PolicyShare},
		{Node: "w", Worker: true, CPUs: List{3, 3, -1}, NIC: "eth0", Shortage: PolicyShare},
		{Node: "m", CPUs: List{MaxCPU + 1}},
	}
	for n := range len(reqs) + 1 {
		if plan, err := Plan(topo, reqs[:n]); err == nil && len(plan) != n {
			t.Errorf("%d assignments for %d requests", len(plan), n)
		}
	}
}

// BenchmarkPlan places a full server: two sockets of 128 cores with SMT, a worker on every core.
func BenchmarkPlan(b *testing.B) {
	topo := &Topology{Online: mustParse("0-511"), NICs: map[string]List{"eth0": mustParse("0-127,256-383")}}
	for id := range 512 {
		core := id % 256
		topo.CPUs = append(topo.CPUs, CPU{ID: id, Core: core, Node: core / 128, Siblings: List{core, core + 256}})
	}
	reqs := []Request{{Node: "manager", Auto: true}}
	for i := range 256 {
		reqs = append(reqs, Request{Node: fmt.Sprintf("worker-%d", i), Worker: true, Auto: true, NIC: "eth0"})
	}
	for b.Loop() {
		if _, err := Plan(topo, reqs); err != nil {
			b.Fatal(err)
		}
	}
}
