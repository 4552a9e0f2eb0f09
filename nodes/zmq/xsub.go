package zmq

import (
	"net"
	"sync"

	"github.com/go-zeromq/zmq4"
)

// XSubHandler is told what happens on an XSub. All its functions are called in order on one goroutine of the XSub. While
// one blocks, up to RcvHWM messages wait; after that the broker's queue fills, and at the broker's high-water mark one
// slow XSub stops every publisher (spec: wire T6): take messages promptly and drop what you cannot use. The functions may
// call Subscribe and Unsubscribe but not Close. Nil functions are left out.
type XSubHandler struct {
	// Message hands over a message. It may match no topic any more: it was under way when that was unsubscribed.
	Message func(msg Message)

	// Connected: TCP and ZMTP handshakes are done and all topics were sent (again).
	Connected func()

	// Disconnected: the connection is gone, for the given reason. It is not called for one's own Close.
	Disconnected func(err error)
}

// XSub receives from the broker's XPUB what it subscribes to.
type XSub struct {
	opts  Options
	h     XSubHandler
	link  link
	inbox *inbox[xsubEvent]
	ended chan struct{} // closed when no handler will be called any more
	stats counters

	mu     sync.Mutex // guards what follows
	conn   *conn      // nil while there is none
	topics topicList
	closed bool
}

// xsubEvent is a call of the handler's Message, or any other call.
type xsubEvent struct {
	msg  Message
	call func()
}

// ConnectXSub begins to connect to the broker's XPUB endpoint and keeps connecting until Close. It fails only for an
// endpoint that cannot exist, or keys that do not suffice.
func ConnectXSub(endpoint string, opts Options, h XSubHandler) (*XSub, error) {
	if err := opts.mayConnect(); err != nil {
		return nil, err
	}
	remote, err := parseRemote(endpoint)
	if err != nil {
		return nil, err
	}
	opts = opts.withDefaults()
	x := &XSub{opts: opts, h: h.withDefaults(), inbox: newInbox[xsubEvent](opts), ended: make(chan struct{})}
	x.link = link{remote: remote, typ: zmq4.XSub, opts: opts, serve: x.serve, over: x.isClosed}
	x.link.start()
	go x.dispatch()
	return x, nil
}

// Subscribe asks for the messages whose topic begins with topic; an empty one asks for all. A topic that is subscribed
// already is not sent again: the broker might never report the end of such a topic (spec: wire T5). It does not wait, and
// may be called while there is no connection.
func (x *XSub) Subscribe(topic string) error {
	return x.update(topic, true)
}

// Unsubscribe undoes Subscribe. It does nothing for a topic that is not subscribed.
func (x *XSub) Unsubscribe(topic string) error {
	return x.update(topic, false)
}

// Close disconnects, which is what ends the subscriptions (spec: wire 1.10). Messages received but not handled yet are
// dropped. No handler function runs after it returned.
func (x *XSub) Close() error {
	x.mu.Lock()
	x.closed = true
	x.mu.Unlock()
	x.inbox.close()
	x.link.stop(0)
	<-x.ended
	return nil
}

// Stats returns the present numbers. Drops stays 0: nothing is dropped here.
func (x *XSub) Stats() Stats { return x.stats.stats() }

func (x *XSub) isClosed() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.closed
}

func (x *XSub) update(topic string, add bool) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.closed {
		return ErrClosed
	}
	changed, err := x.topics.update(topic, add, x.opts.limits)
	if err != nil || !changed || x.conn == nil {
		return err
	}
	if err := x.conn.out.putControl(appendSubscription(nil, topic, add)); err != nil {
		x.conn.fail(err) // the next connection will get all topics
	}
	return nil
}

func (x *XSub) serve(nc net.Conn) error {
	c := startConn(nc, newOutq(x.opts), x.opts.conn())
	if !x.attach(c) {
		return c.end(ErrClosed)
	}
	x.inbox.put(xsubEvent{call: x.h.Connected}, 0)
	in := intake[xsubEvent]{
		conn: c, inbox: x.inbox, frames: x.opts.Frames, stats: &x.stats,
		wrap: func(m Message) xsubEvent { return xsubEvent{msg: m} },
	}
	err := c.end(in.receive())
	x.detach()
	x.inbox.put(xsubEvent{call: func() { x.h.Disconnected(err) }}, 0)
	return err
}

// attach takes the connection into use and sends all topics, before any later change of them.
func (x *XSub) attach(c *conn) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.closed {
		return false
	}
	x.conn = c
	c.out.preload(x.topics.encode())
	return true
}

func (x *XSub) detach() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.conn = nil
}

func (x *XSub) dispatch() {
	defer close(x.ended)
	x.inbox.drain(func(e xsubEvent) {
		switch {
		case x.isClosed():
		case e.call != nil:
			e.call()
		default:
			x.h.Message(e.msg)
		}
	})
}

func (h XSubHandler) withDefaults() XSubHandler {
	if h.Message == nil {
		h.Message = func(Message) {}
	}
	if h.Connected == nil {
		h.Connected = func() {}
	}
	if h.Disconnected == nil {
		h.Disconnected = func(error) {}
	}
	return h
}
