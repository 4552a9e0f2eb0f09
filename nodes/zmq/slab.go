package zmq

// slabFrames is how many frames are allocated at once. A message that is kept keeps that many headers, 6 kB, and with them
// the bytes of its neighbours.
const slabFrames = 256

// slabBytes is how long a message may be that has neighbours: those of a slab fill a few receive buffers. Longer ones, as
// log batches are, would keep each other in memory long after they were handled.
const slabBytes = 4 << 10

// slab makes Messages with few allocations. What it gave out it never touches again.
type slab struct{ free Message }

// message returns the packet's frames.
func (s *slab) message(p packet) Message {
	n := len(p.spans)
	if len(p.wire) > slabBytes {
		s.free = nil
		return p.message()
	}
	if n > slabFrames/8 {
		return p.message()
	}
	if len(s.free) < n {
		s.free = make(Message, slabFrames)
	}
	m := s.free[:n:n]
	s.free = s.free[n:]
	p.frames(m)
	return m
}
