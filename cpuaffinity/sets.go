package cpuaffinity

import "slices"

// placeSets gives all other nodes with cpus = "auto" what is left, as one set. The SMT siblings of workers are in it
// too: the scheduler goes to idle cores first and needs no help to leave them alone.
func (p *planner) placeSets() {
	isAuto := func(r Request) bool { return !r.Worker && r.Auto }
	nodes := p.nodes(isAuto)
	if len(nodes) == 0 {
		return
	}
	balanced := p.usable.where(func(cpu int) bool { return !p.isolated[cpu] })
	if len(balanced) == 0 {
		p.problem(nodes, "cannot place %s: every usable CPU (%s) is isolated, where the scheduler does not spread threads over a set: do not pin these, or boot with a shorter isolcpus=",
			p.names(nodes), orNone(p.usable))
		return
	}
	if left := balanced.Intersect(p.free()); len(left) > 0 {
		p.giveSet(nodes, left)
		return
	}
	if strict := p.nodes(func(r Request) bool { return isAuto(r) && r.strict() }); len(strict) > 0 {
		p.problem(strict, "cannot place %s: workers and explicit lists take all CPUs for sets (%s): run fewer workers, do not pin these, or set on_shortage = %q",
			p.names(strict), balanced, PolicyShare)
	}
	sharing := p.nodes(func(r Request) bool { return isAuto(r) && !r.strict() })
	p.giveSet(sharing, balanced)
	for _, i := range sharing {
		p.plan[i].Shared = true
	}
}

func (p *planner) giveSet(nodes []int, cpus List) {
	for _, i := range nodes {
		p.plan[i].CPUs = slices.Clone(cpus)
	}
}
