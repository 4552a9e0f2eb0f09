// Package tap looks at a cluster's bus from outside, on any cluster that speaks
// Zeek's ZeroMQ protocol: it is no node, says no hello, and nobody counts it as
// a peer.
//
//   - A [Tap] hears what passes. Messages flow from the broker's XPUB through a
//     bounded queue to whoever calls Take, as lines for people
//     ([Decoded.AppendText]) or for programs ([Decoded.AppendJSON]). It never
//     stops reading: a subscriber that does stalls the whole cluster (spec: wire
//     T6). What nobody takes in time is dropped and counted.
//   - A [Visit] sees who subscribes to what, and may publish. [Look] makes of the
//     subscriptions which nodes are up.
//
// Log batches never come by here: they go from each node straight to a logger's
// PULL socket (spec: wire 1.5), and whoever opened another one would take
// batches away from the loggers.
package tap
