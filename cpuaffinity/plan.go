package cpuaffinity

import (
	"errors"
	"fmt"
	"slices"
)

// Plan places all nodes of one host and returns their assignments in the order of reqs. The same input gives the same
// plan.
//
// Explicit lists are taken out first, with all their items, whether workers use them up or not. A worker gets the item
// of its number within its group, any other node gets the whole list.
//
// Workers with cpus = "auto" then get one CPU each: first on physical cores nobody uses, then on SMT siblings of used
// ones, each time first near the worker's NIC and then elsewhere. Among equals isolated CPUs go first, then the NUMA
// node where most of the group is, then the one with the most unused cores, then any core but that of CPU 0, which does
// most of the kernel's own work, then the lowest number. All other nodes with cpus = "auto" get what is left as one set,
// over which the scheduler moves their threads. Isolated CPUs are in no set of several, because there it does not.
//
// A worker's CPU is its own. Where that cannot be, on_shortage decides. A worker of [PolicyError] fails the plan, and is
// never joined by another worker; workers of [PolicyShare] are spread evenly over what the others leave them. An auto
// set with nothing left is an error or all usable CPUs, by its own policy. An explicit set that covers a worker's CPU is
// what the operator wrote. In the last two cases the workers, whatever their policy, say Shared as the sets do.
//
// All problems are reported together, each a [PlanError], joined by [errors.Join]; then there is no plan at all. A
// topology is needed only if some node is pinned.
func Plan(t *Topology, reqs []Request) ([]Assignment, error) {
	p := newPlanner(t, reqs)
	if p.checkRequests() {
		p.placeExplicit()
		p.placeWorkers()
		p.placeSets()
	}
	if len(p.problems) > 0 {
		return nil, errors.Join(p.problems...)
	}
	p.annotate()
	return p.plan, nil
}

// planner is one run of Plan. Nodes are known by their index in reqs and plan.
type planner struct {
	reqs     []Request
	plan     []Assignment
	problems []error

	// the host
	usable   List
	online   List
	isolated map[int]bool
	cores    map[int]core            // by usable CPU
	nics     map[string]map[int]bool // by interface: the CPUs near it, where the host says

	// what has been given away so far
	taken   map[int]bool   // CPUs assigned, or in an explicit list
	workers map[int][]int  // CPU -> workers that have it
	mates   map[seat]int   // number of workers there
	room    map[int]int    // NUMA node -> number of unused cores
	quota   map[int]string // node -> "2 CPUs for 4 workers", where its group or pool is short
}

// core is where a CPU is.
type core struct {
	node    int  // NUMA node
	threads List // usable CPUs of the same physical core, itself included
}

// seat is a group's place on a NUMA node.
type seat struct {
	group string
	node  int
}

func newPlanner(t *Topology, reqs []Request) *planner {
	p := &planner{
		reqs:    reqs,
		plan:    make([]Assignment, len(reqs)),
		cores:   make(map[int]core),
		nics:    make(map[string]map[int]bool),
		taken:   make(map[int]bool),
		workers: make(map[int][]int),
		mates:   make(map[seat]int),
		room:    make(map[int]int),
		quota:   make(map[int]string),
	}
	for i, r := range reqs {
		p.plan[i].Node = r.Node
		if _, known := p.nics[r.NIC]; known {
			continue
		}
		if local := t.NICLocal(r.NIC); local != nil {
			p.nics[r.NIC] = local.set()
		}
	}
	if t != nil {
		p.learn(t)
	}
	return p
}

// learn takes over what t says of the host's CPUs.
func (p *planner) learn(t *Topology) {
	p.usable, p.online, p.isolated = t.Usable(), t.Online, t.Isolated.set()
	usable := p.usable.set()
	for _, cpu := range t.CPUs {
		threads := List{cpu.ID}.Union(cpu.Siblings).where(func(id int) bool { return usable[id] })
		p.cores[cpu.ID] = core{cpu.Node, threads}
		if slices.Min(threads) == cpu.ID {
			p.room[cpu.Node]++
		}
	}
}

// checkRequests reports what makes placing pointless; ok is false where there is nothing to place nodes on.
func (p *planner) checkRequests() (ok bool) {
	for i, r := range p.reqs {
		switch r.Shortage {
		case "", PolicyError, PolicyShare:
		default:
			p.problem([]int{i}, "cannot place %s: on_shortage = %s is unknown: write %q or %q",
				r.Node, quote(string(r.Shortage)), PolicyError, PolicyShare)
		}
	}
	pinned := p.nodes(func(r Request) bool { return r.Auto || r.explicit() })
	if len(pinned) > 0 && len(p.usable) == 0 {
		p.problem(pinned, "cannot place %s: no usable CPU is known of this host: do not pin these", p.names(pinned))
		return false
	}
	return true
}

// PlanError is why nodes cannot have the CPUs they want.
type PlanError struct {
	Nodes   []string // at least one
	message string
}

func (e *PlanError) Error() string { return e.message }

// problem notes one thing that keeps the plan from being made, and for which nodes.
func (p *planner) problem(nodes []int, format string, args ...any) {
	e := &PlanError{message: fmt.Sprintf(format, args...)}
	for _, i := range nodes {
		e.Nodes = append(e.Nodes, p.reqs[i].Node)
	}
	p.problems = append(p.problems, e)
}

// nodes returns the indexes of the nodes that want wants, in order.
func (p *planner) nodes(want func(r Request) bool) []int {
	var indexes []int
	for i, r := range p.reqs {
		if want(r) {
			indexes = append(indexes, i)
		}
	}
	return indexes
}

// free returns the CPUs that nobody has or named, ascending.
func (p *planner) free() List {
	return p.usable.where(func(cpu int) bool { return !p.taken[cpu] })
}

// give assigns one CPU to a worker.
func (p *planner) give(worker, cpu int) {
	p.take(cpu)
	p.plan[worker].CPUs = List{cpu}
	p.workers[cpu] = append(p.workers[cpu], worker)
	p.mates[seat{p.reqs[worker].Group, p.cores[cpu].node}]++
}

// take removes CPUs from what auto can choose from.
func (p *planner) take(cpus ...int) {
	for _, cpu := range cpus {
		if p.busyThreads(cpu) == 0 {
			p.room[p.cores[cpu].node]--
		}
		p.taken[cpu] = true
	}
}

// busyThreads counts the taken CPUs of a CPU's core.
func (p *planner) busyThreads(cpu int) int {
	busy := 0
	for _, thread := range p.cores[cpu].threads {
		if p.taken[thread] {
			busy++
		}
	}
	return busy
}
