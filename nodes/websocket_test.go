package nodes

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"zctl/nodes/event"
	"zctl/nodes/telemetry"
	"zctl/nodes/websocket"
	"zctl/nodes/websocket/client"
	"zctl/nodes/websocket/frame"
)

// webSocketClient is a client of a node's WebSocket server.
type webSocketClient struct {
	*client.Client
	cancel context.CancelFunc
	ended  chan error

	mu   sync.Mutex // guards seen
	seen []string
}

// connectWebSocket makes a client that writes down the events of these names, and waits
// until it is connected.
func connectWebSocket(t *testing.T, o client.Options, topics []string, names ...string) *webSocketClient {
	t.Helper()
	c, err := client.New(o)
	if err != nil {
		t.Fatal(err)
	}
	w := &webSocketClient{Client: c, ended: make(chan error, 1)}
	for _, topic := range topics {
		if err := c.Subscribe(topic); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range names {
		err := client.Handle(c, name, func(_ context.Context, ev event.Event) { w.add(ev.String()) })
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	w.cancel = cancel
	go func() { w.ended <- c.Run(ctx) }()
	t.Cleanup(w.cancel)
	ready, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := c.WaitReady(ready); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *webSocketClient) add(line string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = append(w.seen, line)
}

func (w *webSocketClient) lines() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(w.seen, " ")
}

// close disconnects.
func (w *webSocketClient) close(t *testing.T) {
	t.Helper()
	w.cancel()
	select {
	case err := <-w.ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(patience):
		t.Error("a WebSocket client does not end")
	}
}

// listenWebSocket begins to serve at a free port, and returns the URL of that.
func listenWebSocket(t *testing.T, n *Node, o websocket.ListenOptions) string {
	t.Helper()
	o.Address = "127.0.0.1:0"
	address, err := n.ListenWebSocket(o)
	if err != nil {
		t.Fatal(err)
	}
	scheme := "ws"
	if o.TLS != (websocket.TLSOptions{}) {
		scheme = "wss"
	}
	return scheme + "://" + address.String()
}

// noted is what a test's handlers saw, in order.
type noted struct {
	mu    sync.Mutex // guards lines
	lines []string
}

func (s *noted) add(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, fmt.Sprintf(format, args...))
}

func (s *noted) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.lines, "\n")
}

