package nodes

import "zctl/nodes/cluster"

// Handle has f called for every event of that name, with the event's arguments as
// plain Go values:
//
//	nodes.Handle(n, "Scan::seen", func(ctx context.Context, host netip.Addr, ports uint64) error { … })
//
// It is [cluster.Handle], which says what f may look like and when it is called.
func Handle(n *Node, name string, f any) error { return cluster.Handle(n.Cluster, name, f) }
