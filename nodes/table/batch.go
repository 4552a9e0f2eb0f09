package table

import "time"

// batching says when the changes that wait are published (spec: cluster-framework
// 1.14): at once if batching is off, if enough wait, or if nothing was published for
// longer than delay; else delay after the last time.
type batching struct {
	size  int           // less than 1 is no batching
	delay time.Duration // likewise
	// waiting is how many changes wait, last when some were published.
	waiting int
	last    time.Time
}

// add counts a change and says how long it has to wait; 0 or less is not at all.
func (b *batching) add(now time.Time) time.Duration {
	b.waiting++
	switch {
	case b.size < 1, b.delay <= 0, b.waiting >= b.size, now.Sub(b.last) > b.delay:
		return 0
	}
	return max(b.last.Add(b.delay).Sub(now), 1)
}

// published says that nothing waits any more.
func (b *batching) published(now time.Time) { b.waiting, b.last = 0, now }
