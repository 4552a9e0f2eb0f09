// Package store is a key-value store that the nodes of a cluster share: what
// Zeek's scripts know as Broker's data stores (spec: cluster-framework 2), on
// the cluster's bus.
//
// One node is the store's master. Operations ([Op]) of all nodes flow to it; it
// applies them one after the other to its [Contents] and tells everybody what
// came of each as a [Change]: a key has this value now, or is gone. Where the
// contents survive the master they also flow into a [Backend].
//
// A [Store] is a node's handle, which [CreateMaster] or [CreateClone] makes on a
// cluster: reads are of what is here, writes go to the master and come
// back as changes, in its order. protocol.go says how they get there although
// messages are lost and masters restarted. Whoever can publish on the bus can
// write to a store; what he sends that makes no sense is ignored, and what he
// can make a node remember has a bound.
//
// Contents are pure: they know no clock, no files, no sockets and no other
// nodes. Nothing kept in them refers to a payload that a value was decoded from.
package store
