// Package zeek says how the zeek processes of a cluster are started: a
// configuration, its layout and the version of the program go in; arguments,
// environment and generated scripts come out.
//
// What differs between versions of Zeek is here and nowhere else. The scripts are the
// same for all nodes, so that a node's process is all there is of it: whatever a
// node must be restarted for stands in its arguments or in [Cluster.Settings].
//
// It reads no file, runs no program and knows nothing of this host.
package zeek
