package cpuaffinity

import (
	"cmp"
	"fmt"
)

// placeWorkers gives every worker with cpus = "auto" its CPU. Any free CPU will do in the end, so there is a shortage
// exactly where there are fewer free CPUs than workers; then those who do not share choose first.
func (p *planner) placeWorkers() {
	isAuto := func(r Request) bool { return r.Worker && r.Auto }
	workers := p.nodes(isAuto)
	free := p.free()
	if len(workers) <= len(free) {
		p.spread(workers)
		return
	}
	strict := p.nodes(func(r Request) bool { return isAuto(r) && r.strict() })
	if lacking := p.spread(strict); len(lacking) > 0 {
		p.problem(lacking, "cannot give %s: %s for %s (usable are %s, explicit lists take %s): run fewer workers, allow more CPUs, or set on_shortage = %q",
			p.ownCPU(lacking), count(len(free), "CPU"), count(len(workers), "worker"),
			orNone(p.usable), orNone(p.usable.Minus(free)), PolicyShare)
	}
	p.share(p.nodes(func(r Request) bool { return isAuto(r) && !r.strict() }))
}

// share places workers of which there are more than free CPUs, evenly: on the free ones, and where there is none on
// those that no worker has to itself.
func (p *planner) share(workers []int) {
	if len(workers) == 0 {
		return
	}
	pool := p.free()
	if len(pool) == 0 {
		pool = p.usable.Minus(p.exclusive())
	}
	if len(pool) == 0 {
		p.problem(workers, "cannot place %s: workers with on_shortage = %q have all usable CPUs (%s) for themselves: run fewer workers, or let those share too",
			p.names(workers), PolicyError, orNone(p.usable))
		return
	}
	for _, worker := range p.spread(workers) {
		p.give(worker, p.leastLoaded(worker, pool))
	}
	p.noteQuota(pool)
}

// exclusive returns the CPUs of workers that do not share, and those their lists keep for them.
func (p *planner) exclusive() List {
	var cpus List
	for _, i := range p.nodes(func(r Request) bool { return r.Worker && r.strict() }) {
		cpus = cpus.Union(p.plan[i].CPUs)
		if p.reqs[i].explicit() {
			cpus = cpus.Union(p.reqs[i].CPUs)
		}
	}
	return cpus
}

// leastLoaded returns the CPU of pool with the fewest workers, near the worker's NIC if there is a choice.
func (p *planner) leastLoaded(worker int, pool List) int {
	local := p.nics[p.reqs[worker].NIC]
	best := pool[0]
	for _, cpu := range pool[1:] {
		if cmp.Or(
			cmp.Compare(len(p.workers[cpu]), len(p.workers[best])),
			trueFirst(local[cpu], local[best]),
		) < 0 {
			best = cpu
		}
	}
	return best
}

// noteQuota remembers, for the workers on these CPUs, how many share how many.
func (p *planner) noteQuota(pool List) {
	var on []int
	for _, cpu := range pool {
		on = append(on, p.workers[cpu]...)
	}
	if len(on) <= len(pool) {
		return
	}
	for _, worker := range on {
		p.quota[worker] = fmt.Sprintf("%s for %s", count(len(pool), "CPU"), count(len(on), "worker"))
	}
}

// spread gives the workers free CPUs, in rounds from good to bad, and returns those for which none was left. A worker
// takes its second choice only when all others have had their first.
func (p *planner) spread(workers []int) (lacking []int) {
	rounds := []struct{ fresh, local bool }{{true, true}, {true, false}, {false, true}, {false, false}}
	for _, round := range rounds {
		lacking = nil
		for _, worker := range workers {
			if cpu, ok := p.choose(worker, round.fresh, round.local); ok {
				p.give(worker, cpu)
			} else {
				lacking = append(lacking, worker)
			}
		}
		workers = lacking
	}
	return lacking
}

// candidate is a free CPU as one worker sees it.
type candidate struct {
	cpu      int
	busy     int // used threads of its core
	isolated bool
	mates    int  // workers of the same group on its NUMA node
	room     int  // unused cores of its NUMA node
	house    bool // its core does the kernel's housekeeping
}

// compare sorts better candidates first.
func (c candidate) compare(d candidate) int {
	return cmp.Or(
		cmp.Compare(c.busy, d.busy),
		trueFirst(c.isolated, d.isolated),
		cmp.Compare(d.mates, c.mates),
		cmp.Compare(d.room, c.room),
		trueFirst(!c.house, !d.house),
		cmp.Compare(c.cpu, d.cpu),
	)
}

// choose returns the worker's best free CPU: on an unused core if fresh is asked for, near its NIC if local is.
func (p *planner) choose(worker int, fresh, local bool) (cpu int, ok bool) {
	near := p.nics[p.reqs[worker].NIC]
	if local && len(near) == 0 {
		return 0, false
	}
	var best candidate
	for _, cpu := range p.free() {
		if local && !near[cpu] || fresh && p.busyThreads(cpu) > 0 {
			continue
		}
		if c := p.candidate(worker, cpu); !ok || c.compare(best) < 0 {
			best, ok = c, true
		}
	}
	return best.cpu, ok
}

func (p *planner) candidate(worker, cpu int) candidate {
	at := p.cores[cpu]
	return candidate{
		cpu:      cpu,
		busy:     p.busyThreads(cpu),
		isolated: p.isolated[cpu],
		mates:    p.mates[seat{p.reqs[worker].Group, at.node}],
		room:     p.room[at.node],
		house:    at.threads.Contains(0),
	}
}

// trueFirst compares two wishes: the one that is fulfilled sorts first.
func trueFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}
