package cluster

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"zctl/layoutgen"
)

// Pools is all pools of a cluster as one node has registered them, and which nodes
// are in which: a function of the layout and the specs, so that all nodes agree
// (spec: cluster-framework 1.7). It is not for concurrent use.
type Pools struct {
	selfInHRW bool
	topics    Topics
	all       []*Pool // in the order of registration
	layout    *layoutgen.Layout
	self      string
	up        map[string]bool
	assigned  bool
}

// poolTypes is the types of nodes that can be in pools, in the order in which Zeek
// registers the pools that there are always.
var poolTypes = []layoutgen.NodeType{layoutgen.TypeWorker, layoutgen.TypeProxy, layoutgen.TypeLogger}

// NewPools makes the pools that there are always: all workers, all proxies, all
// loggers; [Pools.Redef] can change them. SelfInHRW lets this node be responsible for
// keys of its own pools, as the others see it.
func NewPools(selfInHRW bool) *Pools {
	p := &Pools{selfInHRW: selfInHRW, topics: ZeroMQTopics, up: map[string]bool{}}
	for _, t := range poolTypes {
		p.all = append(p.all, &Pool{spec: PoolSpec{Topic: p.topics.Pool(t), NodeType: t}})
	}
	return p
}

// Redef replaces what the pool of all nodes of spec.NodeType is registered with, as
// a script redefs Cluster::proxy_pool_spec: with a limit, say, or exclusive. Without
// a topic it keeps the default one. It belongs before Assign.
func (p *Pools) Redef(spec PoolSpec) error {
	if spec.Topic == "" {
		spec.Topic = p.topics.Pool(spec.NodeType)
	}
	if err := spec.check(); err != nil {
		return err
	}
	p.Builtin(spec.NodeType).spec = spec
	return nil
}

// UseTopics changes what topics are called, which are those of ZeroMQ otherwise. It
// belongs before Redef and Assign.
func (p *Pools) UseTopics(t Topics) {
	p.topics = t
	for _, typ := range poolTypes {
		p.Builtin(typ).spec.Topic = t.Pool(typ)
	}
}

// Builtin is the pool of all nodes of a type.
func (p *Pools) Builtin(t layoutgen.NodeType) *Pool { return p.all[slices.Index(poolTypes, t)] }

// Register adds a pool. Before Assign it has no nodes. After it, the new pool gets
// the nodes that it would have got if it had been registered in time, with those of
// them alive that are up, while the other pools keep theirs until the next Assign.
// So the new pool agrees with that of nodes that registered it in time; but its
// nodes also stay in other pools from which an exclusive pool, or the order of
// topics, would have kept them. A pool that cannot be is an error in Zeek's words,
// and is not added.
func (p *Pools) Register(spec PoolSpec) (*Pool, error) {
	if err := spec.check(); err != nil {
		return nil, err
	}
	pool := &Pool{spec: spec}
	if p.assigned {
		nodes, err := assign(append(p.specs(), spec), p.layout)
		if err != nil {
			return nil, err
		}
		p.fill(pool, nodes[len(nodes)-1])
	}
	p.all = append(p.all, pool)
	return pool, nil
}

func (s PoolSpec) check() error {
	switch {
	case s.Topic == "":
		return errors.New("a pool needs a topic")
	case !slices.Contains(poolTypes, s.NodeType):
		return fmt.Errorf("invalid pool node type: Cluster::%s", strings.ToUpper(string(s.NodeType)))
	case s.Exclusive && s.MaxNodes <= 0:
		return errors.New("Cluster::PoolSpec 'max_nodes' field must be set when using the 'exclusive' flag")
	case s.MaxNodes < 0:
		return fmt.Errorf("a pool of at most %d nodes", s.MaxNodes)
	}
	return nil
}

