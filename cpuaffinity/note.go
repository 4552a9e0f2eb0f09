package cpuaffinity

import (
	"fmt"
	"slices"
	"strings"
)

// annotate fills in Shared and Note, looking at the finished plan.
func (p *planner) annotate() {
	holders := make(map[int][]int) // CPU -> all nodes that have it
	for i, a := range p.plan {
		for _, cpu := range a.CPUs {
			holders[cpu] = append(holders[cpu], i)
		}
	}
	for i := range p.plan {
		a := &p.plan[i]
		if len(a.CPUs) == 0 {
			continue
		}
		with := p.sharers(i, holders)
		a.Shared = a.Shared || len(with) > 0
		a.Note = strings.Join(p.placeNotes(i, holders), ", ")
		if a.Shared {
			a.Note += "; " + p.shareNote(i, with)
		}
	}
}

// sharers returns the nodes that have a CPU of node i, where one of the two is a worker and wanted it for itself. A set
// that is what it is for want of a better one is shared with whoever has it.
func (p *planner) sharers(i int, holders map[int][]int) []int {
	var with []int
	for _, cpu := range p.plan[i].CPUs {
		for _, other := range holders[cpu] {
			wanted := p.reqs[i].Worker || p.reqs[other].Worker || p.plan[i].Shared && p.reqs[other].explicit()
			if other != i && wanted {
				with = append(with, other)
			}
		}
	}
	slices.Sort(with)
	return slices.Compact(with)
}

// shareNote says with whom a node shares and, if that is why, how many CPUs there are for how many workers.
func (p *planner) shareNote(i int, with []int) string {
	note := "shared"
	if len(with) > 0 {
		note += " with " + p.names(with)
	}
	switch {
	case !p.reqs[i].Worker && p.reqs[i].Auto:
		note += ": no CPU is left"
	case p.quota[i] != "":
		note += ": " + p.quota[i]
	}
	return note
}

// placeNotes says where a node is: "numa 0", "isolated", "eth0-local", "SMT sibling of worker-1".
func (p *planner) placeNotes(i int, holders map[int][]int) []string {
	var nodes List
	for _, cpu := range p.plan[i].CPUs {
		nodes = append(nodes, p.cores[cpu].node)
	}
	notes := []string{"numa " + List(slices.Compact(nodes.Sorted())).String()}
	cpu, nic := p.plan[i].CPUs[0], p.reqs[i].NIC
	if p.isolated[cpu] { // then it is the only one
		notes = append(notes, "isolated")
	}
	if !p.reqs[i].Worker {
		return notes
	}
	if near, known := p.nics[nic]; known && near[cpu] {
		notes = append(notes, nic+"-local")
	} else if known {
		notes = append(notes, "not "+nic+"-local")
	}
	if mates := p.coreMates(cpu, holders); len(mates) > 0 {
		notes = append(notes, "SMT sibling of "+p.names(mates))
	}
	return notes
}

// coreMates returns the nodes on the other threads of a CPU's core, but for the sets of what was left.
func (p *planner) coreMates(cpu int, holders map[int][]int) []int {
	var mates []int
	for _, thread := range p.cores[cpu].threads {
		for _, i := range holders[thread] {
			if thread != cpu && (p.reqs[i].Worker || p.reqs[i].explicit()) {
				mates = append(mates, i)
			}
		}
	}
	slices.Sort(mates)
	return slices.Compact(mates)
}

// names lists nodes for people.
func (p *planner) names(nodes []int) string {
	return enumerate(len(nodes), func(i int) string { return p.reqs[nodes[i]].Node })
}

// ownCPU begins the sentence that says who cannot have what.
func (p *planner) ownCPU(workers []int) string {
	if len(workers) == 1 {
		return p.names(workers) + " a CPU of its own"
	}
	return p.names(workers) + " a CPU each"
}

// enumerate joins n items, of many only the first few: "a, b, c, d and 29 more".
func enumerate(n int, item func(i int) string) string {
	const most = 4
	shown, more := n, ""
	if n > most+1 {
		shown, more = most, fmt.Sprintf(" and %d more", n-most)
	}
	var items []string
	for i := range shown {
		items = append(items, item(i))
	}
	return strings.Join(items, ", ") + more
}

// count is a number with its noun: "1 CPU", "2 CPUs".
func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

// label names CPUs: "CPU 9", "CPUs 9-11".
func label(cpus List) string {
	if len(cpus) == 1 {
		return "CPU " + cpus.String()
	}
	return "CPUs " + cpus.String()
}

// are begins a statement about CPUs: "CPU 9 is", "CPUs 9-11 are".
func are(cpus List) string {
	if len(cpus) == 1 {
		return label(cpus) + " is"
	}
	return label(cpus) + " are"
}
