package zmq

import (
	"slices"
	"time"
)

// How to hang up on peers that know no acknowledgements, libzmq's PUSH. One that reads our end closes at once, and loses the
// message that it has begun to write and not brought into the kernel; whatever the kernel has arrives. So the end is best
// said when nothing is under way: when a peer has been quiet for a while, or, if it never is, between two messages.
const (
	quiet  = 20 * time.Millisecond  // without a byte: nothing is under way
	hurry  = 200 * time.Millisecond // later we do not wait for quiet
	glance = 500 * time.Microsecond
)

// leaver is a connection that is to be left.
type leaver struct {
	*conn
	got   int64     // bytes
	since time.Time // it has got no more
}

// leaveGently tells the peers to send no more: AckPushes at once, the others at a good moment, and when half of the grace is
// over at any.
func leaveGently(conns []*conn, grace time.Duration) {
	var later []*leaver
	begun := time.Now()
	for _, c := range conns {
		if c.acking.Load() {
			c.leave()
			continue
		}
		later = append(later, &leaver{c, c.in.got.Load(), begun})
	}
	for len(later) > 0 {
		over := time.Since(begun)
		later = slices.DeleteFunc(later, func(l *leaver) bool {
			if !l.acking.Load() && !l.gone() && over < grace/2 && !l.moment(over >= hurry) {
				return false
			}
			l.leave()
			return true
		})
		if len(later) > 0 {
			time.Sleep(glance)
		}
	}
}

// moment says whether now is a good one.
func (l *leaver) moment(hurry bool) bool {
	if got := l.in.got.Load(); got != l.got {
		l.got, l.since = got, time.Now()
	}
	return l.in.idle.Load() && (hurry || time.Since(l.since) >= quiet)
}

func (c *conn) gone() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}
