package websocket_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"zctl/nodes/cluster"
	"zctl/nodes/event"
	"zctl/nodes/websocket"
	"zctl/nodes/websocket/frame"
)

const path = frame.Path

// ping is a data-message of event WSV::ping.
func ping(text string, n uint64) string { return message("wsv/ping", "WSV::ping", text, n) }

func message(topic, name string, args ...any) string {
	e, err := cluster.MakeEvent(name, args...)
	if err != nil {
		panic(err)
	}
	return string(frame.AppendData(nil, topic, e))
}

func pong(text string, n uint64) string {
	return message("wsv/pong", "WSV::pong", "re: "+text, n)
}

// happenings notes who came and went.
type happenings struct{ all chan string }

func (h *happenings) options() websocket.Options {
	h.all = make(chan string, 1000)
	return websocket.Options{
		Added: func(c websocket.Endpoint, topics []string) {
			h.all <- fmt.Sprintf("%s added %q", strings.TrimPrefix(c.ID, nodeID), topics)
		},
		Lost: func(c websocket.Endpoint, code int, reason string) {
			h.all <- fmt.Sprintf("%s lost %d %q", strings.TrimPrefix(c.ID, nodeID), code, reason)
		},
	}
}

func (h *happenings) want(t *testing.T, want string) {
	t.Helper()
	select {
	case got := <-h.all:
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	case <-time.After(patience):
		t.Fatalf("nothing happened, want %s", want)
	}
}

func (h *happenings) nothing(t *testing.T) {
	t.Helper()
	select {
	case got := <-h.all:
		t.Errorf("got %s, want nothing", got)
	default:
	}
}

