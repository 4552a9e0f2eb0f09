package zmq

import (
	"slices"
	"sync"
	"time"
)

// allowance bounds the bytes of the receive buffers of all connections of a socket, until nobody uses any more what was
// received into them. A buffer of firstChunk is always there, for everybody; what is larger waits for room, in the order in
// which it was asked for.
//
// Nobody waits for ever. One connection at a time may have a buffer more than there is room for, and change it for a larger
// one, so whoever is first in the queue gets it sooner or later, be it larger than all the allowance, and connections that
// each hold a half of what they need do not wait for each other. A peer that sends half a message, and then nothing or hardly anything, while others wait for the
// memory that it holds, is disconnected.
type allowance struct {
	limit    int           // bytes
	patience time.Duration // with a slow peer that others wait for
	leastBps float64       // bytes per second that are not slow

	mu      sync.Mutex // guards what follows, and the shares
	used    int
	free    int                 // of those: of encrypted connections, which have waited already
	overs   int                 // buffers beyond the limit, all of one connection
	waiting []*claim            // in order
	partly  map[*share]struct{} // those that hold a message which has not come whole, or are beyond the limit
}

// share is a connection's part of an allowance.
type share struct {
	of     *allowance
	conn   *conn
	sealed bool // what is decrypted has room, which charge has waited for

	partly bool // it is in of.partly; of the reading goroutine

	since   time.Time // from when on it is looked how fast the message under way comes
	from    int64     // bytes received by then
	bytes   int       // of its buffer
	over    bool      // that is beyond the limit
	waiting bool      // for us
}

// claim is a connection that waits for so many bytes.
type claim struct {
	share   *share
	size    int
	instead bool          // of a buffer that is beyond the limit
	granted chan struct{} // closed when it is
	over    bool          // it was, beyond the limit
}

func newAllowance(opts Options) *allowance {
	return &allowance{limit: opts.RcvMemory, patience: opts.limits.slow, leastBps: leastBps, partly: make(map[*share]struct{})}
}

// leastBps is how many bytes a second a peer has to send when others wait for it: a log batch within some seconds.
const leastBps = 64 << 10

// take returns a buffer of that size, for the rest of a message that is under way, or for new ones. It waits for room,
// until the connection fails.
func (s *share) take(size int, underWay bool) (*chunk, error) {
	var b *chunk
	var err error
	if s.sealed {
		b = s.of.force(size)
		s.begin(size, underWay, false)
	} else {
		b, err = s.charge(size, s.conn.in.chunk, underWay)
	}
	if err != nil {
		return nil, err
	}
	b.buf = make([]byte, size)
	return b, nil
}

// charge waits for room for so many bytes, instead of those of an old buffer if that is one, and returns a chunk without any
// that counts for them.
func (s *share) charge(size int, old *chunk, underWay bool) (*chunk, error) {
	c := s.of.claim(s, size, old != nil && old.over)
	if err := s.await(c); err != nil {
		return nil, err
	}
	s.begin(size, underWay, c.over)
	return c.chunk(), nil
}

// chunk is what a granted claim is for.
func (c *claim) chunk() *chunk {
	b := &chunk{of: c.share.of, size: c.size, over: c.over}
	b.refs.Store(1)
	return b
}

// await waits until the claim is granted.
func (s *share) await(c *claim) error {
	select {
	case <-c.granted:
		return nil
	default:
	}
	again := time.AfterFunc(s.of.patience, func() { s.of.hurry(c) })
	defer again.Stop()
	s.setWaiting(true)
	defer s.setWaiting(false)
	if s.conn.wait(c.granted, nil) {
		return nil
	}
	s.of.withdraw(c)
	return s.conn.err
}

func (s *share) setWaiting(w bool) {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	s.waiting = w
}

// begin notes that there is a buffer of that size, for a message of which some has come, or for new ones.
func (s *share) begin(size int, underWay, over bool) {
	if !s.partly && !underWay && !over {
		return
	}
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	s.bytes, s.over = size, over
	switch {
	case !underWay && !over:
		s.end()
	case !s.partly:
		s.partly = true
		s.of.partly[s] = struct{}{}
		s.again()
	}
}

