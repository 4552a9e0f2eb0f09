package websocket_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"zctl/nodes/cluster"
	"zctl/nodes/event"
	"zctl/nodes/websocket"
)

// full is a bus that has no room until somebody says so.
type full struct {
	cluster.Backend
	room chan struct{} // closed when there is
}

func (f full) Publish(topic, sender, format string, payload []byte) error {
	select {
	case <-f.room:
		return f.Backend.Publish(topic, sender, format, payload)
	default:
		return errors.New("no room")
	}
}

// While the bus has no room clients wait, and nothing is lost. A client that waits is
// not taken for dead, and as long as there is room for what it sends its pings are
// answered (spec: websocket 10, 20).
func TestBackPressure(t *testing.T) {
	t.Parallel()
	const sent, flood = 500, 20000
	more := clientFrames(flood) // more than waits to be looked at
	var all happenings
	bus := cluster.NewBus()
	room := make(chan struct{})
	s := serveOn(t, func(r cluster.Receiver) (cluster.Backend, error) {
		b, err := bus.Connect(r)
		return full{b, room}, err
	}, all.options(), websocket.ListenOptions{MaxEventQueueSize: 1, PingInterval: 2 * time.Second})
	h := newHost(t, bus.Connect, nodeID)
	client := dial(t, s.addr, path)
	client.subscribe("[]")
	all.want(t, `-websocket-0 added []`)
	for n := range uint64(sent) {
		client.text(ping("wait", n))
	}
	client.frame(0x80|opPing, "still there?")
	if opcode, payload := client.next(); opcode != opPong || payload != "still there?" {
		t.Fatalf("got frame %d with %q, want the pong", opcode, payload)
	}
	var flooding sync.WaitGroup
	flooding.Go(func() { io.WriteString(client.conn, more) })
	for range 2 { // none of which it answers
		if opcode, payload := client.any(); opcode != opPing {
			t.Fatalf("got frame %d with %q, want pings only", opcode, payload)
		}
	}
	all.nothing(t)
	if blocks := s.Stats().QueueBlocks["WebSocketEventDispatcher:"+s.addr.String()]; blocks == 0 {
		t.Error("no waiting was counted")
	}
	close(room)
	for n := range uint64(sent) {
		if got, want := h.next(), fmt.Sprintf(`wsv/ping -websocket-0 WSV::ping("wait", %d)`, n); got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
	}
	for range flood {
		h.next()
	}
	flooding.Wait()
	if stats := s.Stats(); stats.Apps["unknown"].Outgoing != flood+sent || stats.Unsent != 0 {
		t.Errorf("counted %+v", stats)
	}
}

// What a client sends before its ack is bounded.
func TestTooEager(t *testing.T) {
	t.Parallel()
	var all happenings
	s := serveOn(t, func(cluster.Receiver) (cluster.Backend, error) { return deaf{}, nil }, all.options(), websocket.ListenOptions{})
	client := dial(t, s.addr, path)
	client.text("[]")
	for range 10 {
		client.text(strings.Repeat(" ", 200<<10))
	}
	if code, reason := client.closed(); code != 1008 || reason != "Too many messages before the ack" {
		t.Errorf("closed with %d %q", code, reason)
	}
	all.nothing(t) // until the bus is there, or nobody waits any more
}

// deaf is a bus that never says that anything was subscribed.
type deaf struct{}

func (deaf) Publish(_, _, _ string, _ []byte) error { return nil }
func (deaf) Subscribe(string) error                 { return nil }
func (deaf) Unsubscribe(string) error               { return nil }
func (deaf) Close() error                           { return nil }

// A topic that the bus does not take is the end of the client.
func TestCannotSubscribe(t *testing.T) {
	t.Parallel()
	var all happenings
	s := serveOn(t, func(cluster.Receiver) (cluster.Backend, error) { return refusing{}, nil }, all.options(), websocket.ListenOptions{})
	client := dial(t, s.addr, path)
	client.text(`["a"]`)
	if code, reason := client.closed(); code != 1011 || reason != "Could not subscribe. Something bad happened!" {
		t.Errorf("closed with %d %q", code, reason)
	}
	all.want(t, `-websocket-0 lost 1011 "Could not subscribe. Something bad happened!"`)
}

type refusing struct{ deaf }

func (refusing) Subscribe(string) error { return errors.New("no") }

// A client that takes nothing is disconnected when too much waits for it; others get
// everything.
func TestSlowClient(t *testing.T) {
	t.Parallel()
	var all happenings
	s := serve(t, all.options(), websocket.ListenOptions{MaxQueued: 1 << 20})
	h := s.host(t)
	slow, quick := dial(t, s.addr, path), dial(t, s.addr, path)
	slow.subscribe(`["wsv/pong"]`)
	quick.subscribe(`["wsv/pong"]`)
	big := strings.Repeat("x", 10000)
	var heard atomic.Uint64
	var hearing sync.WaitGroup
	const events = 3000 // more than the kernel keeps for who does not read
	hearing.Go(func() {
		for n := range uint64(events) {
			if _, got := quick.next(); got != message("wsv/pong", "WSV::pong", big, n) {
				t.Errorf("event %d: got %.200s", n, got)
				break
			}
			heard.Add(1)
		}
	})
	for n := range uint64(events) {
		h.publish("wsv/pong", event.Event{Name: "WSV::pong", Args: []event.Value{event.String(big), event.Count(n)}})
		if n%50 == 0 { // so that the quick one is not slow, whatever else the machine does
			until(t, func() bool { return heard.Load() >= n })
		}
	}
	hearing.Wait()
	all.want(t, `-websocket-0 added ["wsv/pong"]`)
	all.want(t, `-websocket-1 added ["wsv/pong"]`)
	all.want(t, `-websocket-0 lost 1006 "Send timeout"`)
	if stats := s.Stats(); stats.Slow != 1 || stats.Dropped != 0 {
		t.Errorf("counted %+v", stats)
	}
}

// Whoever asks for errors and does not read them is disconnected, too.
func TestUnreadErrors(t *testing.T) {
	t.Parallel()
	var all happenings
	s := serve(t, all.options(), websocket.ListenOptions{MaxQueued: 64 << 10})
	client := dial(t, s.addr, path)
	client.subscribe("[]")
	all.want(t, `-websocket-0 added []`)
	garbage := strings.Repeat("\x81\x81\x00\x00\x00\x00x", 10000)
	go func() {
		for {
			if _, err := io.WriteString(client.conn, garbage); err != nil {
				return
			}
		}
	}()
	all.want(t, `-websocket-0 lost 1006 "Send timeout"`)
}
