// Package supervisor keeps the nodes of one cluster running on one host: it is
// told what should run (a [Deployment] of [Spec]s), compares that with what
// does ([Diff]), and starts, stops, restarts and adopts processes until both
// are the same. It says what is so ([Status]) and writes down what happened
// ([Event]).
//
// What should become of a node is decided by package lifecycle, what the operating
// system does about it by package process; a node joins the two. Whatever happens
// to it, be it a wish, a death, a notification or the time, happens one at a time
// under its lock. Everybody else reads the snapshot that is published at the end of
// that, so looking never waits for doing.
//
// Nothing that a node needs to run passes through the supervisor: it can be
// killed at any time, and the next one finds the nodes, their specs and their
// counts in state.json, and what was not yet written there in the environment of
// the processes themselves.
//
// Locks: Supervisor.ops is held by the one operation that changes the cluster.
// Under it come the nodes' own locks, each for as long as a process is made and
// never two at once, and under those what is shared (the journal, who waits for
// news), for moments. Supervisor.mu guards the deployment and how the supervisor
// ends, for moments; nothing is locked under it.
package supervisor