// Messages may be sent before the ack, and are answered after it in order; two clients
// hear all pongs, but not each other's pings, which they did not subscribe.
func TestPipelining(t *testing.T) {
	t.Parallel()
	s := serve(t, websocket.Options{}, websocket.ListenOptions{})
	s.host(t)
	a, b := dial(t, s.addr, path), dial(t, s.addr, path)
	b.subscribe(`["wsv/pong"]`)
	a.text(`["wsv/pong"]`)
	for n := range uint64(50) {
		a.text(ping("x", n))
	}
	a.text("garbage")
	if ack := a.hear(); !strings.Contains(ack, `"type":"ack"`) {
		t.Fatalf("got %s, want an ack first", ack)
	}
	var errors int
	for n := range uint64(51) {
		if got := a.hear(); strings.Contains(got, "failed to decode JSON object") {
			errors++ // may overtake events, as with Zeek
		} else if want := pong("x", n-uint64(errors)+1); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	if errors != 1 {
		t.Errorf("got %d errors, want 1", errors)
	}
	for n := range uint64(50) {
		b.want(pong("x", n+1))
	}
}

// A client hears what others publish, be they clients or nodes, but not itself.
func TestNobodyHearsItself(t *testing.T) {
	t.Parallel()
	s := serve(t, websocket.Options{}, websocket.ListenOptions{})
	h := s.host(t)
	var clients []*rawClient
	for range 3 {
		c := dial(t, s.addr, path)
		c.subscribe(`["wsv/ping", "wsv/"]`) // matches twice, comes once
		clients = append(clients, c)
	}
	for i, c := range clients {
		c.text(message("wsv/ping", "WSV::hi", i))
		if got, want := h.next(), fmt.Sprintf("wsv/ping -websocket-%d WSV::hi(%+d)", i, i); got != want {
			t.Errorf("the node got %s, want %s", got, want)
		}
		for j, other := range clients {
			if i != j {
				other.want(message("wsv/ping", "WSV::hi", i))
			}
		}
	}
	h.publish("wsv/other", event.Event{Name: "WSV::from_node"})
	for _, c := range clients {
		c.want(message("wsv/other", "WSV::from_node"))
	}
}

// Added comes before anything that the client sent, lost after all of it, also if it
// does not wait for its ack.
func TestOneshot(t *testing.T) {
	t.Parallel()
	var all happenings
	s := serve(t, all.options(), websocket.ListenOptions{MaxEventQueueSize: 1})
	h := s.host(t)
	for round := range 5 {
		c := dial(t, s.addr, path)
		c.text(`["z", "a", "z", ""]`)
		for n := range uint64(100) {
			c.text(ping("once", n))
		}
		c.close(1000, "done")
		all.want(t, fmt.Sprintf(`-websocket-%d added ["" "a" "z"]`, round))
		all.want(t, fmt.Sprintf(`-websocket-%d lost 1000 "done"`, round))
		for n := range uint64(100) {
			if got, want := h.next(), fmt.Sprintf(`wsv/ping -websocket-%d WSV::ping("once", %d)`, round, n); got != want {
				t.Fatalf("got %s, want %s", got, want)
			}
		}
	}
}

// After bad subscriptions a connection is dead, but stays open; nobody hears that the
// client came, but that it went.
func TestDead(t *testing.T) {
	t.Parallel()
	var all happenings
	s := serve(t, all.options(), websocket.ListenOptions{})
	h := s.host(t)
	for i, c := range []struct{ first, want string }{
		{`["broken", "brrr`, "subscriptions not an array"},
		{`[1, 2]`, "individual subscription not a string"},
		{ping("x", 1), "subscriptions not an array"},
	} {
		client := dial(t, s.addr, path)
		client.text(c.first)
		client.want(`{"type":"error","code":"deserialization_failed","context":"` + c.want + `"}`)
		client.text(`[]`)
		client.text(ping("x", 1))
		client.frame(0x80|opPing, "are you there")
		opcode, payload := client.any()
		if opcode == opPing { // the server's own
			opcode, payload = client.any()
		}
		if opcode != opPong || payload != "are you there" {
			t.Errorf("got frame %d with %q, want the pong", opcode, payload)
		}
		client.close(0, "")
		if code, reason := client.closed(); code != 0 || reason != "" {
			t.Errorf("closed with %d %q, want none", code, reason)
		}
		all.want(t, fmt.Sprintf(`-websocket-%d lost 1005 "No status code"`, i))
	}
	all.nothing(t)
	if len(h.got) > 0 {
		t.Errorf("the node got %s", <-h.got)
	}
}

// A client that breaks the rules is told which, and so is the node (spec: websocket 9).
func TestViolations(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		do     func(*rawClient)
		code   int
		reason string
	}{
		"not UTF-8":    {func(c *rawClient) { c.text("[\"\xff\"]") }, 1007, "Invalid frame payload data"},
		"RSV":          {func(c *rawClient) { c.frame(0xc0|opText, "[]") }, 1002, "Reserved bit used"},
		"opcode":       {func(c *rawClient) { c.frame(0x83, "") }, 1002, "Protocol error"},
		"control":      {func(c *rawClient) { c.frame(opPing, "") }, 1002, "Control message fragmented"},
		"ping":         {func(c *rawClient) { c.frame(0x80|opPing, strings.Repeat("x", 126)) }, 1002, "Ping reason control frame with payload length > 125 octets"},
		"continuation": {func(c *rawClient) { c.frame(0x80, "x") }, 1002, "Fragmentation: continuation opcode out of sequence"},
		"unfinished": {func(c *rawClient) { c.frame(opText, "["); c.text("]") }, 1002,
			"Fragmentation: data message out of sequence"},
		"code 999":        {func(c *rawClient) { c.close(999, "") }, 1002, "Invalid close code: 999"},
		"code 1005":       {func(c *rawClient) { c.close(1005, "") }, 1002, "Invalid close code: 1005"},
		"code 1006":       {func(c *rawClient) { c.close(1006, "") }, 1002, "Invalid close code: 1006"},
		"code 1014":       {func(c *rawClient) { c.close(1014, "") }, 1002, "Invalid close code: 1014"},
		"code 2999":       {func(c *rawClient) { c.close(2999, "") }, 1002, "Invalid close code: 2999"},
		"half a code":     {func(c *rawClient) { c.frame(0x80|opClose, "x") }, 1002, "Protocol error"},
		"reason":          {func(c *rawClient) { c.close(1000, "\xff") }, 1007, "Invalid frame payload data"},
		"too big":         {func(c *rawClient) { c.text(strings.Repeat(" ", 2000)) }, 1009, "Message too big"},
		"too big in all":  {func(c *rawClient) { c.frame(opText, strings.Repeat(" ", 600)); c.frame(0x80, strings.Repeat(" ", 600)) }, 1009, "Message too big"},
		"a code of users": {func(c *rawClient) { c.close(4711, "own") }, 4711, "own"},
		"their violation": {func(c *rawClient) { c.close(1002, "I don't like you") }, 1002, "I don't like you"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var all happenings
			s := serve(t, all.options(), websocket.ListenOptions{MaxFrame: 1000})
			client := dial(t, s.addr, path)
			c.do(client)
			if code, reason := client.closed(); code != c.code || reason != c.reason {
				t.Errorf("closed with %d %q, want %d %q", code, reason, c.code, c.reason)
			}
			all.want(t, fmt.Sprintf("-websocket-0 lost %d %q", c.code, c.reason))
		})
	}
}

// A connection that just ends is one of 1006.
func TestAbnormal(t *testing.T) {
	t.Parallel()
	var all happenings
	s := serve(t, all.options(), websocket.ListenOptions{})
	client := dial(t, s.addr, path)
	client.subscribe("[]")
	client.conn.Close()
	all.want(t, `-websocket-0 added []`)
	all.want(t, `-websocket-0 lost 1006 "Abnormal closure"`)
}

