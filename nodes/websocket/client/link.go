package client

import (
	"context"
	"slices"
	"sync"

	"zctl/nodes/event"
	"zctl/nodes/websocket/frame"
)

// Handler is what a Link tells. Calls come one after the other, and must not wait: the
// connection is not read meanwhile. Functions may be nil.
type Handler struct {
	// Connected says that the server acknowledged the subscriptions, and what it calls
	// this client; also after Lost, and when they changed.
	Connected func(frame.Ack)
	// Message takes an event.
	Message func(Message)
	// Lost says that a connection ended, or that none came about, and why. There will
	// be another attempt, but for a [RefusedError] as long as there was no connection
	// yet.
	Lost func(error)
}

func (h Handler) withDefaults() Handler {
	if h.Connected == nil {
		h.Connected = func(frame.Ack) {}
	}
	if h.Message == nil {
		h.Message = func(Message) {}
	}
	if h.Lost == nil {
		h.Lost = func(error) {}
	}
	return h
}

// Link is a connection to a server that comes back when it is lost. Its methods may be
// called from any goroutine, but Close from no function of its Handler.
type Link struct {
	o      Options
	h      Handler
	cancel context.CancelFunc
	done   chan struct{} // closed when it has ended, err is set before
	err    error

	mu      sync.Mutex         // guards what follows; nothing is waited for under it
	topics  []string           // in order
	replace context.CancelFunc // ends the session, since the topics changed; may be nil
	session *session           // nil: no connection
	// pending is what is to be sent when there is a connection again; only those wait
	// that are published while one replaces another.
	pending pending
}

// Open begins to connect, and subscribes topics, by their beginnings. It fails only for
// options and topics that cannot be.
func Open(o Options, topics []string, h Handler) (*Link, error) {
	o = o.withDefaults()
	if err := o.check(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	l := &Link{o: o, h: h.withDefaults(), cancel: cancel, done: make(chan struct{})}
	for _, topic := range topics {
		if err := l.Subscribe(topic); err != nil {
			cancel()
			return nil, err
		}
	}
	go l.run(ctx)
	return l, nil
}

// Subscribe asks for all messages whose topics begin with that one. As the subscriptions
// of a connection cannot change (spec: websocket 1), a connection that there is already
// is replaced, and what passes meanwhile is not heard; those that come in close
// succession change together.
func (l *Link) Subscribe(topic string) error {
	if err := checkTopic(topic); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !slices.Contains(l.topics, topic) {
		l.topics = append(slices.Clip(l.topics), topic)
		l.change()
	}
	return nil
}

// Unsubscribe takes back a Subscribe.
func (l *Link) Unsubscribe(topic string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := slices.Index(l.topics, topic); i >= 0 {
		l.topics = slices.Delete(slices.Clone(l.topics), i, i+1)
		l.change()
	}
	return nil
}

// change has the session replaced. l.mu is held.
func (l *Link) change() {
	if l.session != nil {
		l.session = nil
		l.pending.open = true
	}
	if l.replace != nil {
		l.replace()
	}
}

// Publish sends an event. It never waits: an error says that it was not sent, because
// there is no connection ([ErrNotConnected]), too much waits already ([ErrFull]), or the
// event alone is too much ([ErrTooLarge]). nil does not say that anybody got it.
func (l *Link) Publish(topic string, e event.Event) error {
	m, err := newOutgoing(topic, e)
	if err != nil {
		return err
	}
	s, err := l.sessionFor(m)
	if s == nil {
		return err
	}
	return s.send(m)
}

// sessionFor is who sends a message now, nil if it is to be sent later, or there is
// nobody, which is an error.
func (l *Link) sessionFor(m outgoing) (*session, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.session != nil:
		return l.session, nil
	case l.pending.open:
		return nil, l.pending.add(m, l.o.MaxQueued)
	}
	return nil, ErrNotConnected
}

// Ack is what the server said when it acknowledged the subscriptions: what it calls
// this client, and which version it has. There is none without a connection.
func (l *Link) Ack() (frame.Ack, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.session == nil {
		return frame.Ack{}, false
	}
	return l.session.ack, true
}

// Done is closed when the Link has ended: after Close, or when the server refused it.
func (l *Link) Done() <-chan struct{} { return l.done }

// Err is the [RefusedError] with which it ended, once Done is closed.
func (l *Link) Err() error {
	select {
	case <-l.done:
		return l.err
	default:
		return nil
	}
}

// Close sends what is still to be sent, for at most 2 seconds, and leaves. The Handler
// is not called any more when it returns.
func (l *Link) Close() error {
	l.cancel()
	<-l.done
	return nil
}
