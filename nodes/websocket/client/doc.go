// Package client is the other side of Zeek's WebSocket API: it hears and publishes
// events of a cluster through a server that one of its nodes runs, a Zeek with
// Cluster::listen_websocket or a node in Go (package websocket).
//
// A [Client] is used like a node of package nodes: subscribe, handle, publish.
//
//	c, err := client.New(client.Options{URL: "ws://127.0.0.1:27759"})
//	if err != nil { log.Fatal(err) }
//	err = client.Handle(c, "Scan::seen", func(ctx context.Context, host netip.Addr) error {
//		return c.Publish(ctx, "scan/total", "Scan::total", host, uint64(1))
//	})
//	if err != nil { log.Fatal(err) }
//	c.Subscribe("scan/seen")
//	if err := c.Run(ctx); err != nil { log.Fatal(err) }
//
// A [Link] is what is below: messages as they come, for programs that want them all.
//
// Messages are read as Zeek really writes them, which is not always JSON (spec:
// websocket 5.2, 21), and written so that Zeek understands them. A connection that is
// lost comes back, with all subscriptions; what passes meanwhile is not heard. Whatever
// a program does with messages, the connection is read all the time, so that the
// server's pings are answered.
//
// The package never keeps more than [Options.MaxQueued] bytes that wait to be sent, nor
// reads a message larger than [Options.MaxMessage], and it knows no events and no
// topics of its own.
package client
