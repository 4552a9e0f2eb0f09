// Package cluster is Zeek's Cluster framework for nodes written in Go: who is up,
// publish and subscribe, handlers of events, pools of nodes with rendezvous
// hashing (HRW) and round robin. Names and meanings are Zeek's, so that its
// documentation applies (spec: cluster-framework 1, wire 5).
//
// What flows through it: messages come from a [Backend]. Those of the handshake go
// through the state machine [Membership], and what follows from it is published,
// logged, raised as node_up and node_down, and marked in the [Pools]. Other events
// wait in a bounded queue for their handlers, which [Cluster.Run] calls one after
// the other. What handlers and other goroutines publish is encoded and handed to
// the Backend.
//
// The package knows no sockets, no files and no processes: package nodes gives it a
// bus, a layout and a place for its log. [Bus] is a bus in memory for tests.
package cluster
