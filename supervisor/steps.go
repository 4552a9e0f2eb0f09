package supervisor

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"zctl/layoutgen"
)

// Planned says what a deploy would do with the nodes that are there: [Diff], and for
// a rolling one in which step, in the order of steps. It refuses a rolling deploy that
// no order can carry out.
//
// The order is that in which nodes can be spared. A configuration that does not work
// is to be found out where that costs least, and everybody should have somebody to
// talk and to log to meanwhile:
//
//   - what does not run and others need: the broker, loggers, the manager
//   - canaries
//   - what else does not run: nobody misses it meanwhile
//   - workers, then proxies, loggers, the manager, the broker
//   - what is to go
//
// Of those that run at most MaxUnavailable are replaced at a time, all of one type,
// and never all loggers or all proxies if there are several. A node that needs a port
// which another one gives up comes behind that; those that want each other's share a
// step. So do the manager and a broker that moves out of it, or into it. What keeps
// running reads the new layout before anybody of it comes, but behind the canaries.
func Planned(have []Have, want []Spec, o DeployOptions) ([]Change, error) {
	changes := Diff(have, want)
	if !o.Rolling {
		return changes, nil
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	canaries, err := Select(want, o.Canary)
	if err != nil {
		return nil, err
	}
	if len(o.Canary) == 0 {
		canaries = nil
	}
	if node := movesBus(have, want); node != "" {
		return nil, &InvalidError{[]error{errors.New("cannot roll out: the bus moves (see " + node +
			"), and nodes on both sides could not hear each other; deploy without --rolling")}}
	}
	p := newStepper(have, want, names(canaries), max(1, o.MaxUnavailable))
	return p.number(changes), nil
}

// movesBus is a node that runs and is to look for the bus elsewhere, or with other
// keys; "" if there is none.
func movesBus(have []Have, want []Spec) string {
	now := map[string]string{}
	for _, h := range have {
		if h.Up {
			now[h.Spec.Name] = h.Spec.bus()
		}
	}
	for _, s := range want {
		if bus, runs := now[s.Name]; runs && bus != s.bus() {
			return s.Name
		}
	}
	return ""
}

// Where a node looks for the bus, as entries of [Spec.Joins] begin.
const (
	JoinsXPub = "xpub "
	JoinsXSub = "xsub "
)

// bus is all that a node must have in common with the others to hear them.
func (s Spec) bus() string {
	var all []string
	for _, entry := range s.Joins {
		if strings.HasPrefix(entry, JoinsXPub) || strings.HasPrefix(entry, JoinsXSub) {
			all = append(all, entry)
		}
	}
	return strings.Join(append(all, s.Env[curveEnv+"SERVER_PUBLICKEY"]), "\n")
}

// rank is how late something happens.
type rank int

const (
	startNeeded rank = iota
	replaceCanary
	startOther
	replaceWorker
	replaceProxy
	replaceLogger
	replaceManager
	replaceBroker
	stopGone
)

var replaceRanks = map[layoutgen.NodeType]rank{
	layoutgen.TypeWorker: replaceWorker, layoutgen.TypeProxy: replaceProxy, layoutgen.TypeLogger: replaceLogger,
	layoutgen.TypeArchiver: replaceLogger, layoutgen.TypeManager: replaceManager, layoutgen.TypeBroker: replaceBroker,
}

// item is changes that must happen together.
type item struct {
	changes []Change
	rank    rank
	after   []*item // have ports that it needs
	done    bool    // in an earlier step
}

func (i *item) free() bool {
	return !slices.ContainsFunc(i.after, func(a *item) bool { return !a.done })
}

// stepper puts changes into steps.
type stepper struct {
	have, want     map[string]Spec // of have only those that run
	canaries       []string
	maxUnavailable int
}

func newStepper(have []Have, want []Spec, canaries []string, maxUnavailable int) *stepper {
	p := &stepper{have: map[string]Spec{}, want: map[string]Spec{}, canaries: canaries, maxUnavailable: maxUnavailable}
	for _, h := range have {
		if h.Up {
			p.have[h.Spec.Name] = h.Spec
		}
	}
	for _, s := range want {
		p.want[s.Name] = s
	}
	return p
}

// number gives every change its step, and puts them in the order of steps.
func (p *stepper) number(changes []Change) []Change {
	var left, kept []Change
	for _, c := range changes {
		if c.replaces() {
			left = append(left, c)
		} else {
			kept = append(kept, c)
		}
	}
	steps := p.steps(p.items(left))
	at := 0 // the step in which those learn of it that keep running
	for i, step := range steps {
		if slices.ContainsFunc(step, func(i *item) bool { return i.rank == replaceCanary }) {
			at = i + 1
		}
	}
	var numbered []Change
	add := func(c Change, step int) { c.Step = step + 1; numbered = append(numbered, c) }
	for n := range max(len(steps), at+1) {
		if n == at {
			for _, c := range kept {
				add(c, n)
			}
		}
		if n < len(steps) {
			for _, i := range steps[n] {
				for _, c := range i.changes {
					add(c, n)
				}
			}
		}
	}
	return numbered
}

// items is the changes by rank, with what must be done before each.
func (p *stepper) items(changes []Change) []*item {
	var all []*item
	of := map[string]*item{}
	var manager, broker *item // of which one has the broker now and the other one will
	for _, c := range changes {
		i := &item{changes: []Change{c}, rank: p.rank(c)}
		_, runs := p.have[c.Node]
		switch {
		case c.Type == layoutgen.TypeBroker && (c.Action == ChangeStop || c.Action == ChangeStart && !runs && c.New):
			broker = i
		case c.Type == layoutgen.TypeManager && c.Action == ChangeRestart:
			manager = i
		}
		of[c.Node] = i
		all = append(all, i)
	}
	if manager != nil && broker != nil {
		manager.changes = append(manager.changes, broker.changes...)
		of[broker.changes[0].Node] = manager
		all = slices.DeleteFunc(all, func(i *item) bool { return i == broker })
	}
	p.link(all, of)
	slices.SortStableFunc(all, func(a, b *item) int { return cmp.Compare(a.rank, b.rank) })
	return all
}

// link notes which items need a port that another one gives up.
func (p *stepper) link(all []*item, of map[string]*item) {
	holders := map[int][]*item{}
	for name, spec := range p.have {
		if i := of[name]; i != nil {
			for _, port := range spec.ports() {
				holders[port] = append(holders[port], i)
			}
		}
	}
	for _, i := range all {
		for _, c := range i.changes {
			for _, port := range p.want[c.Node].ports() {
				for _, holder := range holders[port] {
					if holder != i {
						i.after = append(i.after, holder)
					}
				}
			}
		}
	}
}

func (s Spec) ports() []int {
	return slices.DeleteFunc([]int{s.Port, s.MetricsPort}, func(port int) bool { return port == 0 })
}

func (p *stepper) rank(c Change) rank {
	needed := c.Type != layoutgen.TypeProxy && c.Type != layoutgen.TypeWorker
	switch {
	case c.Action == ChangeStop:
		return stopGone
	case c.Action == ChangeStart && needed:
		return startNeeded
	case slices.Contains(p.canaries, c.Node):
		return replaceCanary
	case c.Action == ChangeStart:
		return startOther
	}
	return replaceRanks[c.Type]
}

// steps puts items into steps, which take place one after the other.
func (p *stepper) steps(left []*item) [][]*item {
	var steps [][]*item
	for len(left) > 0 {
		step := p.next(left)
		for _, i := range step {
			i.done = true
		}
		left = slices.DeleteFunc(left, func(i *item) bool { return i.done })
		steps = append(steps, step)
	}
	return steps
}

// next is the next step of what is left.
func (p *stepper) next(left []*item) []*item {
	at := slices.IndexFunc(left, (*item).free)
	if at < 0 {
		return circle(left[0])
	}
	first := left[at]
	step := []*item{first}
	most := p.most(first)
	for _, i := range left[at+1:] {
		if len(step) == most || i.rank != first.rank {
			break
		}
		if i.free() && i.like(first) {
			step = append(step, i)
		}
	}
	return step
}

// like says whether items may share a step.
func (i *item) like(other *item) bool {
	a, b := i.changes[0], other.changes[0]
	return a.Action == b.Action && (a.Action != ChangeRestart || a.Type == b.Type)
}

// most is how many items like that one may share its step.
func (p *stepper) most(i *item) int {
	c := i.changes[0]
	if c.Action != ChangeRestart {
		return -1 // nobody misses them
	}
	if c.Type != layoutgen.TypeLogger && c.Type != layoutgen.TypeProxy {
		return p.maxUnavailable
	}
	several := 0
	for _, s := range p.want {
		if s.Type == c.Type {
			several++
		}
	}
	return max(1, min(p.maxUnavailable, several-1))
}

// circle is an item and all that it waits for: they want each other's ports.
func circle(first *item) []*item {
	all := []*item{first}
	for n := 0; n < len(all); n++ {
		for _, a := range all[n].after {
			if !a.done && !slices.Contains(all, a) {
				all = append(all, a)
			}
		}
	}
	return all
}
