package event

import (
	"slices"
	"time"
)

// MetaTimestamp is the id of the network timestamp in an event's metadata, a
// time. Ids up to 199 are reserved for Zeek (spec: wire 2.1).
const MetaTimestamp = 1

// Timestamp is the network time at which the event happened, if it carries one;
// by default it does not.
func (e Event) Timestamp() (time.Time, bool) {
	v, _ := e.Meta(MetaTimestamp)
	return v.Time()
}

// Meta is the metadata of that id, the first if there are several.
func (e Event) Meta(id uint64) (Value, bool) {
	if i := e.meta(id); i >= 0 {
		return e.Metadata.elems()[i].elems()[1], true
	}
	return Value{}, false
}

// SetMeta adds metadata to the event, in place of the first of that id. Other
// copies of the event do not change.
func (e *Event) SetMeta(id uint64, v Value) {
	entry := List(Count(id), v)
	all := slices.Clone(e.Metadata.Elems())
	if i := e.meta(id); i >= 0 {
		all[i] = entry
	} else {
		all = append(all, entry)
	}
	e.Metadata = List(all...)
}

// meta is where in the metadata an id is, or -1. What is not a list of count and
// value is passed over.
func (e Event) meta(id uint64) int {
	if e.Metadata.kind != KindList {
		return -1
	}
	return slices.IndexFunc(e.Metadata.elems(), func(entry Value) bool {
		return entry.kind == KindList && entry.n == 2 && entry.elems()[0].Equal(Count(id))
	})
}