// Assign gives all pools registered so far their nodes; self is the name of this
// node, or "" for one that is no node. With a layout that has changed it does so
// again: nodes that are up stay so, and round robin goes on where it was. On error
// nothing has changed.
func (p *Pools) Assign(layout *layoutgen.Layout, self string) error {
	nodes, err := assign(p.specs(), layout)
	if err != nil {
		return err
	}
	p.layout, p.self, p.assigned = layout, self, true
	for i, pool := range p.all {
		p.fill(pool, nodes[i])
	}
	return nil
}

func (p *Pools) specs() []PoolSpec {
	specs := make([]PoolSpec, len(p.all))
	for i, pool := range p.all {
		specs[i] = pool.spec
	}
	return specs
}

// fill puts these nodes into a pool, and marks those that are up.
func (p *Pools) fill(pool *Pool, names []string) {
	pool.topics, pool.nodes, pool.sites, pool.at = p.topics, nil, nil, nil
	for _, name := range names {
		pool.add(name, name == p.self)
		if p.up[name] || p.selfInHRW && name == p.self {
			pool.mark(name, true)
		}
	}
}

// Mark notes that a node came up or went down.
func (p *Pools) Mark(name string, up bool) {
	if up {
		p.up[name] = true
	} else {
		delete(p.up, name)
	}
	for _, pool := range p.all {
		pool.mark(name, up)
	}
}

// TopicsOf is the topics of the pools that a node is in, sorted, which is the order
// in which Zeek subscribes them.
func (p *Pools) TopicsOf(name string) []string {
	var topics []string
	for _, pool := range p.all {
		if pool.contains(name) {
			topics = append(topics, pool.spec.Topic)
		}
	}
	slices.Sort(topics)
	return slices.Compact(topics)
}

// assign is which nodes each pool gets. Exclusive pools take theirs first; the
// others share what is left, each beginning where the one before it ended. Pools
// have their turn in the order of their topics.
func assign(specs []PoolSpec, layout *layoutgen.Layout) ([][]string, error) {
	left := eligible(layout)
	if err := enough(specs, left); err != nil {
		return nil, err
	}
	order := make([]int, len(specs))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(specs[a].Topic, specs[b].Topic) })
	nodes := make([][]string, len(specs))
	for _, i := range order {
		if s := specs[i]; s.Exclusive {
			nodes[i] = left[s.NodeType][:s.MaxNodes]
			left[s.NodeType] = left[s.NodeType][s.MaxNodes:]
		}
	}
	next := map[layoutgen.NodeType]int{}
	for _, i := range order {
		s := specs[i]
		names := left[s.NodeType]
		if s.Exclusive {
			continue
		}
		n := len(names)
		if s.MaxNodes > 0 {
			n = min(n, s.MaxNodes)
		}
		for range n {
			nodes[i] = append(nodes[i], names[next[s.NodeType]])
			next[s.NodeType] = (next[s.NodeType] + 1) % len(names)
		}
	}
	return nodes, nil
}

// eligible is the names of the nodes of each type, in byte order; a manager that
// is the logger comes last among the loggers.
func eligible(layout *layoutgen.Layout) map[layoutgen.NodeType][]string {
	names := map[layoutgen.NodeType][]string{}
	for _, t := range poolTypes {
		for _, n := range nodesWithType(layout, t) {
			names[t] = append(names[t], n.Name)
		}
	}
	if managers := nodesWithType(layout, layoutgen.TypeManager); layout.ManagerIsLogger && len(managers) > 0 {
		names[layoutgen.TypeLogger] = append(names[layoutgen.TypeLogger], managers[0].Name)
	}
	return names
}

// enough says whether there are enough nodes for the exclusive pools.
func enough(specs []PoolSpec, names map[layoutgen.NodeType][]string) error {
	need := map[layoutgen.NodeType]int{}
	for _, s := range specs {
		if s.Exclusive {
			need[s.NodeType] += s.MaxNodes
		}
	}
	for _, t := range poolTypes {
		if need[t] > len(names[t]) {
			return fmt.Errorf("not enough Cluster::%s nodes to satisfy pool exclusivity requirements: need %d nodes, have %d",
				strings.ToUpper(string(t)), need[t], len(names[t]))
		}
	}
	return nil
}