// again begins to measure how fast a message comes.
func (s *share) again() { s.since, s.from = time.Now(), s.conn.in.got.Load() }

func (s *share) end() {
	s.partly = false
	delete(s.of.partly, s)
}

// whole notes that a message has come whole.
func (s *share) whole() {
	if !s.partly {
		return
	}
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	if s.over { // of the next one there may be a beginning
		s.again()
		return
	}
	s.end()
}

// leave notes that the connection has ended.
func (s *share) leave() {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	s.end()
}

func (a *allowance) claim(s *share, size int, instead bool) *claim {
	c := &claim{share: s, size: size, instead: instead, granted: make(chan struct{})}
	a.mu.Lock()
	defer a.mu.Unlock()
	if size <= firstChunk {
		a.grant(c)
		return c
	}
	a.waiting = append(a.waiting, c)
	a.grantAll()
	return c
}

// grantAll grants what there is room for, and to the first what there is none for, if nobody else has that. Whoever has it
// goes on before all others, as soon as it has nothing beyond the limit but what it is about to give back.
func (a *allowance) grantAll() {
	if a.overs == 1 {
		a.grantAt(slices.IndexFunc(a.waiting, func(c *claim) bool { return c.instead }))
	}
	for len(a.waiting) > 0 && (a.used+a.waiting[0].size <= a.limit || a.overs == 0 && a.free < a.limit) {
		a.grantAt(0)
	}
}

func (a *allowance) grantAt(i int) {
	if i >= 0 {
		a.grant(a.waiting[i])
		a.waiting = slices.Delete(a.waiting, i, i+1)
	}
}

// force counts bytes that nothing has to wait for.
func (a *allowance) force(size int) *chunk {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.used += size
	a.free += size
	b := (&claim{share: &share{of: a}, size: size}).chunk()
	b.free = true
	return b
}

// giveChunk returns what a chunk counted.
func (a *allowance) giveChunk(c *chunk) {
	if c.free {
		a.mu.Lock()
		a.free -= c.size
		a.mu.Unlock()
	}
	a.give(c.size, c.over)
}

func (a *allowance) grant(c *claim) {
	if a.used += c.size; a.used > a.limit && c.size > firstChunk {
		c.over = true
		a.overs++
	}
	close(c.granted)
}

// give returns a buffer's bytes.
func (a *allowance) give(size int, over bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.used -= size
	if over {
		a.overs--
	}
	a.grantAll()
}

// withdraw takes a claim back.
func (a *allowance) withdraw(c *claim) {
	a.mu.Lock()
	i := slices.Index(a.waiting, c)
	if i >= 0 {
		a.waiting = slices.Delete(a.waiting, i, i+1)
	}
	a.mu.Unlock()
	if i < 0 {
		a.give(c.size, c.over)
	}
}

// hurry is called while a claim waits.
func (a *allowance) hurry(c *claim) {
	if slow, rate := a.slowest(c); slow != nil {
		slow.conn.fail(misbehaved("it sends a message of which %d bytes are kept at %.0f bytes a second, and others wait for that memory", slow.bytes, rate))
	}
	select {
	case <-c.granted:
	case <-c.share.conn.done:
	default:
		time.AfterFunc(a.patience/4, func() { a.hurry(c) })
	}
}

// slowest is the peer that keeps a claim waiting the longest by being slow: nobody, unless the claim is the first and it
// would help, because the peer is beyond the limit, or there would be room without the messages that are under way.
func (a *allowance) slowest(c *claim) (slow *share, rate float64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.waiting) == 0 || a.waiting[0] != c {
		return nil, 0
	}
	room := a.limit - a.used
	rate = a.leastBps
	for s := range a.partly {
		age := time.Since(s.since)
		if s.waiting && !s.sealed || age < a.patience {
			continue
		}
		room += s.bytes
		switch r := float64(s.conn.in.got.Load()-s.from) / age.Seconds(); {
		case r >= a.leastBps:
			s.again() // it may stop yet
		case s.over:
			return s, r
		case r < rate:
			slow, rate = s, r
		}
	}
	if room < min(c.size, a.limit) {
		return nil, 0
	}
	return slow, rate
}
