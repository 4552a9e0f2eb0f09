package websocket_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"zctl/nodes/cluster"
	"zctl/nodes/event"
	"zctl/nodes/websocket"
)

// patience is how long something may take that takes milliseconds.
const patience = 60 * time.Second

// served is a server on a bus in memory.
type served struct {
	*websocket.Server
	bus  *cluster.Bus
	addr net.Addr
	stop func() // and wait
}

const nodeID = "zeromq_manager_test"

// serve runs a server until the test ends.
func serve(t testing.TB, o websocket.Options, listen ...websocket.ListenOptions) *served {
	t.Helper()
	bus := cluster.NewBus()
	s := serveOn(t, bus.Connect, o, listen...)
	s.bus = bus
	return s
}

func serveOn(t testing.TB, connect cluster.Connect, o websocket.Options, listen ...websocket.ListenOptions) *served {
	t.Helper()
	o.NodeID = nodeID
	s := &served{Server: websocket.New(o)}
	for _, l := range listen {
		if l.Address == "" {
			l.Address = "127.0.0.1:0"
		}
		addr, err := s.Listen(l)
		if err != nil {
			t.Fatal(err)
		}
		if s.addr == nil {
			s.addr = addr
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx, connect) }()
	s.stop = func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("the server ended: %v", err)
			}
			done <- nil
		case <-time.After(patience):
			t.Error("the server does not end")
		}
	}
	t.Cleanup(s.stop)
	return s
}

// host is the node of the recordings: its scripts answer a ping with a pong, and all
// types with an echo.
func (s *served) host(t testing.TB) *host { return newHost(t, s.bus.Connect, nodeID) }

// host is a node on the bus that notes what it got.
type host struct {
	t       testing.TB
	id      string
	backend cluster.Backend
	got     chan string // topic, sender and event
	topics  sync.Map    // that it knows somebody subscribes to
	over    atomic.Bool // it leaves the bus
}

func newHost(t testing.TB, connect cluster.Connect, id string) *host {
	t.Helper()
	h := &host{t: t, id: id, got: make(chan string, 100000)}
	backend, err := connect(h)
	if err != nil {
		t.Fatal(err)
	}
	h.backend = backend
	t.Cleanup(func() { h.over.Store(true); backend.Close() })
	if err := backend.Subscribe("wsv/ping"); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *host) Message(topic, sender, format, payload []byte) {
	if string(sender) == h.id {
		return
	}
	e, err := event.Decode(string(format), payload)
	if err != nil {
		h.t.Errorf("the node got what is no event: %v", err)
		return
	}
	h.got <- fmt.Sprintf("%s %s %s", topic, strings.TrimPrefix(string(sender), nodeID), e)
	switch e.Name {
	case "WSV::ping":
		message, _ := e.Args[0].Text()
		n, ok := e.Args[len(e.Args)-1].Count()
		if ok && len(e.Args) == 2 && e.Args[0].Kind() == event.KindString {
			h.publish("wsv/pong", event.Event{Name: "WSV::pong", Args: []event.Value{event.String("re: " + message), event.Count(n + 1)}})
		}
	case "WSV::all":
		h.publish("wsv/echo", event.Event{Name: "WSV::echo_all", Args: e.Args})
	}
}

func (h *host) publish(topic string, e event.Event) {
	if err := h.backend.Publish(topic, h.id, event.FormatBin, e.Append(nil)); err != nil && !h.over.Load() {
		h.t.Errorf("cannot publish: %v", err)
	}
}

func (h *host) Subscribed(topic string)   { h.topics.Store(topic, true) }
func (h *host) Unsubscribed(topic string) { h.topics.Delete(topic) }
func (h *host) Malformed()                {}
func (h *host) Lost(error)                {}

func (h *host) knows(topic string) bool {
	_, ok := h.topics.Load(topic)
	return ok
}

// next is what the node got next.
func (h *host) next() string {
	select {
	case got := <-h.got:
		return got
	case <-time.After(patience):
		h.t.Fatal("the node got nothing")
		return ""
	}
}
