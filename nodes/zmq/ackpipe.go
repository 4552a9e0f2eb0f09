package zmq

import (
	"net"
	"sync"

	"github.com/go-zeromq/zmq4"
)

// ackPipe is an AckPush's way to one endpoint. Nothing outlives a connection: what was not acknowledged goes back to
// whoever sent it.
type ackPipe struct {
	opts  Options
	ready func() // there may be room
	link  link

	mu     sync.Mutex // guards what follows
	acks   *acks      // of the present connection, nil: there is none
	closed bool
}

func startAckPipe(remote endpoint, opts Options, ready func()) *ackPipe {
	p := &ackPipe{opts: opts, ready: ready}
	p.link = link{remote: remote, typ: zmq4.Push, opts: opts, serve: p.serve, over: p.over}
	p.link.start()
	return p
}

func (p *ackPipe) put(m Message, size int, done func(error)) error {
	a := p.current()
	if a == nil {
		return ErrAgain
	}
	return a.put(m, size, done)
}

func (p *ackPipe) serve(nc net.Conn) error {
	out := newOutq(p.opts)
	a := &acks{out: out, heard: p.ready}
	kind := p.opts.conn()
	kind.maxPacket, kind.acks = p.opts.limits.upstream(), a
	c := startConn(nc, out, kind)
	_ = out.putControl(a.ping(0)) // says from the beginning that we want answers; there is room for that
	p.set(a)
	p.ready()
	for {
		if _, err := c.next(); err != nil {
			p.set(nil)
			err = c.end(err)
			a.fail()
			p.ready() // somebody else may want what came back
			return err
		}
	}
}

// close takes nothing more and cuts the connection, if there still is one.
func (p *ackPipe) close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.link.stop(0)
}

func (p *ackPipe) over() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.closed
}

func (p *ackPipe) set(a *acks) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.acks = a
}

func (p *ackPipe) current() *acks {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.acks
}

// stopTaking lets what is under way come to its end.
func (p *ackPipe) stopTaking() {
	if a := p.current(); a != nil {
		a.end()
	}
}

func (p *ackPipe) settled() bool {
	a := p.current()
	return a == nil || a.settled()
}

func (p *ackPipe) connected() bool {
	a := p.current()
	return a != nil && a.takes()
}
