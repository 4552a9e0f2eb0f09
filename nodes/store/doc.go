// Package store is a key-value store that the nodes of a cluster share: what
// Zeek's scripts know as Broker's data stores (spec: cluster-framework 2), on
// the cluster's bus.
//
// One node is the store's master. Operations ([Op]) of all nodes flow to it; it
// applies them one after the other to its [Contents] and tells everybody what
// came of each as a [Change]: a key has this value now, or is gone. Where the
// contents survive the master they also flow into a [Backend].
//
// Contents are pure: they know no clock, no files, no sockets and no other
// nodes. Nothing kept in them refers to a payload that a value was decoded from.
package store
