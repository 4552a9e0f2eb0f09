// Package damp keeps what goes wrong all the time from being said all the time.
package damp

import "time"

// pause is how long nothing is said after something was.
const pause = 10 * time.Second

// Damper lets one in ten seconds through. The zero Damper lets the first one through. It is
// not for concurrent use.
type Damper struct {
	next       time.Time
	suppressed int
}

// Do calls what, unless it did so a moment ago, with how many were not let through since.
func (d *Damper) Do(now time.Time, what func(suppressed int)) {
	if now.Before(d.next) {
		d.suppressed++
		return
	}
	what(d.suppressed)
	d.next, d.suppressed = now.Add(pause), 0
}
