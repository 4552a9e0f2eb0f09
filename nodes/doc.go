// Package nodes runs a node of a Zeek cluster: a manager, logger, proxy or
// worker that on the wire is like a Zeek process of that type.
//
// All it needs is what Zeek needs: a name, and a cluster-layout.zeek in which
// that name stands. A node joins the bus of the cluster's central XPUB/XSUB
// broker, says hello to everybody it meets there, and writes cluster.log. The
// manager runs the broker; a logger takes the log batches of all others and
// writes them to files.
//
//	n, err := nodes.New(nodes.Options{Name: "worker-1", Layout: "cluster-layout.zeek"})
//	if err != nil { … }
//	err = n.Run(ctx)
//
// What flows through it, in one loop per node: subscriptions and events come
// from the sockets of package zmq, package cluster decides what they mean, and
// what follows is published, logged and reported to the supervisor.
//
// It never starts a process and never writes outside its directory.
package nodes
