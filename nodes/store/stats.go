package store

import "sync/atomic"

// Stats is how a store is, and what it has counted since it was made.
type Stats struct {
	Master   bool   // this node is the master
	Ready    bool   // it serves, or follows its master
	Stale    bool   // reads are refused
	Away     bool   // a clone hears no master
	Conflict bool   // a master stands back for another one of the same name
	Epoch    uint64 // of the master, 0 if there has been none
	Version  uint64 // changes in this epoch
	Entries  int

	Unresolved      int // writes of this node that wait for an answer
	UnresolvedBytes int
	Writers         int // whom a master remembers
	Transfers       int // snapshots that a master is sending

	Resyncs   uint64 // snapshots that a clone has asked for
	Malformed uint64 // messages that are none
	Lost      uint64 // messages for which there was no room; they are sent again
	Unsent    uint64 // messages for which the bus had no room, likewise
	Refused   uint64 // writes that were refused before anybody was asked
}

type counters struct{ malformed, unsent, refused atomic.Uint64 }

// Stats is how the store is.
func (s *Store) Stats() Stats {
	st, now := s.board.stats()
	st.Ready, st.Stale, st.Away = now.ready, now.stale, now.away
	st.Malformed, st.Unsent, st.Refused = s.counters.malformed.Load(), s.counters.unsent.Load(), s.counters.refused.Load()
	st.Unresolved, st.UnresolvedBytes = s.intake.unresolved()
	st.Lost = s.inbox.dropped()
	return st
}
