package zmq

import (
	"math/rand/v2"
	"time"
)

// backoff says how long to wait before connecting again. The first waits are short, because in a starting cluster the
// broker is up within milliseconds; they double up to max. All are jittered, so that a cluster does not return at once.
type backoff struct {
	min, max time.Duration
	last     time.Duration
}

// next returns the wait before the next attempt, between half of its nominal length and all of it.
func (b *backoff) next() time.Duration {
	b.last = min(max(2*b.last, b.min), b.max)
	return jitter(b.last)
}

// slow returns the longest wait, for an endpoint that refused us for a reason that will not go away by itself.
func (b *backoff) slow() time.Duration {
	b.last = b.max
	return jitter(b.last)
}

// reset begins with short waits again.
func (b *backoff) reset() { b.last = 0 }

func jitter(d time.Duration) time.Duration {
	return d/2 + rand.N(d/2+1)
}
