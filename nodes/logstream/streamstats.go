package logstream

import (
	"cmp"
	"slices"
	"sync/atomic"
)

// StreamStats is what was written to one stream. With the names of [ID] it is what Zeek
// counts of each writer.
type StreamStats struct {
	ID        ID
	Written   uint64    // records that were taken
	Discarded uint64    // records that were too large
	Truncated Truncated // in those that were taken
}

// streamCounts is StreamStats as it is counted.
type streamCounts struct{ written, discarded, cutStrings, cutContainers atomic.Uint64 }

// Streams is what was written to each stream that was declared, in the order of their
// names. Streams with the same ID are one.
func (s *Sender) Streams() []StreamStats {
	s.mu.Lock()
	streams := slices.Clone(s.streams)
	s.mu.Unlock()
	byID := map[ID]*StreamStats{}
	var all []*StreamStats
	for _, stream := range streams {
		id, counts := stream.counted()
		one := byID[id]
		if one == nil {
			one = &StreamStats{ID: id}
			byID[id], all = one, append(all, one)
		}
		one.Written += counts.written.Load()
		one.Discarded += counts.discarded.Load()
		one.Truncated.Strings += counts.cutStrings.Load()
		one.Truncated.Containers += counts.cutContainers.Load()
	}
	sorted := make([]StreamStats, len(all))
	for i, one := range all {
		sorted[i] = *one
	}
	slices.SortFunc(sorted, func(a, b StreamStats) int {
		return cmp.Or(cmp.Compare(a.ID.Stream, b.ID.Stream), cmp.Compare(a.ID.Filter, b.ID.Filter), cmp.Compare(a.ID.Path, b.ID.Path), cmp.Compare(a.ID.Writer, b.ID.Writer))
	})
	return sorted
}

func (w *Stream[T]) counted() (ID, *streamCounts) {
	h := w.header
	return ID{Stream: h.Stream, Path: h.Path, Writer: h.Writer, Filter: h.Filter}, &w.counts
}

// truncated counts what was left out of a record.
func (w *Stream[T]) truncated(cut Truncated) {
	if cut == (Truncated{}) {
		return
	}
	w.sender.cutStrings.Add(cut.Strings)
	w.sender.cutContainers.Add(cut.Containers)
	w.counts.cutStrings.Add(cut.Strings)
	w.counts.cutContainers.Add(cut.Containers)
}
