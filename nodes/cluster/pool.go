package cluster

import (
	"fmt"
	"slices"

	"zctl/layoutgen"
)

// PoolSpec says which nodes are in a pool (Cluster::PoolSpec).
type PoolSpec struct {
	// Topic is what every node of the pool subscribes.
	Topic string
	// NodeType is the type of the pool's nodes: worker, proxy or logger.
	NodeType layoutgen.NodeType
	// MaxNodes limits how many nodes are in the pool; 0 is no limit.
	MaxNodes int
	// Exclusive keeps the pool's nodes out of all other pools. It needs MaxNodes.
	Exclusive bool
}

// PoolNode is a node of a pool (Cluster::PoolNode).
type PoolNode struct {
	Name string
	// Alias is name and a number, so that its hash, SiteID, is the pool's only one.
	Alias  string
	SiteID uint32
	Alive  bool
	// Topic is the node's own topic.
	Topic string
}

// Pool is a pool of nodes, each of which can do the same work (Cluster::Pool). It
// belongs to the Cluster with which it was registered.
type Pool struct {
	spec   PoolSpec
	topics Topics
	nodes  []PoolNode
	sites  []uint32 // of those that rendezvous hashing chooses from, by index as in at
	at     []int    // where in nodes a site is
	turns  map[string]int
}

// maxTurns bounds the round robin sequences of a pool.
const maxTurns = 100000

// Spec is what the pool was registered with.
func (p *Pool) Spec() PoolSpec { return p.spec }

// contains says whether the node of that name is in the pool.
func (p *Pool) contains(name string) bool { return p.index(name) >= 0 }

func (p *Pool) index(name string) int {
	return slices.IndexFunc(p.nodes, func(n PoolNode) bool { return n.Name == name })
}

// add adds a node, which is alive if it is this one.
func (p *Pool) add(name string, self bool) {
	if p.contains(name) {
		return
	}
	n := PoolNode{Name: name, Alive: self, Topic: p.topics.Node(name)}
	for c := 0; ; c++ {
		n.Alias = fmt.Sprintf("%s.%d", name, c)
		n.SiteID = fnv1a32(n.Alias)
		if !slices.ContainsFunc(p.nodes, func(other PoolNode) bool { return other.SiteID == n.SiteID }) {
			break
		}
	}
	p.nodes = append(p.nodes, n)
}

// mark notes that a node came up or went down. Only nodes that came up are chosen
// from for keys; since no node comes up to itself, none chooses itself (spec:
// cluster-framework 1.7, self asymmetry).
func (p *Pool) mark(name string, alive bool) {
	i := p.index(name)
	if i < 0 {
		return
	}
	p.nodes[i].Alive = alive
	site := slices.Index(p.at, i)
	switch {
	case alive && site < 0:
		p.at, p.sites = append(p.at, i), append(p.sites, p.nodes[i].SiteID)
	case !alive && site >= 0:
		p.at, p.sites = slices.Delete(p.at, site, site+1), slices.Delete(p.sites, site, site+1)
	}
}

// hrwTopic is the topic of the node that is responsible for a key, "" if none is
// up (Cluster::hrw_topic).
func (p *Pool) hrwTopic(key Key) string {
	i := heaviest(key.Digest(), p.sites)
	if i < 0 {
		return ""
	}
	return p.nodes[p.at[i]].Topic
}

// rrTopic is the topic of the next node that is up, "" if none is. Every key has a
// turn of its own (Cluster::rr_topic; spec: cluster-framework 1.8).
func (p *Pool) rrTopic(key string) string {
	if len(p.nodes) == 0 {
		return ""
	}
	begin := p.turns[key]
	if begin >= len(p.nodes) { // a changed layout left fewer
		begin = 0
	}
	next := begin
	for {
		n := p.nodes[next]
		next = (next + 1) % len(p.nodes)
		if n.Alive || next == begin {
			p.turn(key, next)
			if n.Alive {
				return n.Topic
			}
			return ""
		}
	}
}

// turn remembers whose turn is next. With too many keys all begin again.
func (p *Pool) turn(key string, next int) {
	if _, has := p.turns[key]; !has && len(p.turns) >= maxTurns || p.turns == nil {
		p.turns = map[string]int{}
	}
	p.turns[key] = next
}
