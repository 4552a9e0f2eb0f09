package zmq

import "net"

const (
	greetingLen  = 64       // ZMTP 3.0, "greeting"
	maxHandshake = 16 << 10 // bytes a peer may send until it is ready, and the longest frame among them
)

// guard stands between the library and the connection while they shake hands. The library allocates what a frame header
// asks for before it reads it, so the guard follows the framing and fails the read that would complete a header of too
// long a frame (spec: zmq4 3 m, 5).
type guard struct {
	net.Conn
	total  int
	skip   int // bytes of the greeting or of a body until the next header
	header []byte
	failed error // what the connection itself returned; what else goes wrong is the peer's doing
}

func newGuard(nc net.Conn) *guard {
	return &guard{Conn: nc, skip: greetingLen, header: make([]byte, 0, longHeader)}
}

// Read hands out what the connection returned, or none of it when it contains something too long.
func (g *guard) Read(p []byte) (int, error) {
	n, err := g.Conn.Read(p)
	g.failed = err
	if g.total += n; g.total > maxHandshake {
		return 0, misbehaved("more than %d bytes before READY", maxHandshake)
	}
	for _, b := range p[:n] {
		if tooLong := g.step(b); tooLong != nil {
			return 0, tooLong
		}
	}
	return n, err
}

func (g *guard) Write(p []byte) (int, error) {
	n, err := g.Conn.Write(p)
	g.failed = err
	return n, err
}

func (g *guard) step(b byte) error {
	if g.skip > 0 {
		g.skip--
		return nil
	}
	g.header = append(g.header, b)
	if len(g.header) < headerLen(g.header[0]) {
		return nil
	}
	h := parseHeader(g.header)
	if h.size > maxHandshake {
		return misbehaved("a frame of %d bytes before READY, the limit is %d", h.size, maxHandshake)
	}
	g.skip, g.header = int(h.size), g.header[:0]
	return nil
}
