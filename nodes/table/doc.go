// Package table is for tables that the nodes of a cluster share, of Go's own types:
// [Table] is a map that may be used from any goroutine, whose changes reach the
// other nodes, and which tells of theirs. Reading it never asks anybody.
//
// There are two ways to share one, as there are in Zeek, and they are two options
// of [New]:
//
//   - Published on change, Zeek's &publish_on_change (8.2): every node keeps a copy,
//     changes its own at once and publishes what it changed. Zeek nodes take part.
//     Nobody decides: of two nodes that change the same key at once, each may end
//     with the other's value, and what is lost on the bus stays lost. For what
//     can be wrong for a while: who was seen, what was counted.
//   - In a store, Zeek's &backend ([Options.Store]): changes go to the store's
//     master, which brings them into one order, keeps them, on disk if it should, and
//     tells everybody. Copies agree, and what comes late has everything.
//
// What flows through it: Go values become Zeek's ([event.Of]) on the way out and Go
// values again on the way in. It opens nothing and starts no goroutine of its own but
// by timers, which Close stops.
package table
