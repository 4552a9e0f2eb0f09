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
	c := startConn(nc, p.opts.limits.upstream(), p.out, 0)
	for {
		if _, err := c.next(); err != nil {
			return c.end(err)
		}
	}
}
