package nodes_test

import (
	"context"
	"fmt"

	"zctl/nodes"
	"zctl/nodes/cluster"
	"zctl/nodes/event"
	"zctl/nodes/table"
)

// A data store that nodes share, and a table of Go types in it: what one puts all others
// have, and the manager, its master, decides who was last.
func Example_store() {
	bus := cluster.NewBus()
	manager, worker := exampleNode(bus, "manager"), exampleNode(bus, "worker-1")
	master, err := nodes.CreateStore(manager, "names", false)
	if err != nil {
		panic(err)
	}
	clone, err := nodes.CreateStore(worker, "names", false)
	if err != nil {
		panic(err)
	}
	names, err := table.New(worker.Cluster, "Site::names", table.Options[string, uint64]{Store: clone})
	if err != nil {
		panic(err)
	}
	stop := run(manager, worker)
	ctx := context.Background()
	if err := clone.WaitReady(ctx); err != nil {
		panic(err)
	}
	names.Put("printer", 1)
	fmt.Println(names.Get("printer")) // at once
	if err := names.Sync(ctx); err != nil {
		panic(err)
	}
	fmt.Println(master.Get(event.String("printer")))
	if err := master.Increment(event.String("printer"), event.Count(1)).Wait(ctx); err != nil {
		panic(err)
	}
	fmt.Println(master.Get(event.String("printer")))
	stop()
	// Output:
	// 1 true
	// 1 <nil>
	// 2 <nil>
}
