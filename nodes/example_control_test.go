package nodes_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"zctl/layoutgen"
	"zctl/nodes"
	"zctl/nodes/cluster"
	"zctl/nodes/control"
)

// A worker has a value of its own that can be asked for, by zctl print, or as here by a
// program that is no node.
func ExampleNode_RegisterValue() {
	bus := cluster.NewBus()
	worker := exampleNode(bus, "worker-1")
	var seen atomic.Uint64 // handlers count, and whoever asks reads it meanwhile
	seen.Store(3)
	if err := worker.RegisterValue("Scan::seen", func() any { return seen.Load() }); err != nil {
		panic(err)
	}
	defer run(worker)()

	client, err := nodes.NewClient(layoutgen.Backend{}, nodes.Options{Connect: bus.Connect})
	if err != nil {
		panic(err)
	}
	controller, err := control.NewController(client.Cluster)
	if err != nil {
		panic(err)
	}
	defer run(client)()

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	question := control.Question{Command: control.IDValue, ID: "Scan::seen"}
	err = controller.Ask(ctx, question, []string{"worker-1", "worker-2"}, func(a control.Answer) {
		if a.Err != nil {
			fmt.Println(a.Node, "did not answer:", a.Err)
			return
		}
		fmt.Println(a.Node, "has", question.ID, "=", a.Text)
	})
	if err != nil {
		fmt.Println(err)
	}
	// Unordered output:
	// worker-1 has Scan::seen = 3
	// worker-2 did not answer: not on the bus
}
