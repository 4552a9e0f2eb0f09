package zmq

// publisher is a connection to the broker's XSUB.
//
// Its messages are forwarded in batches: all that one read brought, sorted by subscriber, and each subscriber is locked
// and woken once (spec: zmq4 6). Nothing is waiting here while the connection is being read.
type publisher struct {
	*conn
	broker        *Broker
	routes        routes
	open          opening
	frames, bytes int     // of this batch
	loaded        []*load // with messages, in the order in which they got the first
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
	p.frames += len(msg.spans)
	p.bytes += msg.payload()
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
			p.loaded = append(p.loaded, l)
		}
		l.add(p.in.buf, o.from, o.to, o.count)
	}
	*o = opening{}
}

// flush hands every load to its subscriber. Without Drop it waits for those that are at their high-water mark, when all
// others have theirs; that stops the publisher by TCP's own means (spec: wire T6, zmq4 6).
func (p *publisher) flush() {
	p.close()
	p.broker.counters.events.add(p.frames, p.bytes)
	p.frames, p.bytes = 0, 0
	for _, l := range p.loaded {
		if p.put(l) != ErrAgain {
			l.clear()
		}
	}
	for _, l := range p.loaded {
		if l.count > 0 {
			p.insist(l)
			l.clear()
		}
	}
	clear(p.loaded)
	p.loaded = p.loaded[:0]
}

// insist deals with what a subscriber had no room for.
func (p *publisher) insist(l *load) {
	if p.broker.opts.Drop {
		p.broker.count(l.to, l.count)
		return
	}
	for p.wait(l.to.out.roomy(), l.to.done) && p.put(l) == ErrAgain {
	}
}

// put hands a load to its subscriber, or as much as there is room for.
func (p *publisher) put(l *load) error {
	count, size := l.count, l.size
	err := l.to.put(l)
	if err != ErrClosed {
		p.broker.counters.delivered.add(count-l.count, size-l.size)
	}
	return err
}
