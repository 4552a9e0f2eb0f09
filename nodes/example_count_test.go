package nodes_test

import (
	"context"
	"fmt"
	"net/netip"

	"zctl/layoutgen"
	"zctl/nodes"
	"zctl/nodes/cluster"
	"zctl/nodes/event"
)

// exampleNode makes a node of the default cluster on a bus in memory.
func exampleNode(bus *cluster.Bus, name string) *nodes.Node {
	n, err := nodes.New(nodes.Options{
		Name: name, Connect: bus.Connect,
		Cluster: cluster.Options{Layout: layoutgen.Default().Layout()},
	})
	if err != nil {
		panic(err)
	}
	return n
}

// run runs nodes until stop is called, and returns when all are on the bus.
func run(all ...*nodes.Node) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	for _, n := range all {
		go func() { done <- n.Run(ctx) }()
		if err := n.WaitReady(ctx); err != nil {
			panic(err)
		}
	}
	return func() {
		cancel()
		for range all {
			if err := <-done; err != nil {
				panic(err)
			}
		}
	}
}

// A node that counts events: the ones whose arguments it wants to see, and all
// others.
func Example_count() {
	bus := cluster.NewBus()
	counter := exampleNode(bus, "proxy-1")
	hosts := map[netip.Addr]int{}
	all := 0
	done := make(chan struct{})
	nodes.Handle(counter, "Scan::seen", func(ctx context.Context, host netip.Addr, port event.Port) { hosts[host]++ })
	nodes.Handle(counter, "Scan::end", func(ctx context.Context) { close(done) })
	nodes.Handle(counter, "*", func(ctx context.Context, ev event.Event) { all++ })
	counter.Subscribe("scan/")

	worker := exampleNode(bus, "worker-1")
	stop := run(counter, worker)
	ctx := context.Background()
	for _, host := range []string{"10.0.0.1", "10.0.0.2", "10.0.0.1"} {
		worker.Publish(ctx, "scan/seen", "Scan::seen", netip.MustParseAddr(host), event.Port{Number: 22, Protocol: event.TCP})
	}
	worker.Publish(ctx, "scan/stats", "Scan::stats", uint64(17))
	worker.Publish(ctx, "scan/end", "Scan::end")
	<-done
	stop()
	fmt.Println(hosts, all)
	// Output: map[10.0.0.1:2 10.0.0.2:1] 5
}
