package zmq

import (
	"time"

	"github.com/go-zeromq/zmq4"
)

// publisher is a connection to the broker's XSUB.
type publisher struct {
	*conn
	to       []*subscriber // of the current message; kept to be filled again
	breathed time.Time     // see breathe
}

// servePublisher tells the peer all subscriptions and forwards its messages, until it leaves.
func (b *Broker) servePublisher(c *conn) error {
	p := &publisher{conn: c}
	b.table.addPublisher(p)
	defer b.table.removePublisher(p)
	for {
		msg, err := p.next()
		if err != nil {
			return err
		}
		if !msg.command {
			b.forward(p, msg)
		}
	}
}

// forward queues the message's bytes, as they came, for every subscriber with a matching topic. Without Drop it waits for
// those that are at their high-water mark, which stops the publisher by TCP's own means (spec: wire T6, zmq4 6).
func (b *Broker) forward(p *publisher, msg packet) {
	p.to = b.table.match(msg.frame(0), p.to[:0])
	for _, s := range p.to {
		if s.out.put(msg.wire) != ErrAgain {
			continue
		}
		if b.drop {
			b.count(s)
			continue
		}
		b.await(p, s, msg.wire)
	}
	clear(p.to)
}

// await waits until the subscriber has taken the message or is gone, or the publisher is.
func (b *Broker) await(p *publisher, s *subscriber, wire []byte) {
	b.breathe(p)
	breath := time.NewTicker(b.opts.limits.breath)
	defer breath.Stop()
	for s.out.put(wire) == ErrAgain {
		select {
		case <-s.out.roomy():
		case <-s.done:
			return
		case <-p.done:
			return
		case <-breath.C:
			b.breathe(p)
		}
	}
}

// breathe tells a waiting publisher from time to time that we live: while it waits its PINGs cannot be read, and libzmq
// hangs up on who does not answer. It takes any traffic for an answer, so what we send is a PONG; peers without
// heartbeats ignore that as they ignore every unknown command (spec: zmq4 7.4).
func (b *Broker) breathe(p *publisher) {
	now := time.Now()
	if now.Sub(p.breathed) < b.opts.limits.breath {
		return
	}
	p.breathed = now
	if err := p.out.putControl(appendCommand(nil, zmq4.CmdPong, nil)); err != nil {
		p.fail(err)
	}
}

// count counts a dropped message, and says so once per subscriber.
func (b *Broker) count(s *subscriber) {
	if s.dropped.Add(1) == 1 {
		b.subs.log.warn("dropping messages: a subscriber is at its high-water mark", "peer", peerOf(s.nc),
			"topics", b.table.held(s))
	}
}
