package cluster

import (
	"context"
	"errors"
	"slices"

	"zctl/layoutgen"
	"zctl/nodes/event"
)

// Of Zeek's policy/frameworks/cluster/experimental (spec: cluster-framework 1.6).
const (
	startedTopic        = "zeek/cluster/experimental/started" // with slashes, whatever others have
	eventFullyConnected = "Cluster::Experimental::node_fully_connected"
	eventClusterStarted = "Cluster::Experimental::cluster_started"
)

// LoadExperimental is what @load policy/frameworks/cluster/experimental is to a Zeek
// node: as soon as it sees all others it says so to the manager, and when all have, the
// manager has every node raise
//
//	Cluster::Experimental::cluster_started()
//
// once in the life of the cluster. The manager raises, for each node that says so,
//
//	Cluster::Experimental::node_fully_connected(name string, id string, resending bool)
//
// All nodes have to take part. It is to be called before Run.
func (c *Cluster) LoadExperimental() error {
	s := &starting{c: c, there: map[string]bool{}, connected: map[string]bool{}}
	return errors.Join(
		c.Subscribe(startedTopic),
		Handle(c, eventNodeUp, s.up),
		Handle(c, eventNodeDown, func(_ context.Context, name, id string) { delete(s.there, name) }),
		Handle(c, eventFullyConnected, s.fullyConnected),
		Handle(c, eventClusterStarted, func(context.Context) { s.over = true }),
	)
}

// starting is how far a node knows the start of the cluster to have come. Handlers are
// called one at a time, so it needs no lock.
type starting struct {
	c         *Cluster
	there     map[string]bool // the names that are up
	connected map[string]bool // on the manager: the names that said so
	over      bool            // cluster_started has been raised
}

// up looks whether all are there. A manager that comes back is told so, and whether the
// cluster had started before.
func (s *starting) up(ctx context.Context, name, id string) error {
	s.there[name] = true
	if !s.all(s.there) {
		return nil
	}
	s.c.Log("fully connected")
	if s.c.LocalNodeType() == layoutgen.TypeManager {
		s.c.raise(eventFullyConnected, event.String(s.c.o.Node), event.String(s.c.o.NodeID), event.Boolean(s.over))
		return nil
	}
	return s.c.Publish(ctx, s.c.o.Topics.Manager, eventFullyConnected, s.c.o.Node, s.c.o.NodeID, s.over)
}

func (s *starting) fullyConnected(ctx context.Context, name, id string, resending bool) error {
	if s.c.LocalNodeType() != layoutgen.TypeManager {
		return nil
	}
	s.over = s.over || resending
	s.connected[name] = true
	if s.over || !s.all(s.connected) || !s.connected[s.c.o.Node] {
		return nil
	}
	s.over = true
	s.c.Log("cluster connected")
	s.c.raise(eventClusterStarted)
	return s.c.Publish(ctx, startedTopic, eventClusterStarted)
}

// all says whether all other nodes are among the names.
func (s *starting) all(names map[string]bool) bool {
	return !slices.ContainsFunc(s.c.Peers(), func(p Peer) bool { return !names[p.Node.Name] })
}
