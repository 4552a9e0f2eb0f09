package nodes_test

import (
	"context"
	"fmt"
	"net/netip"

	"zctl/nodes"
	"zctl/nodes/cluster"
	"zctl/nodes/table"
)

// A table that nodes share: each has a copy, and hears of what the others put. A node
// that comes late is sent what there is.
func Example_table() {
	bus := cluster.NewBus()
	scans := func(n *nodes.Node) *table.Table[netip.Addr, uint64] {
		t, err := table.New(n.Cluster, "Scan::hosts", table.Options[netip.Addr, uint64]{})
		if err != nil {
			panic(err)
		}
		return t
	}
	manager := exampleNode(bus, "manager")
	known := scans(manager)
	nodes.Handle(manager, "Cluster::node_up", func(ctx context.Context, name, id string) error {
		return known.PublishTo(ctx, manager.NodeTopic(name), 0)
	})
	stopManager := run(manager)
	known.Put(netip.MustParseAddr("10.0.0.1"), 3)

	late := exampleNode(bus, "worker-1")
	copied := scans(late)
	got := make(chan table.Change[netip.Addr, uint64], 10)
	copied.OnChange(func(c table.Change[netip.Addr, uint64]) { got <- c })
	stopLate := run(late)
	fmt.Println((<-got).Key, copied.Len())
	known.Put(netip.MustParseAddr("10.0.0.1"), 4)
	c := <-got
	fmt.Println(c.Kind, c.Key, c.Previous, c.Value)
	stopLate()
	stopManager()
	// Output:
	// 10.0.0.1 1
	// TABLE_ELEMENT_CHANGED 10.0.0.1 3 4
}
