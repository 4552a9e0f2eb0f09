package store

import (
	"container/heap"
	"time"
)

// deadlines is the entries that have a deadline, the next one first; each entry
// knows its place.
type deadlines []*entry

// Len, Less, Swap, Push and Pop are what container/heap asks for.
func (d deadlines) Len() int           { return len(d) }
func (d deadlines) Less(i, j int) bool { return d[i].deadline < d[j].deadline }
func (d deadlines) Swap(i, j int) {
	d[i], d[j] = d[j], d[i]
	d[i].at, d[j].at = i, j
}
func (d *deadlines) Push(x any) {
	e := x.(*entry)
	e.at = len(*d)
	*d = append(*d, e)
}
func (d *deadlines) Pop() any {
	last := len(*d) - 1
	e := (*d)[last]
	(*d)[last] = nil
	*d = (*d)[:last]
	return e
}

// set gives an entry another deadline; 0 takes it away.
func (d *deadlines) set(e *entry, deadline int64) {
	had := e.deadline != 0
	switch {
	case !had && deadline == 0:
	case !had:
		e.deadline = deadline
		heap.Push(d, e)
	case deadline == 0:
		heap.Remove(d, e.at)
		e.deadline = 0
	default:
		e.deadline = deadline
		heap.Fix(d, e.at)
	}
}

// expiredAtOnce is how many entries [Contents.Expired] removes in one go.
const expiredAtOnce = 1024

// Expired removes entries whose time is over and says which they are, some at a
// time: until it says none there may be more. Only a master calls it; copies
// hear of it.
func (c *Contents) Expired(now time.Time) []Change {
	var changes []Change
	for len(c.expiry) > 0 && c.expiry[0].deadline <= now.UnixNano() && len(changes) < expiredAtOnce {
		e := c.expiry[0]
		c.remove(e)
		changes = append(changes, Change{Kind: ChangeExpire, Key: decodeKey(e.key)})
	}
	return changes
}

// NextDeadline is when the next entry expires, if any does.
func (c *Contents) NextDeadline() (time.Time, bool) {
	if len(c.expiry) == 0 {
		return time.Time{}, false
	}
	return moment(c.expiry[0].deadline), true
}
