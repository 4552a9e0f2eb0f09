package zmq

import (
	"time"

	"github.com/go-zeromq/zmq4"
)

// publisher is a connection to the broker's XSUB.
//
// Its messages are forwarded in batches: all that one read brought, sorted by subscriber, and each subscriber is locked
// and woken once (spec: zmq4 6). Nothing is waiting here while the connection is being read.
type publisher struct {
	*conn
	broker   *Broker
	routes   routes
	open     opening
	waiting  []*load   // with messages, in the order in which they got the first
	breathed time.Time // see breathe
}

// opening is the neighbouring messages, at in.buf[from:to], that go the same way and are in no load yet.
type opening struct {
	route    *route
	from, to int
	count    int
}

// servePublisher tells the peer all subscriptions and forwards its messages, until it leaves.
func (b *Broker) servePublisher(c *conn) error {
	p := &publisher{conn: c}
	p.start(b)
	b.table.addPublisher(p)
	defer b.table.removePublisher(p)
	defer p.flush()
	for {
		msg, err := p.next()
		if err != nil {
			return err
		}
		if !msg.command {
			p.forward(msg)
		}
	}
}

// start makes the publisher ready to forward.
func (p *publisher) start(b *Broker) {
	p.broker, p.routes = b, newRoutes(b.table)
	p.in.before, p.in.recycle = p.flush, true
}

// forward adds the message's bytes, as they came, to the batch of every subscriber with a matching topic.
func (p *publisher) forward(msg packet) {
	if p.routes.stale() {
		p.flush()
		p.routes.forget()
	}
	route := p.routes.find(msg.frame(0))
	if route != p.open.route || msg.at != p.open.to {
		p.close()
		p.open = opening{route: route, from: msg.at}
	}
	p.open.to = msg.at + len(msg.wire)
	p.open.count++
}

// close hands the opening to the loads of its route.
func (p *publisher) close() {
	o := &p.open
	if o.route == nil {
		return
	}
	for _, l := range o.route.loads {
		if l.count == 0 {
			l.chunk = p.in.chunk
			p.waiting = append(p.waiting, l)
		}
		l.add(p.in.buf, o.from, o.to, o.count)
	}
	*o = opening{}
}

// flush hands every load to its subscriber. Without Drop it waits for those that are at their high-water mark, when all
// others have theirs; that stops the publisher by TCP's own means (spec: wire T6, zmq4 6).
func (p *publisher) flush() {
	p.close()
	for _, l := range p.waiting {
		if l.to.put(l) != ErrAgain {
			l.clear()
		}
	}
	for _, l := range p.waiting {
		if l.count > 0 {
			p.insist(l)
			l.clear()
		}
	}
	clear(p.waiting)
	p.waiting = p.waiting[:0]
}

// insist deals with what a subscriber had no room for.
func (p *publisher) insist(l *load) {
	if p.broker.drop {
		p.broker.count(l.to, l.count)
		return
	}
	p.await(l)
}

// await waits until the subscriber has taken the load or is gone, or the publisher is.
func (p *publisher) await(l *load) {
	p.breathe()
	breath := time.NewTicker(p.broker.opts.limits.breath)
	defer breath.Stop()
	for l.to.put(l) == ErrAgain {
		select {
		case <-l.to.out.roomy():
		case <-l.to.done:
			return
		case <-p.done:
			return
		case <-breath.C:
			p.breathe()
		}
	}
}

// breathe tells a waiting publisher from time to time that we live: while it waits its PINGs cannot be read, and libzmq
// hangs up on who does not answer. It takes any traffic for an answer, so what we send is a PONG; peers without
// heartbeats ignore that as they ignore every unknown command (spec: zmq4 7.4).
func (p *publisher) breathe() {
	now := time.Now()
	if now.Sub(p.breathed) < p.broker.opts.limits.breath {
		return
	}
	p.breathed = now
	if err := p.out.putControl(appendCommand(nil, zmq4.CmdPong, nil)); err != nil {
		p.fail(err)
	}
}