// Fragments are one message, also with pings between them; binary messages are as good
// as text, and may hold bytes that are not UTF-8 (spec: websocket 4, 21).
func TestFragmentsAndBinary(t *testing.T) {
	t.Parallel()
	s := serve(t, websocket.Options{}, websocket.ListenOptions{})
	h := s.host(t)
	client := dial(t, s.addr, path)
	client.frame(opBinary, `["wsv`)
	client.frame(0, `/pong`)
	client.frame(0x80|opPing, "between")
	client.frame(0x80, `"]`)
	ponged := false
	for {
		opcode, payload := client.next()
		if opcode == opPong && payload == "between" {
			ponged = true
		}
		if opcode == opText {
			break
		}
	}
	if !ponged {
		t.Error("the ping was not answered before the message had ended")
	}
	client.frame(0x80|opBinary, strings.Replace(ping("raw", 1), "raw", "\xff\x01", 1))
	if got, want := h.next(), "wsv/ping -websocket-0 WSV::ping(\"\\xff\\x01\", 1)"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	client.want(message("wsv/pong", "WSV::pong", "re: \xff\x01", uint64(2)))
}

// A client that does not answer pings is disconnected; one that does is not, and a pong
// to anything counts.
func TestPingTimeout(t *testing.T) {
	t.Parallel()
	var all happenings
	s := serve(t, all.options(), websocket.ListenOptions{PingInterval: 2900 * time.Millisecond}) // is 2 s
	mute, alive := dial(t, s.addr, path), dial(t, s.addr, path)
	if opcode, payload := mute.any(); opcode != opPing || payload != "ixwebsocket::heartbeat::2s::0" {
		t.Errorf("got frame %d with %q, want a ping first", opcode, payload)
	}
	mute.subscribe(`[]`)
	all.want(t, `-websocket-0 added []`)
	alive.subscribe(`[]`)
	all.want(t, `-websocket-1 added []`)
	if opcode, payload := mute.any(); opcode != opClose || payload != "\x03\xf3Ping timeout" {
		t.Errorf("got frame %d with %q, want 1011 Ping timeout", opcode, payload)
	}
	all.want(t, `-websocket-0 lost 1011 "Ping timeout"`)
	for range 2 {
		opcode, payload := alive.any()
		for opcode == opPong {
			opcode, payload = alive.any()
		}
		if opcode != opPing {
			t.Fatalf("got frame %d with %q, want a ping", opcode, payload)
		}
		alive.frame(0x80|opPong, "any")
	}
	all.nothing(t)
}

// Without an interval of a second or more there are no pings.
func TestNoPings(t *testing.T) {
	t.Parallel()
	for _, interval := range []time.Duration{-1, 999 * time.Millisecond} {
		s := serve(t, websocket.Options{}, websocket.ListenOptions{PingInterval: interval})
		client := dial(t, s.addr, path)
		client.text("[]")
		if opcode, payload := client.any(); opcode != opText {
			t.Errorf("got frame %d with %q, want the ack", opcode, payload)
		}
	}
}

// When the server ends everybody hears it, also those who are just flooding it or have
// to wait, and nobody is lost.
func TestTerminating(t *testing.T) {
	t.Parallel()
	var all happenings
	s := serve(t, all.options(), websocket.ListenOptions{MaxEventQueueSize: 1})
	h := s.host(t)
	var clients []*rawClient
	for i := range 3 {
		c := dial(t, s.addr, path)
		c.subscribe("[]")
		all.want(t, fmt.Sprintf(`-websocket-%d added []`, i))
		clients = append(clients, c)
		go func() {
			for text := []byte(clientFrames(200)); ; {
				if _, err := c.conn.Write(text); err != nil {
					return
				}
			}
		}()
	}
	clients = append(clients, dial(t, s.addr, path)) // that says nothing
	for range 1000 {
		h.next()
	}
	s.stop()
	for i, c := range clients {
		opcode, payload := c.any()
		for opcode == opPing {
			opcode, payload = c.any()
		}
		if opcode != opClose || payload != "\x03\xe9Terminating" {
			t.Errorf("client %d got frame %d with %q, want 1001 Terminating", i, opcode, payload)
		}
	}
	all.nothing(t)
}

// clientFrames is n pings as bytes on the wire.
func clientFrames(n int) string {
	var all strings.Builder
	payload := ping("flood", 1)
	for range n {
		all.WriteString("\x81\xfe" + string([]byte{byte(len(payload) >> 8), byte(len(payload))}) + "\x00\x00\x00\x00" + payload)
	}
	return all.String()
}

// Clients are called after the node and all connections so far; each id occurs once.
func TestIDs(t *testing.T) {
	t.Parallel()
	s := serve(t, websocket.Options{Version: "8.1.2"}, websocket.ListenOptions{}, websocket.ListenOptions{})
	var acks []string
	for range 3 {
		c := dial(t, s.addr, path)
		c.text("[]")
		acks = append(acks, c.hear())
	}
	for n, ack := range acks {
		want := fmt.Sprintf(`{"type":"ack","endpoint":"%s-websocket-%d","version":"8.1.2"}`, nodeID, n)
		if !slices.Contains(acks, want) {
			t.Errorf("nobody got %s; client %d got %s", want, n, ack)
		}
	}
}
