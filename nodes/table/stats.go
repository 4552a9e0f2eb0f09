package table

import "sync/atomic"

// Stats is what a table has counted, in changes.
type Stats struct {
	Published   uint64 // handed to the bus
	Unpublished uint64 // not handed to it: the node was not on the bus, or that had no room
	Applied     uint64 // of others, that are in the table now
	Vetoed      uint64 // of others, that Options.Policy did not want
	Refused     uint64 // of others, that do not fit K and V, or for which there was no room
}

type counters struct{ published, unpublished, applied, vetoed, refused atomic.Uint64 }

// Stats is what the table has counted.
func (t *Table[K, V]) Stats() Stats {
	c := &t.stats
	return Stats{
		Published: c.published.Load(), Unpublished: c.unpublished.Load(),
		Applied: c.applied.Load(), Vetoed: c.vetoed.Load(), Refused: c.refused.Load(),
	}
}
