package cluster

import (
	"fmt"
	"slices"

	"zctl/layoutgen"
)

// RegisterPool makes a pool of nodes (Cluster::register_pool). All nodes that use
// a pool have to register it alike, or they disagree on who is in it. Pools that
// are registered before Run are assigned together, as Zeek does at its start; one
// that is registered later gets the nodes that it would have got then, while the
// other pools keep theirs. (In Zeek it stays empty.)
func (c *Cluster) RegisterPool(spec PoolSpec) (*Pool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	pool, err := c.pools.Register(spec)
	if err != nil {
		return nil, fmt.Errorf("cannot register pool %q: %w", spec.Topic, err)
	}
	if !c.running || !pool.contains(c.o.Node) {
		return pool, nil
	}
	if err := (*c.backend.Load()).Subscribe(spec.Topic); err != nil {
		return nil, fmt.Errorf("cannot register pool %q: %w", spec.Topic, err)
	}
	return pool, nil
}

// assign gives the pools their nodes.
func (c *Cluster) assign() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.IsEnabled() {
		return nil
	}
	return c.pools.Assign(c.members.layout, c.o.Node)
}

// ProxyPool is all proxies, WorkerPool all workers, LoggerPool all loggers, or the
// manager where it is the logger (Cluster::proxy_pool and so on).
func (c *Cluster) ProxyPool() *Pool  { return c.pools.Builtin(layoutgen.TypeProxy) }
func (c *Cluster) WorkerPool() *Pool { return c.pools.Builtin(layoutgen.TypeWorker) }
func (c *Cluster) LoggerPool() *Pool { return c.pools.Builtin(layoutgen.TypeLogger) }

// HRWTopic is the topic of the one node of the pool that is responsible for the
// key, among those that are up; "" if none is (Cluster::hrw_topic). The key is
// what [KeyOf] takes, and its type matters: the string "192.168.1.10" and the
// address are two keys. It is an error only if the key cannot be one.
func (c *Cluster) HRWTopic(pool *Pool, key any) (string, error) {
	k, err := KeyOf(key)
	if err != nil {
		return "", err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return pool.hrwTopic(k), nil
}

// RRTopic is the topic of the next node of the pool that is up, in the turn of
// that key; "" if none is (Cluster::rr_topic).
func (c *Cluster) RRTopic(pool *Pool, key string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return pool.rrTopic(key)
}

// PoolNodes is the nodes of a pool, and which of them are up.
func (c *Cluster) PoolNodes(pool *Pool) []PoolNode {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(pool.nodes)
}

// NodeTopic is the topic that only the node of that name hears
// (Cluster::node_topic), NodeIDTopic the one that only the process with that id
// hears (Cluster::nodeid_topic).
func (c *Cluster) NodeTopic(name string) string { return c.o.Topics.Node(name) }
func (c *Cluster) NodeIDTopic(id string) string { return c.o.Topics.NodeID(id) }
