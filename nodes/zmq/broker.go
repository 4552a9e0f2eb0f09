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

	// Drop loses messages for a subscriber that is at its high-water mark. The default is libzmq's XPUB_NODROP: its
	// publishers wait, and if it takes no byte for 10 seconds meanwhile it is disconnected.
	Drop bool
}

// Broker is the centre of a cluster: an XPUB and an XSUB with everything forwarded between them, messages one way,
// subscriptions the other (spec: wire 1.1, 1.6).
//
// It differs from libzmq's zmq_proxy where that helps and no node can mind: only publishers whose messages match a full
// subscriber wait for it, a subscriber that stalls is disconnected, and a topic that one connection subscribed twice ends
// with that connection.
type Broker struct {
	drop  bool
	opts  Options
	table *table
	subs  *listener // XPUB
	pubs  *listener // XSUB

	subscribers atomic.Uint64 // ids given so far
}

// ListenBroker binds both endpoints, or none, and serves until Close.
func ListenBroker(opts BrokerOptions) (*Broker, error) {
	b := &Broker{drop: opts.Drop, opts: opts.Options.withDefaults()}
	b.table = newTable(b.opts.limits)
	var err error
	if b.subs, err = listen(opts.ListenXPub, zmq4.XPub, b.opts); err != nil {
		return nil, fmt.Errorf("cannot start the broker's XPUB: %w", err)
	}
	if b.pubs, err = listen(opts.ListenXSub, zmq4.XSub, b.opts); err != nil {
		b.subs.close()
		return nil, fmt.Errorf("cannot start the broker's XSUB: %w", err)
	}
	b.subs.serve, b.pubs.serve = b.serveSubscriber, b.servePublisher
	b.subs.maxPacket = b.opts.limits.upstream()
	if !b.drop {
		b.subs.stall = b.opts.limits.stall
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
