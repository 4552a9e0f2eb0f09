package zmq

import (
	"bytes"
	"net"
)

const (
	greetingLen  = 64 // ZMTP 3.0, "greeting"
	minorAt      = 11 // where the minor version is; libzmq waits for the major one
	mechanismAt  = 12 // where in it the name of the security mechanism is
	mechanismLen = 20
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
	heard  []byte // of the greeting
	waits  bool   // with most of our greeting for the whole of the peer's, as the side that accepted does
	held   []byte // of our greeting
	failed error  // what the connection itself returned; what else goes wrong is the peer's doing
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
	if err := g.greeted(p[:n]); err != nil {
		return 0, err
	}
	for _, b := range p[:n] {
		if tooLong := g.step(b); tooLong != nil {
			return 0, tooLong
		}
	}
	return n, err
}

// greeted notes the peer's greeting, and sends what was held of ours once it is whole.
//
// libzmq hangs up without a word on a peer with another security mechanism, even if its own greeting is still to be sent.
// Who accepted therefore says no more than that it speaks ZMTP 3 until it knows what the peer speaks, and can log it.
func (g *guard) greeted(p []byte) (err error) {
	g.heard = append(g.heard, p[:min(len(p), greetingLen-len(g.heard))]...)
	if len(g.heard) == greetingLen && len(g.held) > 0 {
		_, err = g.Conn.Write(g.held)
		g.held, g.failed = nil, err
	}
	return err
}

func (g *guard) Write(p []byte) (int, error) {
	now := p
	if g.waits {
		now, g.held, g.waits = p[:minorAt], p[minorAt:], false
	}
	n, err := g.Conn.Write(now)
	g.failed = err
	return n + len(g.held), err
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

// offers is the security mechanism that the peer's greeting offers; "" unless it was a whole greeting.
func (g *guard) offers() string {
	const signature, version, footer = 0xff, 3, 0x7f
	if len(g.heard) < greetingLen || g.heard[0] != signature || g.heard[9] != footer || g.heard[10] < version {
		return ""
	}
	mechanism := g.heard[mechanismAt : mechanismAt+mechanismLen]
	return string(bytes.TrimRight(mechanism, "\x00"))
}
