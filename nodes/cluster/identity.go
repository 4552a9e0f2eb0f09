package cluster

import (
	"cmp"
	"slices"
	"time"

	"zctl/layoutgen"
)

// IsEnabled says whether the node is one of a cluster, not a client
// (Cluster::is_enabled).
func (c *Cluster) IsEnabled() bool { return c.o.Node != "" }

// NodeID is the name of this process on the bus (Cluster::node_id).
func (c *Cluster) NodeID() string { return c.o.NodeID }

// Options is what the node was made with, with the defaults in place of what was not set.
func (c *Cluster) Options() Options { return c.o }

// layout is the layout as it was last read.
func (c *Cluster) layout() *layoutgen.Layout {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.members.layout
}

// LocalNodeType is the type of this node, TypeNone for a client
// (Cluster::local_node_type).
func (c *Cluster) LocalNodeType() layoutgen.NodeType {
	if self, known := c.layout().Node(c.o.Node); known {
		return self.Type
	}
	return layoutgen.TypeNone
}

// LocalNodeMetricsPort is where this node should serve metrics, 0 for nowhere
// (Cluster::local_node_metrics_port).
func (c *Cluster) LocalNodeMetricsPort() int {
	self, _ := c.layout().Node(c.o.Node)
	return self.MetricsPort
}

// NodesWithType is all nodes of that type in the layout, up or not, this one
// included, in the order of their names' bytes: worker-1, worker-10, worker-2
// (Cluster::nodes_with_type).
func (c *Cluster) NodesWithType(t layoutgen.NodeType) []layoutgen.Node {
	return nodesWithType(c.layout(), t)
}

func nodesWithType(l *layoutgen.Layout, t layoutgen.NodeType) []layoutgen.Node {
	var nodes []layoutgen.Node
	for _, n := range l.Nodes {
		if n.Type == t {
			nodes = append(nodes, n)
		}
	}
	slices.SortFunc(nodes, func(a, b layoutgen.Node) int { return cmp.Compare(a.Name, b.Name) })
	return nodes
}

// NodeCount is how many nodes of that type the layout has
// (Cluster::get_node_count).
func (c *Cluster) NodeCount(t layoutgen.NodeType) int { return len(c.NodesWithType(t)) }

// ActiveNodeCount is how many other nodes of that type are up
// (Cluster::get_active_node_count).
func (c *Cluster) ActiveNodeCount(t layoutgen.NodeType) int {
	n := 0
	for _, peer := range c.Peers() {
		if peer.Up && peer.Node.Type == t {
			n++
		}
	}
	return n
}

// NodeIDToNode is the node that has this id, if it is up or this one
// (Cluster::nodeid_to_node).
func (c *Cluster) NodeIDToNode(id string) (layoutgen.Node, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	name := c.members.nameOf(id)
	if id == c.o.NodeID {
		name = c.o.Node
	}
	return c.members.layout.Node(name)
}

// Peer is another node of the cluster.
type Peer struct {
	Node layoutgen.Node
	// ID is its node id while it is up.
	ID string
	Up bool
	// Since is when it last came up or went down; zero if it never did.
	Since time.Time
}

// Peers is all other nodes of the layout, in its order, but those that only
// control others. While the bus is away none is up.
func (c *Cluster) Peers() []Peer {
	c.mu.Lock()
	defer c.mu.Unlock()
	peers := c.members.List()
	for i := range peers {
		peers[i].Since = c.since[peers[i].Node.Name]
	}
	return peers
}

// Joined says whether the node is on the bus: all who are there are known.
func (c *Cluster) Joined() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.members.Joined()
}

// Log writes a line to cluster.log (Cluster::log).
func (c *Cluster) Log(message string) { c.notes.add(false, message) }
