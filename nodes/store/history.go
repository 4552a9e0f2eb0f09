package store

import "slices"

// historyBytes is about how much memory the changes take that a master can repeat.
const historyBytes = 4 << 20

// history is the last changes that a master made, for clones that missed some.
type history struct {
	changes []Change
	sizes   []int
	begin   int    // of those that are left, in changes
	first   uint64 // version that the first of them made
	bytes   int
	most    int // bytes
}

// reset forgets all; the next change makes version first.
func (h *history) reset(first uint64) { *h = history{first: first, most: h.most} }

// add appends a change, and forgets the oldest ones that there is no room for.
func (h *history) add(ch Change, size int) {
	h.changes, h.sizes, h.bytes = append(h.changes, ch), append(h.sizes, size), h.bytes+size
	for h.bytes > h.most {
		h.bytes -= h.sizes[h.begin]
		h.changes[h.begin] = Change{}
		h.begin++
		h.first++
	}
	if h.begin > len(h.changes)/2 {
		h.changes = h.changes[:copy(h.changes, h.changes[h.begin:])]
		h.sizes = h.sizes[:copy(h.sizes, h.sizes[h.begin:])]
		clear(h.changes[len(h.changes):cap(h.changes)])
		h.begin = 0
	}
}

// from is the changes from a version on, as many as go into one message; none if they
// are forgotten, or there are none yet.
func (h *history) from(version uint64) []Change {
	if version < h.first || version-h.first >= uint64(len(h.changes)-h.begin) {
		return nil
	}
	begin := h.begin + int(version-h.first)
	end, bytes := begin, 0
	for end < len(h.changes) && end-begin < messageItems {
		if bytes += h.sizes[end]; bytes > messageBytes && end > begin {
			break
		}
		end++
	}
	return slices.Clone(h.changes[begin:end]) // they may be forgotten before they are sent
}
