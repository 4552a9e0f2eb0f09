package zmq

import (
	"net"

	"github.com/go-zeromq/zmq4"
)

// pipe is a Push's way to one endpoint: a queue that survives reconnecting, and the link that empties it.
type pipe struct {
	opts Options
	out  *outq
	link link
}

func startPipe(remote endpoint, opts Options) *pipe {
	p := &pipe{opts: opts, out: newOutq(opts)}
	p.out.survives = true
	p.link = link{remote: remote, typ: zmq4.Push, opts: opts, serve: p.serve, over: p.out.finished}
	p.link.start()
	return p
}

// put queues a message, connected or not, unless Immediate forbids that.
func (p *pipe) put(m Message, size int) error {
	if p.opts.Immediate && !p.out.connected() {
		return ErrAgain
	}
	return p.out.putMessage(m, size)
}

// close sends what is queued for at most Linger, even if that takes connecting first, and disconnects.
func (p *pipe) close() {
	p.out.close()
	if p.out.idle() {
		p.link.stop(0)
		return
	}
	p.link.stop(p.opts.Linger)
}

// serve reads for the sake of PINGs and of noticing the end; a PULL has nothing else to say.
func (p *pipe) serve(nc net.Conn) error {
	kind := p.opts.conn()
	kind.maxPacket = p.opts.limits.upstream()
	c := startConn(nc, p.out, kind)
	for {
		if _, err := c.next(); err != nil {
			return c.end(err)
		}
	}
}
