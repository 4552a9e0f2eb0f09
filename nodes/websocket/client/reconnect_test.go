package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"zctl/nodes/event"
)

const connected = "connected zeromq_manager_vm_1_N-websocket-%d 8.1.2"

func isConnected(n int) string { return fmt.Sprintf(connected, n) }

// TestReconnect: however a connection ends, another one follows with the same
// subscriptions, and what is published then goes there.
func TestReconnect(t *testing.T) {
	t.Parallel()
	z := newZeek(t)
	l, s := openLink(t, Options{URL: z.url(), ApplicationName: "test/1", Token: "s3cret"}, "b", "a")
	url := z.url() + "/v1/messages/json"
	ends := []func(*peer){
		func(p *peer) { p.close(1011, "Ping timeout"); p.control(opClose) },
		func(p *peer) { p.close(1001, "Terminating"); p.conn.Close() },
		func(p *peer) { p.conn.Close() },
		func(p *peer) { p.conn.(*net.TCPConn).SetLinger(0); p.conn.Close() },
		func(p *peer) { p.send(opText|fin|0x40, "reserved") },
		func(p *peer) { p.send(opPing, "fragmented") },
	}
	for i, end := range ends {
		p, topics := z.acknowledged(i)
		if len(topics) != 2 || topics[0] != "b" || topics[1] != "a" {
			t.Errorf("connection %d subscribes %q", i, topics)
		}
		if p.request.RequestURI != "/v1/messages/json" || p.header("X-Application-Name") != "test/1" || p.header("Authorization") != "Bearer s3cret" ||
			p.header("Sec-WebSocket-Extensions") != "" || p.header("Origin") != "" {
			t.Errorf("asked for %s with %v", p.request.RequestURI, p.request.Header)
		}
		eventually(t, "the connection", func() bool { a, ok := l.Ack(); return ok && strings.HasSuffix(a.Endpoint, fmt.Sprint("-", i)) })
		if err := l.Publish("t", event.Event{Name: fmt.Sprint("e", i)}); err != nil {
			t.Error(err)
		}
		if _, text := p.message(); !strings.Contains(text, fmt.Sprintf(`"e%d"`, i)) {
			t.Errorf("connection %d got %s", i, text)
		}
		p.event("a", "ping", fmt.Sprintf(`{"@data-type":"count","data":%d}`, i))
		want := fmt.Sprintf("a ping(%d)", i)
		eventually(t, want, func() bool { all := s.all(); return all[len(all)-1] == want })
		end(p)
		eventually(t, "the loss", func() bool { all := s.all(); return strings.HasPrefix(all[len(all)-1], "lost "+url) })
	}
	all := strings.Join(s.all(), "\n")
	for _, want := range []string{"lost " + url + ": the server closed the connection: 1011 Ping timeout\n", ": 1001 Terminating\n", ": the connection was closed\n"} {
		if !strings.Contains(all, want) {
			t.Errorf("not told: %s in\n%s", want, all)
		}
	}
	if err := l.Publish("t", event.Event{Name: "e"}); !errors.Is(err, ErrNotConnected) {
		t.Errorf("published without a connection: %v", err)
	}
}

// TestServerComesLater: a client may be there before its server, and waits for it.
func TestServerComesLater(t *testing.T) {
	t.Parallel()
	reserved, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := reserved.Addr().String()
	reserved.Close()
	_, s := openLink(t, Options{URL: "ws://" + address, MaxBackoff: 50 * time.Millisecond})
	eventually(t, "an attempt", func() bool { return len(s.all()) > 0 })
	want := "cannot connect to ws://" + address + "/v1/messages/json: connection refused; does the node run, and does its WebSocket server listen there?"
	if got := s.all()[0]; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	lis, err := net.Listen("tcp", address)
	if err != nil {
		t.Skipf("somebody else took the port: %v", err)
	}
	defer lis.Close()
	conn, err := lis.Accept()
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
}

