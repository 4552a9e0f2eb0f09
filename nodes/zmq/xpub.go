package zmq

import (
	"net"
	"sync"

	"github.com/go-zeromq/zmq4"
)

// XPubHandler is told what happens on an XPub. All its functions are called in order on one goroutine, the one that reads
// the connection, so they must not block for long; they may call Send but not Close. Nil functions are left out.
type XPubHandler struct {
	// Subscribed and Unsubscribed report what the broker sends. A topic that is known already is reported again
	// (libzmq's XPUB_VERBOSE), an unknown one is not reported as unsubscribed. The topic may be kept.
	Subscribed   func(topic []byte)
	Unsubscribed func(topic []byte)

	// Connected: TCP and ZMTP handshakes are done; all topics known to the broker follow as calls of Subscribed.
	Connected func()

	// Disconnected: the connection is gone, for the given reason, and with it all that was queued. Nothing is reported as
	// unsubscribed (spec: wire 1.6); until Connected, Send sends to nobody. It is not called for one's own Close.
	Disconnected func(err error)
}

// XPub publishes messages to the broker's XSUB and hears who subscribes to what.
type XPub struct {
	opts Options
	h    XPubHandler
	link link

	ending sync.Once

	mu     sync.Mutex // guards what follows
	conn   *conn      // nil while there is none
	topics prefixMap[struct{}]
	wanted map[string]bool // whether a topic begins with one of topics, of those asked for lately
	stats  Stats
	closed bool
}

// ConnectXPub begins to connect to the broker's XSUB endpoint and keeps connecting until Close. It fails only for an
// endpoint that cannot exist, or keys that do not suffice.
func ConnectXPub(endpoint string, opts Options, h XPubHandler) (*XPub, error) {
	if err := opts.mayConnect(); err != nil {
		return nil, err
	}
	remote, err := parseRemote(endpoint)
	if err != nil {
		return nil, err
	}
	x := &XPub{opts: opts.withDefaults(), h: h.withDefaults()}
	x.link = link{remote: remote, typ: zmq4.XPub, opts: x.opts, serve: x.serve, over: x.isClosed}
	x.link.start()
	return x, nil
}

// Send queues the message for the broker if anybody subscribes to its first frame. It never blocks. It returns nil, too,
// when nobody subscribes or there is no connection (libzmq's semantics), ErrAgain when SndHWM is reached, ErrClosed after
// Close, and an error that says what is wrong for a message that no peer would take.
func (x *XPub) Send(msg Message) error {
	size, err := msg.measure(x.opts.MaxMessage)
	if err != nil {
		return err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.closed {
		return ErrClosed
	}
	if x.conn == nil || !x.wants(msg[0]) {
		return nil
	}
	if err := x.conn.out.putMessage(msg, size); err != nil {
		x.stats.Drops++
		if err == ErrAgain && x.opts.Drop {
			return nil
		}
		return err
	}
	x.stats.Messages++
	x.stats.Bytes += uint64(size)
	return nil
}

// wants says whether anybody subscribes to the topic. Mostly it was asked before.
func (x *XPub) wants(topic []byte) bool {
	wanted, known := x.wanted[string(topic)]
	if known {
		return wanted
	}
	wanted = x.topics.hasPrefixOf(topic)
	if len(topic) <= maxRouteTopic {
		if len(x.wanted) >= maxRoutes {
			clear(x.wanted)
		}
		x.wanted[string(topic)] = wanted
	}
	return wanted
}

// Stats returns the present numbers.
func (x *XPub) Stats() Stats {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.stats
}

// Close sends what is queued for at most Linger and disconnects. No handler function runs after it returned.
func (x *XPub) Close() error {
	x.ending.Do(x.end)
	return nil
}

func (x *XPub) end() {
	x.mu.Lock()
	x.closed = true
	c := x.conn
	x.mu.Unlock()
	if c == nil {
		x.link.stop(0)
		return
	}
	c.out.close()
	x.link.stop(x.opts.Linger)
}

func (x *XPub) isClosed() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.closed
}

func (x *XPub) serve(nc net.Conn) error {
	c := startConn(nc, newOutq(x.opts), x.opts.conn())
	if !x.attach(c) {
		return c.end(ErrClosed)
	}
	x.h.Connected()
	err := c.end(x.receive(c))
	if x.detach() {
		x.h.Disconnected(err)
	}
	return err
}

func (x *XPub) attach(c *conn) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.closed {
		return false
	}
	x.conn, x.topics, x.wanted = c, prefixMap[struct{}]{}, make(map[string]bool)
	return true
}

// detach forgets the connection. It returns false after Close.
func (x *XPub) detach() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.conn = nil
	return !x.closed
}

// receive hears subscriptions until the connection fails. After Close it goes on reading, for the sake of a clean end
// (spec: zmq4 7.3), but reports nothing.
func (x *XPub) receive(c *conn) error {
	warned := false
	for {
		p, err := c.next()
		if err != nil {
			return err
		}
		s, ok := p.subscription()
		if !ok {
			if len(p.spans) != 1 {
				x.countError()
			}
			continue
		}
		switch x.apply(s) {
		case topicAdded:
			x.h.Subscribed(s.topic)
		case topicRemoved:
			x.h.Unsubscribed(s.topic)
		case topicRefused:
			if !warned {
				warned = true
				x.opts.Log.Warn("ignoring subscriptions: too many or too long", "endpoint", x.link.remote,
					"topics", x.opts.limits.allTopics, "bytes", x.opts.limits.topicLen)
			}
		}
	}
}

func (x *XPub) countError() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.stats.Errors++
}

// applied is what became of a subscription.
type applied int

const (
	topicIgnored applied = iota
	topicAdded
	topicRemoved
	topicRefused
)

func (x *XPub) apply(s subscription) applied {
	x.mu.Lock()
	defer x.mu.Unlock()
	topic := string(s.topic)
	_, known := x.topics.get(topic)
	switch {
	case x.closed:
		return topicIgnored
	case s.add && known:
		return topicAdded
	case s.add && (x.topics.len() >= x.opts.limits.allTopics || len(topic) > x.opts.limits.topicLen):
		return topicRefused
	case s.add:
		x.topics.set(topic, struct{}{})
		clear(x.wanted)
		return topicAdded
	case known:
		x.topics.delete(topic)
		clear(x.wanted)
		return topicRemoved
	}
	return topicIgnored
}

func (h XPubHandler) withDefaults() XPubHandler {
	if h.Subscribed == nil {
		h.Subscribed = func([]byte) {}
	}
	if h.Unsubscribed == nil {
		h.Unsubscribed = func([]byte) {}
	}
	if h.Connected == nil {
		h.Connected = func() {}
	}
	if h.Disconnected == nil {
		h.Disconnected = func(error) {}
	}
	return h
}
