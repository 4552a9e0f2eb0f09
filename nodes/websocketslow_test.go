package nodes

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	ws "github.com/coder/websocket"

	"zctl/nodes/websocket"
	"zctl/nodes/websocket/client"
	"zctl/nodes/websocket/frame"
)

// TestSlowWebSocketClient: a client that stops reading is disconnected in the end, and
// harms nobody before that: other clients and nodes get all there is, nothing of the
// cluster is dropped, and the node that serves stays who it is to the others.
func TestSlowWebSocketClient(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "[loggers]\ncount = 0\n[proxies]\ncount = 0\n[workers]\ncount = 2\n")
	c.start("worker-1", "worker-2")
	publisher := c.nodes["worker-1"].Node
	var subscribed noted
	Handle(publisher, "Cluster::Backend::ZeroMQ::subscription", func(_ context.Context, topic string) { subscribed.add("%s", topic) })
	manager := c.startWith("manager", func(*Options) {})
	var gone noted
	Handle(manager.Node, "Cluster::websocket_client_lost", func(_ context.Context, e EndpointInfo, code uint64, reason string) {
		gone.add("%s %d %s", *e.ApplicationName, code, reason)
	})
	var atManager, atWorker, atClient atomic.Uint64
	listen := func(n *Node, count *atomic.Uint64) {
		Handle(n, "flood", func(_ context.Context, k uint64, _ string) {
			if count.Add(1) != k+1 {
				t.Errorf("%d comes in the place of %d", k, count.Load()-1)
			}
		})
		if err := errors.Join(n.Subscribe("flood"), n.Subscribe("behind-"+n.o.Name)); err != nil {
			t.Fatal(err)
		}
	}
	listen(manager.Node, &atManager)
	worker := c.nodes["worker-2"].Node
	listen(worker, &atWorker)
	c.awaitPeers(2)
	url := listenWebSocket(t, manager.Node, websocket.ListenOptions{MaxQueued: 1 << 20})
	slowWebSocket(t, url)
	link, err := client.Open(client.Options{URL: url, ApplicationName: "quick"}, []string{"flood"}, client.Handler{
		Message: func(client.Message) { atClient.Add(1) },
		Lost:    func(err error) { t.Errorf("the quick client: %v", err) },
	})
	if err != nil {
		t.Fatal(err)
	}
	await(t, "the quick client is connected", func() bool { _, is := link.Ack(); return is })
	await(t, "the publisher knows who listens", func() bool {
		return strings.Contains(subscribed.text(), "behind-manager") && strings.Contains(subscribed.text(), "behind-worker-2")
	})
	text, sent := strings.Repeat("x", 20_000), uint64(0)
	for gone.text() == "" && sent < 20_000 { // 400 MB is more than any buffer
		for range 50 {
			if err := publisher.Publish(context.Background(), "flood", "flood", sent, text); err != nil {
				t.Fatal(err)
			}
			sent++
		}
		await(t, "all but the slow client keep up", func() bool {
			return atManager.Load() == sent && atWorker.Load() == sent && atClient.Load() == sent
		})
	}
	await(t, "the slow client is gone", func() bool { return gone.text() != "" })
	if got := gone.text(); got != "slow 1006 Send timeout" {
		t.Errorf("gone: %s", got)
	}
	if s := manager.WebSocketStats(); s.Slow != 1 || s.Dropped != 0 || s.Clients != 1 {
		t.Errorf("counted %+v", s)
	}
	c.awaitPeers(2)
	link.Close()
}

// slowWebSocket connects, subscribes, and reads nothing but the acknowledgement.
func slowWebSocket(t *testing.T, url string) {
	t.Helper()
	transport := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		if err == nil {
			err = conn.(*net.TCPConn).SetReadBuffer(4096)
		}
		return conn, err
	}}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, _, err := ws.Dial(ctx, url+frame.Path, &ws.DialOptions{
		HTTPClient: &http.Client{Transport: transport}, HTTPHeader: http.Header{"X-Application-Name": {"slow"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.CloseNow() })
	if err := conn.Write(ctx, ws.MessageText, []byte(`["flood"]`)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := conn.Read(ctx); err != nil {
		t.Fatal(err)
	}
}
