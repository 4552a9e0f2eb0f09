// Package nodes is for writing nodes of a Zeek cluster in Go: a logger that feeds a
// database, a proxy that enriches, a monitor. On the wire such a node is like a
// Zeek process of its type, in a cluster of real Zeek processes (8 or later, with
// the ZeroMQ backend) or of nodes in Go alone.
//
// # A node
//
// All a node needs is what Zeek needs: a name, and a cluster-layout.zeek in which
// that name stands. Here is a whole one, which counts what others see:
//
//	func main() {
//		o, err := nodes.FromEnv() // CLUSTER_NODE, and the layout in . or ZEEKPATH
//		if err != nil { log.Fatal(err) }
//		n, err := nodes.New(o)
//		if err != nil { log.Fatal(err) }
//		seen := map[netip.Addr]uint64{}
//		err = nodes.Handle(n, "Scan::seen", func(ctx context.Context, host netip.Addr) error {
//			seen[host]++
//			return n.Publish(ctx, "scan/total", "Scan::total", host, seen[host])
//		})
//		if err != nil { log.Fatal(err) }
//		n.Subscribe("scan/seen")
//		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
//		defer stop()
//		if err := n.Run(ctx); err != nil { log.Fatal(err) }
//	}
//
// Put command = "./mynode" into a section of zctl.toml, and zctl deploy starts it,
// pins it, and restarts it when it crashes; docs/write-a-node.md goes through that
// step by step.
//
// # What a node does by itself
//
// [Node.Run] joins the bus of the cluster's central XPUB/XSUB broker, which the
// manager runs, or a process of its own ([RunBroker]); says hello to everybody it meets there; subscribes the topics of
// its type, its pools, its name and its id; and sends its lines of cluster.log to
// the loggers. A logger takes the log batches of all others and writes them to
// files, or wherever [Options.LogWriter] leads. Its warnings and errors go to
// reporter.log, and what it uses and counts to stats.log. Under a supervisor that sets
// NOTIFY_SOCKET it tells when it is ready and how many peers it has.
//
// # Events
//
// A Node embeds [cluster.Cluster], the Cluster framework, whose names are Zeek's:
// Publish, PublishHRW, PublishRR, Subscribe, RegisterPool, NodeTopic,
// NodesWithType, ActiveNodeCount, Log and so on; docs/cluster-api.md has them all.
// [Handle] has a function called for events of a name, with their arguments as Go
// values. Handlers run one after the other on the goroutine of Run, so state that
// only they use needs no lock. Everything else may be called from anywhere.
//
// Publishing never waits and promises nothing: an event that the bus has no room
// for, or that a receiver is too slow for, is dropped, counted (Stats) and warned
// of, as in Zeek. WaitReady waits until what is published reaches everybody who is
// there.
//
// What Zeek's types are in Go, and the other way round, is said by [event.Of] and
// [event.Value.To]. A count is a uint64, an int an int64; a record is a struct
// with the same fields in the same order.
//
// # Logs
//
// [NewStream] declares a log of the program's own from a struct whose fields have
// Zeek's names in their tags; its Write may be called from anywhere:
//
//	type Alarm struct {
//		TS   time.Time  `log:"ts"`
//		Host netip.Addr `log:"host"`
//	}
//	alarms, err := nodes.NewStream[Alarm](n, logstream.ID{Stream: "Alarm::LOG", Path: "alarm"})
//	…
//	err = alarms.Write(Alarm{time.Now(), host})
//
// Records go in batches, of 1000 or of a second, to the loggers in turn. A batch is
// kept until its logger has answered for it, so loggers may end and come back.
// [Options.Logs] says what becomes of records when loggers are gone or slow for so
// long that there is no room: they are dropped and counted, as in Zeek, or Write
// waits, or they are kept in files. [Node.LogStats] has the numbers; package
// logstream says what exactly can be lost.
//
// # Shared state
//
// Package table has maps that nodes share: [table.New] makes one of Go's types, which
// is Zeek's table of that id with &publish_on_change, or, with a store behind it, with
// &backend. [CreateStore] opens a data store: a master keeps it, on disk if it should,
// and every node has a copy. docs/stores.md says which of them promises what.
//
//	hosts, err := table.New(n.Cluster, "Scan::hosts", table.Options[netip.Addr, uint64]{})
//	…
//	err = hosts.Put(host, 3)
//
// # Clients and tests
//
// [NewClient] makes a client of a cluster in whose layout it does not stand. In
// tests, [cluster.Bus] replaces the bus:
//
//	bus := cluster.NewBus()
//	n, err := nodes.New(nodes.Options{
//		Name: "worker-1", Connect: bus.Connect,
//		Cluster: cluster.Options{Layout: layoutgen.Default().Layout()},
//	})
//
// # How it is built
//
// Package zmq has the sockets, event and logwire the two serializations, cluster
// the framework, logstream the logs that go out, logtext the text of logs, logger the
// files. This package puts
// them together by the node's type. It never starts a process and never writes
// outside of its directory.
package nodes
