package zmq

import "sync/atomic"

// subscriber is a connection to the broker's XPUB.
type subscriber struct {
	*conn
	id      uint64              // counts connections
	topics  map[string]struct{} // guarded by table.mu
	dropped atomic.Uint64       // messages not taken at the high-water mark, with BrokerOptions.Drop
}

// serveSubscriber keeps the table up to date with what the peer asks for, until it leaves. Anything else that it sends
// is for nobody.
func (b *Broker) serveSubscriber(c *conn) error {
	s := &subscriber{conn: c, id: b.subscribers.Add(1), topics: make(map[string]struct{})}
	err := b.hear(s)
	s.fail(err) // before its topics go: nobody must wait for it any more
	s.out.discard()
	s.about = []any{"topics", b.table.held(s), "dropped", s.dropped.Load()}
	b.table.remove(s)
	return err
}

// put queues the load, or writes it where nothing is in the way. See outq.put.
func (s *subscriber) put(l *load) error {
	if l.size > writeNowLimit {
		return s.out.put(l, nil)
	}
	return s.out.put(l, s.now)
}

// count counts messages that s did not get, and says so once per subscriber.
func (b *Broker) count(s *subscriber, messages int) {
	b.counters.drops.Add(uint64(messages))
	if s.dropped.Add(uint64(messages)) == uint64(messages) {
		b.subs.log.warn("dropping messages: a subscriber is at its high-water mark", "peer", peerOf(s.nc),
			"topics", b.table.held(s))
	}
}

func (b *Broker) hear(s *subscriber) error {
	for {
		p, err := s.next()
		if err != nil {
			return err
		}
		request, ok := p.subscription()
		if ok {
			b.counters.requests.add(1, 1+len(request.topic))
		}
		switch {
		case !ok:
		case request.add:
			if err := b.table.subscribe(s, string(request.topic)); err != nil {
				return err
			}
		default:
			b.table.unsubscribe(s, string(request.topic))
		}
	}
}