// TestWebSocketClients: clients publish and hear what nodes do, never themselves; they
// are told of at their node, and in cluster.log, in Zeek's words (spec: websocket 14).
func TestWebSocketClients(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "[proxies]\ncount = 0\n[workers]\ncount = 1\n")
	var seen noted
	prepare := func(n *Node) {
		for _, err := range []error{
			Handle(n, "ping", func(ctx context.Context, text string, k uint64) error {
				return n.Publish(ctx, "test/pong", "pong", n.o.Name+" "+text, k+1)
			}),
			n.Subscribe("test/ping"),
			n.Subscribe("behind-" + n.o.Name),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	c.start("logger-1", "worker-1")
	prepare(c.nodes["worker-1"].Node)
	manager := c.startWith("manager", func(*Options) {})
	var subscribed noted
	Handle(manager.Node, "Cluster::Backend::ZeroMQ::subscription", func(_ context.Context, topic string) { subscribed.add("%s", topic) })
	prepare(manager.Node)
	Handle(manager.Node, "Cluster::websocket_client_added", func(_ context.Context, e EndpointInfo, topics []string) {
		app := "-"
		if e.ApplicationName != nil {
			app = *e.ApplicationName
		}
		seen.add("added %s %s %v %s %q", e.ID, e.Network.Address, e.Network.BoundPort.Protocol, app, topics)
	})
	Handle(manager.Node, "Cluster::websocket_client_lost", func(_ context.Context, e EndpointInfo, code uint64, reason string) {
		seen.add("lost %s %d %s", e.ID, code, reason)
	})
	c.awaitPeers(2)
	await(t, "both nodes have subscribed", func() bool {
		text := subscribed.text()
		return strings.Contains(text, "behind-manager") && strings.Contains(text, "behind-worker-1")
	})
	url := listenWebSocket(t, manager.Node, websocket.ListenOptions{})
	a := connectWebSocket(t, client.Options{URL: url, ApplicationName: "test/a"}, []string{"test/pong", "test/ping", "test/ping"}, "ping", "pong")
	b := connectWebSocket(t, client.Options{URL: url}, []string{"test/"}, "ping", "pong")
	if err := a.Publish(context.Background(), "test/ping", "ping", "hi", uint64(41)); err != nil {
		t.Fatal(err)
	}
	await(t, "a's answers", func() bool {
		text := a.lines()
		return strings.Contains(text, `pong("manager hi", 42)`) && strings.Contains(text, `pong("worker-1 hi", 42)`)
	})
	await(t, "what b hears", func() bool {
		text := b.lines()
		return strings.Contains(text, `ping("hi", 41)`) && strings.Count(text, "pong(") == 2 // of three senders, so in any order
	})
	if text := a.lines(); strings.Contains(text, "ping(") {
		t.Errorf("a hears itself: %s", text)
	}
	ids := []string{manager.NodeID() + "-websocket-0", manager.NodeID() + "-websocket-1"}
	ack, _ := a.Ack()
	if ack.Endpoint != ids[0] || ack.Version == "" {
		t.Errorf("a is %+v, want %s", ack, ids[0])
	}
	b.close(t)
	await(t, "b's goodbye", func() bool { return strings.Contains(seen.text(), "lost") })
	a.close(t)
	want := fmt.Sprintf("added %s 127.0.0.1 tcp test/a [\"test/ping\" \"test/pong\"]\nadded %s 127.0.0.1 tcp - [\"test/\"]\nlost %s 1000 \nlost %s 1000 ", ids[0], ids[1], ids[1], ids[0])
	await(t, "the goodbyes", func() bool { return strings.Count(seen.text(), "lost") == 2 })
	if got := seen.text(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	c.awaitLine("logger-1", "WebSocket client '"+ids[0]+"' (127.0.0.1:")
	c.awaitLine("logger-1", ") application_name=test/a subscribed to [test/ping, test/pong]\n")
	c.awaitLine("logger-1", ") subscribed to [test/]\n")
	c.awaitLine("logger-1", ") application_name=test/a gone with code 1000\n")
	if s := manager.WebSocketStats(); s.Apps["test/a"].Outgoing != 1 || s.Apps["test/a"].Incoming != 2 || s.Apps["unknown"].Incoming != 3 || s.Clients != 0 {
		t.Errorf("counted %+v", s)
	}
	served := map[string]float64{}
	manager.readMetrics(func(m telemetry.Metric) { served[m.Name+strings.Join(m.Labels, "=")] = m.Value })
	if served["zeek_cluster_websocket_incoming_events_totalapp=test/a"] != 2 {
		t.Errorf("its metrics do not have them: %v", served)
	}
}

// TestWebSocketWhileRunning: a node can begin to listen before Run, by its options and
// while it runs; the clients of one that ends are told so, and follow it when it is back.
func TestWebSocketWhileRunning(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "[proxies]\ncount = 0\n[workers]\ncount = 1\n[loggers]\ncount = 0\n")
	ports := freePorts(t, 2)
	first := fmt.Sprintf("127.0.0.1:%d", ports[0])
	o := websocket.ListenOptions{Address: first}
	start := func() *running {
		return c.startWith("manager", func(all *Options) { all.WebSocket = []websocket.ListenOptions{o} })
	}
	manager := start()
	var s noted
	link, err := client.Open(client.Options{URL: "ws://" + first}, nil, client.Handler{
		Connected: func(a frame.Ack) { s.add("connected") },
		Lost:      func(err error) { s.add("%v", err) },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer link.Close()
	await(t, "the client is connected", func() bool { return strings.HasSuffix(s.text(), "connected") })
	second := listenWebSocket(t, manager.Node, websocket.ListenOptions{})
	connectWebSocket(t, client.Options{URL: second}, nil).close(t)
	if _, err := manager.ListenWebSocket(o); err != nil {
		t.Errorf("the same again: %v", err)
	}
	o2 := o
	o2.MaxEventQueueSize = 7
	if _, err := manager.ListenWebSocket(o2); err == nil || err.Error() != "Already listening on "+first {
		t.Errorf("other options: %v", err)
	}
	c.stop("manager")
	await(t, "the client is told", func() bool { return strings.Contains(s.text(), "the server closed the connection: 1001 Terminating") })
	if _, err := manager.ListenWebSocket(o); err == nil {
		t.Error("a node that has ended listens")
	}
	start()
	await(t, "the client is back", func() bool { return strings.HasSuffix(s.text(), "\nconnected") })
}

// TestWebSocketPortInUse: a node whose port is in use does not join.
func TestWebSocketPortInUse(t *testing.T) {
	t.Parallel()
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer lis.Close()
	c := newCluster(t, "")
	n, err := New(Options{Name: "manager", Layout: c.file, Dir: c.dir, WebSocket: []websocket.ListenOptions{{Address: lis.Addr().String()}}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err = n.Run(ctx)
	if ctx.Err() != nil || err == nil || !strings.Contains(err.Error(), "cannot listen for WebSocket clients: listen tcp "+lis.Addr().String()) || !strings.Contains(err.Error(), "choose another port") {
		t.Errorf("it ends with %v", err)
	}
	if n.Joined() {
		t.Error("it joined")
	}
}

// TestWebSocketTokenAndOrigin: who has no token is no client, and no page of another
// host either.
func TestWebSocketTokenAndOrigin(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "[loggers]\ncount = 0\n[proxies]\ncount = 0\n[workers]\ncount = 1\n")
	manager := c.startWith("manager", func(*Options) {})
	url := listenWebSocket(t, manager.Node, websocket.ListenOptions{Token: "s3cret", Origins: []string{"good.example"}})
	for _, test := range []struct {
		token, origin string
		want          string // of the error, "" is that it is connected
	}{
		{"s3cret", "", ""},
		{"s3cret", "https://good.example", ""},
		{"s3cret", "https://bad.example", "the server does not let us in"},
		{"wrong", "", "the server wants a token that it knows"},
		{"", "https://good.example", "the server wants a token that it knows"},
	} {
		o := client.Options{URL: url, Token: test.token}
		if test.origin != "" {
			o.Header = map[string][]string{"Origin": {test.origin}}
		}
		if err := tryWebSocket(t, o); test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("token %q, origin %q: %v, want %q", test.token, test.origin, err, test.want)
		}
	}
}

// tryWebSocket connects once; the error says why a server, or the client, did not want
// to.
func tryWebSocket(t *testing.T, o client.Options) error {
	t.Helper()
	ended := make(chan error, 10)
	link, err := client.Open(o, nil, client.Handler{
		Connected: func(frame.Ack) { ended <- nil },
		Lost: func(err error) {
			select {
			case ended <- err:
			default:
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer link.Close()
	select {
	case err := <-ended:
		return err
	case <-time.After(patience):
		return errors.New("neither connected nor refused")
	}
}
