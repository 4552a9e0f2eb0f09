// Package supervisor keeps the nodes of one cluster running on one host: it is
// told what should run (a [Deployment] of [Spec]s), compares that with what
// does ([Diff]), and starts, stops, restarts and adopts processes until both
// are the same. It says what is so ([Status]) and writes down what happened
// ([Event]).
//
// Each node has a goroutine of its own that alone changes it. What should become
// of the node is decided by package lifecycle, what the operating system does
// about it by package process; a node is the loop between the two. Everybody
// else reads the snapshot that the goroutine publishes, so looking never waits
// for doing.
//
// Nothing that a node needs to run passes through the supervisor: it can be
// killed at any time, and the next one finds the nodes, their specs and their
// counts in state.json, and what was not yet written there in the environment of
// the processes themselves.
//
// Locks: Supervisor.ops is held by the one operation that changes the cluster;
// under it, Supervisor.mu guards the table of nodes and the deployment, for
// moments only and never while anything is waited for.
package supervisor
