package cpuaffinity

import (
	"fmt"
	"slices"
	"strings"
)

// placeExplicit gives the nodes with a list their CPUs and reserves the lists.
func (p *planner) placeExplicit() {
	for _, group := range p.listGroups() {
		p.placeGroup(group)
	}
	p.checkConflicts()
	for _, i := range p.nodes(func(r Request) bool { return !r.Worker && r.explicit() }) {
		p.placeSet(i)
	}
}

// listGroups returns the workers of each group with an explicit list, in order of first appearance. Items are counted
// per group: counting per host would give the second interface's first worker the wrong item (zeek/zeek#5870).
func (p *planner) listGroups() [][]int {
	type key struct{ group, list string }
	var groups [][]int
	at := make(map[key]int)
	for _, i := range p.nodes(func(r Request) bool { return r.Worker && r.explicit() }) {
		k := key{p.reqs[i].Group, p.reqs[i].CPUs.String()}
		if _, ok := at[k]; !ok {
			at[k] = len(groups)
			groups = append(groups, nil)
		}
		groups[at[k]] = append(groups[at[k]], i)
	}
	return groups
}

// placeGroup gives item i of the group's list to worker i. Workers beyond the list share, from its first item on, or
// are a problem.
func (p *planner) placeGroup(workers []int) {
	list := p.reqs[workers[0]].CPUs
	if !p.checkUsable(workers, list) {
		return
	}
	p.take(list...)
	var lacking []int
	for i, worker := range workers {
		if i >= len(list) && p.reqs[worker].strict() {
			lacking = append(lacking, worker)
			continue
		}
		p.give(worker, list[i%len(list)])
	}
	quota := fmt.Sprintf("%s for %s", count(len(list), "CPU"), count(len(workers), "worker"))
	if len(workers) > len(list) {
		for _, worker := range workers {
			p.quota[worker] = quota
		}
	}
	if len(lacking) > 0 {
		p.problem(lacking, "cannot give %s: cpus = %q has %s: run fewer workers, write a longer list, or set on_shortage = %q",
			p.ownCPU(lacking), list, quota, PolicyShare)
	}
}

// placeSet gives the whole list to a node that is no worker.
func (p *planner) placeSet(i int) {
	list := p.reqs[i].CPUs
	if !p.checkUsable([]int{i}, list) {
		return
	}
	p.take(list...)
	isolated := list.where(func(cpu int) bool { return p.isolated[cpu] })
	if len(list) > 1 && len(isolated) > 0 {
		p.problem([]int{i}, "cannot place %s on %s: %s isolated, where the scheduler does not spread threads over a set: list others (%s), or a single one",
			p.reqs[i].Node, label(list), are(isolated), orNone(p.usable.Minus(isolated)))
		return
	}
	p.plan[i].CPUs = slices.Clone(list)
}

// checkUsable reports a list that names CPUs we may not use as a problem: the kernel would silently leave them out.
func (p *planner) checkUsable(nodes []int, list List) bool {
	bad := list.Minus(p.usable)
	if len(bad) == 0 {
		return true
	}
	var why []string
	if absent := bad.Minus(p.online); len(absent) > 0 {
		why = append(why, are(absent)+" absent or offline")
	}
	if outside := bad.Intersect(p.online); len(outside) > 0 {
		why = append(why, are(outside)+" outside our cpuset or affinity mask")
	}
	p.problem(nodes, "cannot place %s on %s: %s: list only usable ones (%s)",
		p.names(nodes), label(list), strings.Join(why, ", "), orNone(p.usable))
	return false
}

// checkConflicts reports CPUs that the lists give to several workers of which one does not share.
func (p *planner) checkConflicts() {
	strict := func(i int) bool { return p.reqs[i].strict() }
	overlap := p.usable.where(func(cpu int) bool {
		return len(p.workers[cpu]) > 1 && slices.ContainsFunc(p.workers[cpu], strict)
	})
	if len(overlap) == 0 {
		return
	}
	where := enumerate(len(overlap), func(i int) string {
		return fmt.Sprintf("CPU %d (%s)", overlap[i], p.names(p.workers[overlap[i]]))
	})
	p.problem(p.workers[overlap[0]], "cannot give every worker a CPU of its own: their lists overlap in %s: list each CPU once, or set on_shortage = %q for all of these",
		where, PolicyShare)
}
