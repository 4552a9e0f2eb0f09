package zmq

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"
	"github.com/go-zeromq/zmq4/security/null"
)

// patience bounds every wait of these tests; nothing takes nearly as long.
const patience = time.Minute

// TestMain demands that the tests left no goroutine of this package behind.
func TestMain(m *testing.M) {
	code := m.Run()
	if code == 0 && !soon(func() bool { return len(ourGoroutines()) == 1 }) { // this one
		fmt.Fprintf(os.Stderr, "goroutines leaked:\n\n%s\n", strings.Join(ourGoroutines(), "\n\n"))
		code = 1
	}
	os.Exit(code)
}

// ourGoroutines returns the stacks of all goroutines that run, or were created by, code of this package.
func ourGoroutines() (ours []string) {
	stacks := make([]byte, 1<<20)
	for _, g := range strings.Split(string(stacks[:runtime.Stack(stacks, true)]), "\n\n") {
		if strings.Contains(g, "zctl/nodes/zmq.") {
			ours = append(ours, g)
		}
	}
	return ours
}

// soon waits until cond holds.
func soon(cond func() bool) bool {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if cond() {
			return true
		}
	}
	return cond()
}

func eventually(t testing.TB, what string, cond func() bool) {
	t.Helper()
	if !soon(cond) {
		t.Fatalf("waited in vain for: %s", what)
	}
}

// promptly fails if f does not return.
func promptly(t *testing.T, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatalf("does not return: %s", what)
	}
}

// events is a list that one goroutine appends to and a test waits on.
type events struct {
	mu      sync.Mutex
	list    []string
	times   map[string]int // each event occurred
	changed chan struct{}
}

func newEvents() *events { return &events{times: make(map[string]int), changed: make(chan struct{})} }

func (e *events) add(format string, args ...any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	event := fmt.Sprintf(format, args...)
	e.list = append(e.list, event)
	e.times[event]++
	close(e.changed)
	e.changed = make(chan struct{})
}

func (e *events) all() ([]string, chan struct{}) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.list[:len(e.list):len(e.list)], e.changed // entries never change
}

// await waits until cond holds for the list.
func (e *events) await(t testing.TB, what string, cond func(list []string) bool) []string {
	t.Helper()
	timeout := time.After(patience)
	for {
		list, changed := e.all()
		if cond(list) {
			return list
		}
		select {
		case <-changed:
		case <-timeout:
			t.Fatalf("waited in vain for %s; have %d events:\n%.300s", what, len(list), strings.Join(list, " "))
		}
	}
}

// has waits until each wanted event occurred.
func (e *events) has(t testing.TB, want ...string) {
	t.Helper()
	for _, w := range want {
		e.await(t, w, func([]string) bool { return e.occurred(w) }) // does not look at the list, which may be long
	}
}

func (e *events) occurred(event string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.times[event] > 0
}

func count(list []string, want string) (n int) {
	for _, s := range list {
		if s == want {
			n++
		}
	}
	return n
}

// node is an XPub and an XSub, whose events go to one list each.
type node struct {
	pub      *XPub
	sub      *XSub
	pubEvent *events // "up", "down", "+topic", "-topic"
	subEvent *events // "up", "down", "frame|frame|..."
}

func startNode(t testing.TB, b *Broker, opts Options) *node {
	t.Helper()
	return startNodeAt(t, b.XSubEndpoint(), b.XPubEndpoint(), opts)
}

func startNodeAt(t testing.TB, brokerXSub, brokerXPub string, opts Options) *node {
	t.Helper()
	n := &node{pubEvent: newEvents(), subEvent: newEvents()}
	var err error
	n.pub, err = ConnectXPub(brokerXSub, opts, XPubHandler{
		Subscribed:   func(topic []byte) { n.pubEvent.add("+%s", topic) },
		Unsubscribed: func(topic []byte) { n.pubEvent.add("-%s", topic) },
		Connected:    func() { n.pubEvent.add("up") },
		Disconnected: func(error) { n.pubEvent.add("down") },
	})
	check(t, err)
	n.sub, err = ConnectXSub(brokerXPub, opts, XSubHandler{
		Message:      func(m Message) { n.subEvent.add("%s", bytes.Join(m, []byte("|"))) },
		Connected:    func() { n.subEvent.add("up") },
		Disconnected: func(error) { n.subEvent.add("down") },
	})
	check(t, err)
	t.Cleanup(func() { n.close() })
	return n
}

func (n *node) close() {
	n.pub.Close()
	n.sub.Close()
}

// ready waits until both sockets are up and everything subscribed before is known to this node's publisher (wire 1.7).
func (n *node) ready(t testing.TB) {
	t.Helper()
	n.pubEvent.has(t, "up")
	n.subEvent.has(t, "up")
	probe := fmt.Sprintf("probe.%p.%d", n, time.Now().UnixNano())
	check(t, n.sub.Subscribe(probe))
	n.pubEvent.has(t, "+"+probe)
	check(t, n.sub.Unsubscribe(probe))
	n.pubEvent.has(t, "-"+probe)
}

func startBroker(t testing.TB, opts BrokerOptions) *Broker {
	t.Helper()
	if opts.ListenXPub == "" {
		opts.ListenXPub, opts.ListenXSub = "tcp://127.0.0.1:0", "tcp://127.0.0.1:0"
	}
	b, err := ListenBroker(opts)
	check(t, err)
	t.Cleanup(func() { b.Close() })
	return b
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// ipcPair returns two endpoints that nobody else can take while a broker restarts.
func ipcPair(t testing.TB) (string, string) {
	dir, err := os.MkdirTemp("", "zmq")
	check(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	return "ipc://" + filepath.Join(dir, "xpub"), "ipc://" + filepath.Join(dir, "xsub")
}

func message(frames ...string) Message {
	m := make(Message, len(frames))
	for i, f := range frames {
		m[i] = []byte(f)
	}
	return m
}

// rawDial connects to an endpoint of ours without any protocol.
func rawDial(t testing.TB, endpoint string) net.Conn {
	t.Helper()
	e, err := parseRemote(endpoint)
	check(t, err)
	nc, err := net.Dial(e.network, e.address)
	check(t, err)
	t.Cleanup(func() { nc.Close() })
	check(t, nc.SetDeadline(time.Now().Add(patience)))
	return nc
}

// rawPeer connects and shakes hands, to then speak ZMTP by hand.
func rawPeer(t testing.TB, endpoint string, typ zmq4.SocketType) net.Conn {
	t.Helper()
	nc := rawDial(t, endpoint)
	check(t, handshake(nc, typ, null.Security(), false, patience))
	check(t, nc.SetDeadline(time.Now().Add(patience)))
	return nc
}

// awaitClosed waits until the peer has closed the connection, reading what it still sends.
func awaitClosed(t testing.TB, nc net.Conn) {
	t.Helper()
	_, err := io.Copy(io.Discard, nc)
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		t.Fatal("the peer did not close the connection")
	}
}

// logged is a logger whose lines a test can wait for.
func logged() (*slog.Logger, *events) {
	lines := newEvents()
	return slog.New(slog.NewTextHandler(lineWriter{lines}, &slog.HandlerOptions{Level: slog.LevelInfo})), lines
}

type lineWriter struct{ lines *events }

func (w lineWriter) Write(p []byte) (int, error) {
	w.lines.add("%s", p)
	return len(p), nil
}

func (e *events) contains(t testing.TB, text string) {
	t.Helper()
	e.await(t, text, func(list []string) bool { return strings.Contains(strings.Join(list, "\n"), text) })
}
