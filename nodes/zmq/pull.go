package zmq

import (
	"errors"
	"io"
	"os"
	"sync/atomic"

	"github.com/go-zeromq/zmq4"
)

// Pull receives messages from any number of Pushes.
type Pull struct {
	opts   Options
	in     *listener
	inbox  *inbox[Delivery]
	memory *allowance
	ended  chan struct{} // closed when handle will not be called any more
	handle func(Delivery)
	stats  counters

	abandoned atomic.Bool
}

// BindPull binds the endpoint and calls handle for each message, one at a time and in the order of each peer. While handle
// is busy up to RcvHWM messages wait, and then the peers do. handle must not call Close.
func BindPull(endpoint string, opts Options, handle func(Message)) (*Pull, error) {
	return BindPullLater(endpoint, opts, func(d Delivery) {
		handle(d.Message)
		d.Arrived()
		d.Done()
	})
}

// BindPullLater is BindPull for a handler that is not done with a message when it returns: it says so later.
func BindPullLater(endpoint string, opts Options, handle func(Delivery)) (*Pull, error) {
	opts = opts.withDefaults()
	in, err := listen(endpoint, zmq4.Pull, opts)
	if err != nil {
		return nil, err
	}
	p := &Pull{opts: opts, in: in, inbox: newInbox[Delivery](opts), memory: newAllowance(opts), ended: make(chan struct{}), handle: handle}
	in.serve = p.serve
	in.start()
	go p.dispatch()
	return p, nil
}

// Endpoint is where Pushes connect to, with the real port.
func (p *Pull) Endpoint() string { return p.in.endpoint() }

// Close stops accepting, tells the peers to go elsewhere, takes what they had sent until they hang up or Linger is over,
// and returns when all of it has been handled. To an AckPush it answers for all of that,
// when it has arrived.
func (p *Pull) Close() error {
	p.in.close()
	p.in.finish(p.opts.Linger)
	p.inbox.close()
	<-p.ended
	return nil
}

// Abandon is for a handler that can do no more: what waits for it is dropped, and every AckPush learns that of what it sent
// and was not answered for nothing is certain. Close is still to be called.
func (p *Pull) Abandon() {
	p.abandoned.Store(true)
	p.in.close()
	for _, c := range p.in.current() {
		c.fail(ErrClosed)
	}
}

func (p *Pull) serve(c *conn) error {
	share, asked := &share{of: p.memory, conn: c}, &receipts{conn: c}
	in := intake[Delivery]{
		conn: c, inbox: p.inbox, frames: p.opts.Frames, stats: &p.stats, drop: Delivery.Done,
		wrap: func(m Message) Delivery {
			share.whole()
			return newDelivery(m, c, asked)
		},
	}
	c.in.alloc = share.take
	c.ackPing = asked.ping
	defer func() {
		share.leave()
		c.in.chunk.release()
	}()
	if sealed, ok := c.nc.(*sealedConn); ok {
		share.sealed, sealed.charge = true, share.charge
		defer func() { sealed.room.release() }()
	}
	err := in.receive()
	if c.acking.Load() && (errors.Is(err, io.EOF) || errors.Is(err, os.ErrDeadlineExceeded)) {
		asked.answerAll()
	}
	return err
}

// Stats returns the present numbers. Drops stays 0: nothing is dropped here.
func (p *Pull) Stats() Stats { return p.stats.stats() }

func (p *Pull) dispatch() {
	defer close(p.ended)
	p.inbox.drain(func(d Delivery) {
		if p.abandoned.Load() {
			d.Done()
			return
		}
		p.handle(d)
	})
}