// TestSubscribeLater: other subscriptions take another connection, which begins when the
// old one has said goodbye; what is published meanwhile comes on one of them.
func TestSubscribeLater(t *testing.T) {
	t.Parallel()
	z := newZeek(t)
	c, err := New(Options{URL: z.url()})
	if err != nil {
		t.Fatal(err)
	}
	var s seen
	Handle(c, "e", func(_ context.Context, n uint64) { s.add("%d", n) })
	if err := c.Subscribe("one"); err != nil {
		t.Fatal(err)
	}
	run(t, c)
	if err := c.Publish(soon(t), "t", "e"); err == nil {
		t.Error("published before there was a connection")
	}
	first, _ := z.acknowledged(0)
	if err := c.WaitReady(soon(t)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(c.Subscribe("two"), c.Subscribe("three"), c.Unsubscribe("one")); err != nil {
		t.Fatal(err)
	}
	for i := range uint64(3) {
		if err := c.Publish(soon(t), "t", "e", i); err != nil {
			t.Fatal(err)
		}
	}
	if got := first.control(opClose); got != "\x03\xe8" {
		t.Errorf("the first connection is closed with %q", got)
	}
	first.close(1000, "")
	second, topics := z.acknowledged(1)
	if fmt.Sprint(topics) != "[two three]" {
		t.Errorf("subscribed %q", topics)
	}
	for i := range 3 {
		if _, text := second.message(); !strings.Contains(text, fmt.Sprintf(`{"@data-type":"count","data":%d}`, i)) {
			t.Errorf("%d: got %s", i, text)
		}
	}
	second.event("two", "e", `{"@data-type":"count","data":42}`)
	s.await(t, "42")
	if ack, ok := c.Ack(); !ok || ack.Version != "8.1.2" {
		t.Errorf("acknowledged %v %v", ack, ok)
	}
}

// TestSilence: a server that is gone without a word is noticed.
func TestSilence(t *testing.T) {
	t.Parallel()
	z := newZeek(t)
	_, s := openLink(t, Options{URL: z.url(), Silence: time.Second})
	p, _ := z.acknowledged(0)
	p.control(opPing)
	again, _ := z.acknowledged(1)
	stop := make(chan struct{})
	defer close(stop)
	go func() { // answers pings, and that is all
		for {
			opcode, payload, err := again.frame()
			if err != nil {
				return
			}
			if opcode == opPing {
				again.send(opPong|fin, payload)
			}
		}
	}()
	eventually(t, "the second connection", func() bool { return len(s.all()) >= 3 })
	if all := s.all(); !strings.Contains(all[1], "the server has said nothing for ") || all[2] != isConnected(1) {
		t.Errorf("got %q", all)
	}
}

// TestPongs: pings are answered whatever the program does with messages (spec:
// websocket 10).
func TestPongs(t *testing.T) {
	t.Parallel()
	z := newZeek(t)
	c, err := New(Options{URL: z.url()})
	if err != nil {
		t.Fatal(err)
	}
	entered, release := make(chan struct{}), make(chan struct{})
	Handle(c, "slow", func(context.Context) { close(entered); <-release })
	run(t, c)
	p, _ := z.acknowledged(0)
	p.control(opPong)
	p.event("t", "slow", "")
	<-entered
	for i := range 3 {
		p.send(opPing|fin, fmt.Sprint("ping ", i))
		if got := p.control(opPong); got != fmt.Sprint("ping ", i) {
			t.Errorf("a pong with %q", got)
		}
	}
	close(release)
}

// TestSlowServer: a server that reads nothing, because its node is busy, is still heard;
// what has no room is refused; in the end all is sent that was not.
func TestSlowServer(t *testing.T) {
	t.Parallel()
	z := newZeek(t)
	l, s := openLink(t, Options{URL: z.url(), MaxQueued: 1 << 20}, "t")
	p, _ := z.acknowledged(0)
	s.await(t, isConnected(0))
	large := event.Event{Name: "e", Args: []event.Value{event.String(strings.Repeat("x", 100_000))}}
	taken := 0
	for ; ; taken++ {
		if err := l.Publish("t", large); err != nil {
			if !errors.Is(err, ErrFull) {
				t.Fatal(err)
			}
			break
		}
	}
	larger := event.Event{Name: "e", Args: []event.Value{event.String(strings.Repeat("x", 1<<20))}}
	if err := l.Publish("t", larger); !errors.Is(err, ErrTooLarge) {
		t.Errorf("an event that is too large: %v", err)
	}
	want := []string{isConnected(0)}
	for i := range 20 {
		p.send(opPing|fin, "are you there")
		p.event("t", "e", fmt.Sprintf(`{"@data-type":"count","data":%d}`, i))
		want = append(want, fmt.Sprintf("t e(%d)", i))
	}
	s.await(t, want...)
	for range taken {
		p.message()
	}
	for range 20 { // one came before
		p.control(opPong)
	}
}
