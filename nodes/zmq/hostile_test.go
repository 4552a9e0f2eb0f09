package zmq

import (
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"
)

// Whatever a peer sends, it alone is disconnected, with one line in the log, and the broker serves on.
func TestHostilePeers(t *testing.T) {
	t.Parallel()
	log, lines := logged()
	b := startBroker(t, BrokerOptions{Options: Options{Log: log, MaxMessage: 1 << 20, limits: limits{
		handshake: 3 * time.Second, topics: 100, topicLen: 100,
	}}})
	pull, err := BindPull("tcp://127.0.0.1:0", b.opts, func(Message) {})
	check(t, err)
	defer pull.Close()
	n := startNode(t, b, Options{})
	check(t, n.sub.Subscribe("alive"))
	n.ready(t)

	greeting := greeting31("NULL")
	before := []struct{ name, say, logs string }{
		{"garbage greeting", strings.Repeat("garbage!", 20), "invalid ZMTP signature"},
		{"HTTP", "GET / HTTP/1.1\r\nHost: 127.0.0.1:5555\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n", "invalid greeting"},
		{"silence", "", "timeout"},
		{"half a greeting", greeting[:30], "timeout"},
		{"greeting only", greeting, "timeout"},
		{"unknown socket type", greeting + readyOf("TEAPOT"), "malformed handshake"},
		{"no socket type", greeting + string(appendCommand(nil, "READY", nil)), "malformed handshake"},
		{"wrong socket type", greeting + readyOf("REQ"), "not compatible"},
		{"huge READY", greeting + "\x06\x40\x00\x00\x00\x00\x00\x00\x00", "4611686018427387904 bytes before READY"},
		{"endless READY", greeting + strings.Repeat("\x05\xff"+strings.Repeat("x", 255), 100), "before READY"},
		{"READY never ends", greeting + "\x05\x06\x05READY", "timeout"},
	}
	after := []struct{ name, say, logs string }{
		{"2^62 bytes", "\x02\x40\x00\x00\x00\x00\x00\x00\x00", "a frame of 4611686018427387904 bytes"},
		{"4 TB command", "\x06\x00\x00\x04\x00\x00\x00\x00\x00", "a frame of 4398046511104 bytes"},
		{"bad flags", "\xf0\x00", "flags 0xf0"},
		{"command of a message", "\x05\x05\x04PONG", "a command has further frames"},
		{"command without name", "\x04\x00", "name is longer"},
		{"PING without TTL", "\x04\x05\x04PING", "no time to live"},
		{"endless frames", strings.Repeat("\x01\x00", maxFrames+1), ""}, // too long for a subscriber, too many for the rest
	}
	onXPub := []struct{ name, say, logs string }{
		{"long topic", string(appendSubscription(nil, strings.Repeat("x", 101), true)), "a topic of 101 bytes"},
		{"longer topic", string(appendSubscription(nil, strings.Repeat("x", 1000), true)), "longer than the limit"},
		{"endless topics", endlessTopics(101), "more than 100 topics"},
	}
	var all sync.WaitGroup
	for _, endpoint := range []string{b.XPubEndpoint(), b.XSubEndpoint(), pull.Endpoint()} {
		for _, c := range before {
			nc := rawDial(t, endpoint)
			all.Go(func() { hostile(t, c.name, nc, c.say, true) })
		}
	}
	all.Wait()
	for endpoint, typ := range map[string]zmq4.SocketType{
		b.XPubEndpoint(): zmq4.XSub, b.XSubEndpoint(): zmq4.XPub, pull.Endpoint(): zmq4.Push,
	} {
		for _, c := range after {
			hostile(t, c.name, rawPeer(t, endpoint, typ), c.say, true)
		}
		hostile(t, "half a frame", rawPeer(t, endpoint, typ), "\x00\x30half", false)
		hostile(t, "half a message", rawPeer(t, endpoint, typ), "\x01\x04half", false)
	}
	for _, c := range onXPub {
		hostile(t, c.name, rawPeer(t, b.XPubEndpoint(), zmq4.XSub), c.say, true)
	}
	for _, c := range append(append(before, after...), onXPub...) {
		lines.contains(t, c.logs)
	}

	n.ready(t)
	check(t, n.pub.Send(message("alive", "and well")))
	n.subEvent.has(t, "alive|and well")
	if list, _ := n.pubEvent.all(); count(list, "down") > 0 {
		t.Error("an honest node was disconnected")
	}
}

// hostile says something, then waits to be disconnected, or leaves.
func hostile(t *testing.T, name string, nc net.Conn, say string, wait bool) {
	t.Helper()
	defer nc.Close()
	if _, err := io.WriteString(nc, say); err != nil && wait {
		return // disconnected already
	}
	if !wait {
		return
	}
	_, err := io.Copy(io.Discard, nc)
	if timeout, ok := err.(net.Error); ok && timeout.Timeout() {
		t.Errorf("%s on %v: not disconnected", name, nc.RemoteAddr())
	}
}

func endlessTopics(n int) string {
	var wire []byte
	for i := range n {
		wire = appendSubscription(wire, fmt.Sprintf("endless.%d", i), true)
	}
	return string(wire)
}

// Whoever opens connections and says nothing keeps nobody else out.
func TestSilentPeersDoNotBlockAccept(t *testing.T) {
	t.Parallel()
	log, lines := logged()
	b := startBroker(t, BrokerOptions{Options: Options{Log: log, limits: limits{pending: 8, handshake: time.Hour}}})
	var silent []net.Conn
	for range 50 {
		silent = append(silent, rawDial(t, b.XPubEndpoint()))
		rawDial(t, b.XSubEndpoint())
	}
	startNode(t, b, Options{}).ready(t)
	lines.contains(t, "too many at once")
	for _, nc := range silent[:50-8] {
		awaitClosed(t, nc)
	}
}

func TestTooManyConnections(t *testing.T) {
	t.Parallel()
	log, lines := logged()
	b := startBroker(t, BrokerOptions{Options: Options{Log: log, limits: limits{conns: 5}}})
	for range 5 {
		pinged(t, "one of five", rawPeer(t, b.XPubEndpoint(), zmq4.XSub))
	}
	awaitClosed(t, rawDial(t, b.XPubEndpoint()))
	lines.contains(t, "too many")
}

// Announcing much costs nothing: a hundred peers that announce a message of 100 MB each and send a little of it.
func TestMemoryFollowsBytesReceived(t *testing.T) {
	b := startBroker(t, BrokerOptions{})
	runtime.GC()
	var start, end runtime.MemStats
	runtime.ReadMemStats(&start)
	for range 100 {
		nc := rawPeer(t, b.XSubEndpoint(), zmq4.XPub)
		_, err := nc.Write(append([]byte{flagLong, 0, 0, 0, 0, 6, 0, 0, 0}, make([]byte, 1000)...))
		check(t, err)
	}
	runtime.ReadMemStats(&end)
	if grown := int64(end.HeapAlloc) - int64(start.HeapAlloc); grown > 20<<20 {
		t.Errorf("grew by %d bytes", grown)
	}
}
