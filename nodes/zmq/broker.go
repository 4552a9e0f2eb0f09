package zmq

import (
	"fmt"
	"sync/atomic"

	"github.com/go-zeromq/zmq4"
)

// BrokerOptions say where a broker listens. Of Options, SndHWM bounds each subscriber's queue; RcvHWM has no meaning,
// since the broker queues nothing on its way in.
type BrokerOptions struct {
	Options

	// ListenXPub and ListenXSub are the endpoints to bind: nodes' XSubs connect to the former, nodes' XPubs to the latter
	// (spec: wire 1.1).
	ListenXPub, ListenXSub string
}

// Broker is the centre of a cluster: an XPUB and an XSUB with everything forwarded between them, messages one way,
// subscriptions the other (spec: wire 1.1, 1.6).
//
// It differs from libzmq's zmq_proxy where that helps and no node can mind: only publishers whose messages match a full
// subscriber wait for it, a subscriber that stalls is disconnected, and a topic that one connection subscribed twice ends
// with that connection.
type Broker struct {
	opts  Options
	table *table
	subs  *listener // XPUB
	pubs  *listener // XSUB

	subscribers atomic.Uint64 // ids given so far
	counters    brokerCounters
}

// Check says which of the endpoints cannot exist.
func (o BrokerOptions) Check() error {
	for _, e := range []string{o.ListenXPub, o.ListenXSub} {
		if _, err := parseEndpoint(e); err != nil {
			return err
		}
	}
	return nil
}

// ListenBroker binds both endpoints, or none, and serves until Close.
func ListenBroker(opts BrokerOptions) (*Broker, error) {
	b := &Broker{opts: opts.Options.withDefaults()}
	b.table = newTable(b.opts.limits, &b.counters.news)
	var err error
	if b.subs, err = listen(opts.ListenXPub, zmq4.XPub, b.opts); err != nil {
		return nil, fmt.Errorf("cannot start the broker's XPUB: %w", err)
	}
	if b.pubs, err = listen(opts.ListenXSub, zmq4.XSub, b.opts); err != nil {
		b.subs.close()
		return nil, fmt.Errorf("cannot start the broker's XSUB: %w", err)
	}
	b.subs.serve, b.pubs.serve = b.serveSubscriber, b.servePublisher
	b.subs.kind.maxPacket = b.opts.limits.upstream()
	if !b.opts.Drop {
		b.subs.kind.stall = b.opts.limits.stall
	}
	b.subs.start()
	b.pubs.start()
	return b, nil
}

// XPubEndpoint is where nodes' XSubs connect to, with the real port.
func (b *Broker) XPubEndpoint() string { return b.subs.endpoint() }

// XSubEndpoint is where nodes' XPubs connect to, with the real port.
func (b *Broker) XSubEndpoint() string { return b.pubs.endpoint() }

// Close disconnects all nodes. It takes what publishers had sent, and lets subscribers take what is queued for them, for
// at most Linger altogether.
func (b *Broker) Close() error {
	b.subs.close()
	b.pubs.close()
	b.pubs.finish(b.opts.Linger / 2)
	b.subs.finish(b.opts.Linger / 2)
	return nil
}
