package websocket

import (
	"context"
	"errors"
	"fmt"
	"net"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"zctl/nodes/cluster"
)

// Server serves the WebSocket API of one node, on any number of addresses.
type Server struct {
	o             Options
	subscriptions subscriptions
	readiness     readiness
	inbox         *inbox
	stats         counters
	connections   atomic.Uint64 // there have been, for the ids of clients
	ending        chan struct{} // closed when the server ends
	work          sync.WaitGroup

	mu        sync.Mutex // guards what follows
	listeners []*listener
	backend   cluster.Backend // while it runs
	ended     bool
}

// New makes a server that listens nowhere and is not on the bus yet.
func New(o Options) *Server {
	return &Server{o: o.withDefaults(), inbox: newInbox(), ending: make(chan struct{})}
}

// Listen begins to listen (Cluster::listen_websocket), and returns where. Clients that
// connect before Run wait for it. Listening with the same options again changes nothing
// and is no error; with others on the same address it is one. It may be called before
// Run, so that an address in use is known before the node joins, and at any time later.
func (s *Server) Listen(o ListenOptions) (net.Addr, error) {
	o, err := o.checked()
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return nil, errors.New("cannot listen for WebSocket clients: the server has ended")
	}
	if l := s.listening(o.Address); l != nil {
		if !reflect.DeepEqual(l.o, o) {
			//lint:ignore ST1005 these are Zeek's words
			return nil, fmt.Errorf("Already listening on %s", o.Address)
		}
		return l.Addr(), nil
	}
	l, err := listen(s, o)
	if err != nil {
		return nil, err
	}
	s.listeners = append(s.listeners, l)
	if s.backend != nil {
		l.start()
	}
	return l.Addr(), nil
}

// listening is who listens on that address.
func (s *Server) listening(address string) *listener {
	for _, l := range s.listeners {
		if l.o.Address == address {
			return l
		}
	}
	return nil
}

// Run joins the bus and serves clients until ctx ends; then it tells them so (1001,
// Terminating), and leaves the bus. It runs once; the server has ended when it returns,
// whatever it returns.
func (s *Server) Run(ctx context.Context, connect cluster.Connect) error {
	defer s.Close()
	backend, err := connect(receiver{s})
	if err != nil {
		return fmt.Errorf("cannot serve WebSocket clients: %w", err)
	}
	if err := s.start(backend); err != nil {
		return errors.Join(err, backend.Close())
	}
	<-ctx.Done()
	s.Close()
	return backend.Close()
}

func (s *Server) start(backend cluster.Backend) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended || s.backend != nil {
		return errors.New("cannot serve WebSocket clients: the server has run already")
	}
	s.backend = backend
	s.work.Go((&router{server: s}).run)
	for _, l := range s.listeners {
		l.start()
	}
	return nil
}

// Close stops listening, and disconnects the clients if there are any. For a server
// that does not run; a running one ends by its context.
func (s *Server) Close() error {
	s.mu.Lock()
	first := !s.ended
	s.ended = true
	listeners := s.listeners
	s.mu.Unlock()
	if first {
		close(s.ending)
	}
	for _, l := range listeners {
		l.stop()
	}
	s.work.Wait()
	return nil
}

// isEnding says whether the server ends.
func (s *Server) isEnding() bool {
	select {
	case <-s.ending:
		return true
	default:
		return false
	}
}

// patience is how long a message waits for a bus that has no room, at most; retryAfter
// how long at first until it is tried again.
const (
	patience   = 10 * time.Second
	retryAfter = time.Millisecond
)

// publish hands a client's event to the bus. If the bus has no room it waits, and so do
// all who want to publish.
func (s *Server) publish(c *client, topic, format string, payload []byte) {
	c.app.outgoing.Add(1)
	deadline := time.Now().Add(patience)
	for pause := retryAfter; ; pause = min(2*pause, 50*retryAfter) {
		err := s.backend.Publish(topic, c.info.ID, format, payload)
		if err == nil {
			return
		}
		if time.Now().After(deadline) || s.isEnding() {
			s.stats.unsent.Add(1)
			s.o.Log.Warn("cannot publish the event of a WebSocket client", "client", c.info.ID, "topic", topic, "err", err)
			return
		}
		select {
		case <-time.After(pause):
		case <-s.ending:
		}
	}
}

// receiver is what the Server shows the bus.
type receiver struct{ *Server }

func (s receiver) Message(topic, sender, format, payload []byte) {
	if !s.inbox.put(message{topic, sender, format, payload}) {
		s.stats.dropped.Add(1)
	}
}

func (s receiver) Subscribed(topic string) { s.readiness.subscribed(topic) }

func (receiver) Unsubscribed(string) {}

func (s receiver) Malformed() { s.stats.malformed.Add(1) }

func (s receiver) Lost(err error) { s.o.Log.Warn("the WebSocket server lost the broker", "err", err) }
