package nodes_test

import (
	"context"
	"fmt"
	"time"

	"zctl/layoutgen"
	"zctl/nodes"
	"zctl/nodes/cluster"
	"zctl/nodes/event"
)

// A client of a cluster, of Zeek's or another one, that is not in its layout: it
// asks the manager something and waits for the answer. It needs to know nothing
// but where the broker is.
func ExampleNewClient() {
	bus := cluster.NewBus() // stands for the cluster; without Connect it is at the endpoints
	manager := exampleNode(bus, "manager")
	nodes.Handle(manager, "Status::ask", func(ctx context.Context, topic string) error {
		return manager.Publish(ctx, topic, "Status::answer", "all is well", uint64(manager.NodeCount(layoutgen.TypeWorker)))
	})
	defer run(manager)()

	client, err := nodes.NewClient(layoutgen.Backend{
		ConnectXSub: "tcp://127.0.0.1:5555", // what Zeek calls connect_xsub_endpoint
		ConnectXPub: "tcp://127.0.0.1:5556", // and connect_xpub_endpoint
	}, nodes.Options{Connect: bus.Connect})
	if err != nil {
		panic(err)
	}
	answers := "status/" + client.NodeID()
	got := make(chan event.Event, 1)
	nodes.Handle(client, "Status::answer", func(ctx context.Context, ev event.Event) { got <- ev })
	client.Subscribe(answers)
	defer run(client)()

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := client.Publish(ctx, "zeek.cluster.manager", "Status::ask", answers); err != nil {
		panic(err)
	}
	select {
	case ev := <-got:
		fmt.Println(ev.Name, ev.Args)
	case <-ctx.Done():
		fmt.Println("no answer")
	}
	// Output: Status::answer [all is well 2]
}
