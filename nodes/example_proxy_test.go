package nodes_test

import (
	"context"
	"fmt"
	"net/netip"

	"zctl/layoutgen"
	"zctl/nodes"
	"zctl/nodes/cluster"
)

// A proxy that enriches: workers ask the one proxy that is responsible for an
// address, so that each address is looked up, and cached, in one place. If that
// proxy dies another takes over.
func Example_proxy() {
	bus := cluster.NewBus()
	proxy := exampleNode(bus, "proxy-1")
	cache := map[netip.Addr]string{}
	nodes.Handle(proxy, "Enrich::ask", func(ctx context.Context, host netip.Addr) error {
		name, known := cache[host]
		if !known {
			name = "host-" + host.String() // where a real one would ask a database
			cache[host] = name
		}
		asker, _ := cluster.FromContext(ctx)
		return proxy.Publish(ctx, proxy.NodeIDTopic(asker.Sender), "Enrich::answer", host, name)
	})

	worker := exampleNode(bus, "worker-1")
	proxies := make(chan string, 1)
	answers := make(chan string)
	nodes.Handle(worker, "Cluster::node_up", func(ctx context.Context, name, id string) { proxies <- name })
	nodes.Handle(worker, "Enrich::answer", func(ctx context.Context, host netip.Addr, name string) {
		answers <- fmt.Sprint(host, " is ", name)
	})
	stop := run(proxy, worker)
	defer stop()
	fmt.Println(<-proxies, "is up,", worker.ActiveNodeCount(layoutgen.TypeProxy), "of", worker.NodeCount(layoutgen.TypeProxy))
	for _, text := range []string{"10.0.0.1", "10.0.0.7"} {
		host := netip.MustParseAddr(text)
		if err := worker.PublishHRW(context.Background(), worker.ProxyPool(), host, "Enrich::ask", host); err != nil {
			fmt.Println(err)
		}
		fmt.Println(<-answers)
	}
	// Output:
	// proxy-1 is up, 1 of 1
	// 10.0.0.1 is host-10.0.0.1
	// 10.0.0.7 is host-10.0.0.7
}
