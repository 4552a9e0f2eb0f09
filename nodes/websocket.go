package nodes

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"

	"zctl/nodes/cluster"
	"zctl/nodes/event"
	"zctl/nodes/websocket"
)

// Events that a node raises for itself when WebSocket clients come and go (spec:
// websocket 14).
const (
	eventClientAdded = "Cluster::websocket_client_added"
	eventClientLost  = "Cluster::websocket_client_lost"
)

// EndpointInfo is a WebSocket client (Cluster::EndpointInfo):
//
//	nodes.Handle(n, "Cluster::websocket_client_added", func(ctx context.Context, c nodes.EndpointInfo, subscriptions []string) { … })
//	nodes.Handle(n, "Cluster::websocket_client_lost", func(ctx context.Context, c nodes.EndpointInfo, code uint64, reason string) { … })
type EndpointInfo struct {
	ID      string // what it publishes as: the node's id, -websocket- and a number
	Network NetworkInfo
	// ApplicationName is what it calls itself; nil if it does not.
	ApplicationName *string
}

// NetworkInfo is where somebody is (Cluster::NetworkInfo).
type NetworkInfo struct {
	Address   string
	BoundPort event.Port
}

// ListenWebSocket serves Zeek's WebSocket API at an address (Cluster::listen_websocket,
// which returns F where this is an error), and returns which; port 0 is any that is
// free. It may be called before Run, so that an address in use is known before the node
// joins, and at any time later; [Options.WebSocket] does it when the node runs.
// Listening again with the same options changes nothing and is no error; with others it
// is.
//
// Clients publish and hear what any node does, and the node itself hears them if it
// subscribes what they publish to. They are written to cluster.log, and raise
// Cluster::websocket_client_added and _lost here. Who may connect is trusted like a
// node: [websocket.ListenOptions] has what keeps others away.
func (n *Node) ListenWebSocket(o websocket.ListenOptions) (net.Addr, error) {
	w := &n.webSockets
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended {
		return nil, errors.New("cannot listen for WebSocket clients: the node has ended")
	}
	if w.server == nil {
		w.server = websocket.New(n.webSocketServer())
	}
	address, err := w.server.Listen(o)
	if err == nil {
		w.listening = true
		w.run()
	}
	return address, err
}

// webSockets is the server of a node's WebSocket clients, which is there and on the bus
// only if anybody wants it.
type webSockets struct {
	mu        sync.Mutex // guards what follows
	server    *websocket.Server
	listening bool
	serve     func(*websocket.Server) // runs the server until the node ends; nil: not now
	running   sync.WaitGroup
	ended     bool
}

// run runs the server if it is time for that. w.mu is held.
func (w *webSockets) run() {
	if serve := w.serve; serve != nil && w.listening {
		server := w.server
		w.serve = nil
		w.running.Go(func() { serve(server) })
	}
}

// begin lets the server run until ctx ends.
func (n *Node) beginWebSockets(ctx context.Context, connect cluster.Connect) {
	w := &n.webSockets
	w.mu.Lock()
	defer w.mu.Unlock()
	w.serve = func(server *websocket.Server) {
		if err := server.Run(ctx, connect); err != nil {
			n.o.Log.Error("the WebSocket server ended", "err", err)
		}
	}
	w.run()
}

// end waits for the server, whose context has ended, or closes one that never ran.
func (w *webSockets) end() error {
	w.mu.Lock()
	w.ended = true
	server := w.server
	w.mu.Unlock()
	w.running.Wait()
	if server == nil {
		return nil
	}
	return server.Close()
}

// webSocketServer is what the node does for its WebSocket clients.
func (n *Node) webSocketServer() websocket.Options {
	return websocket.Options{NodeID: n.NodeID(), Log: n.o.Log, Added: n.clientAdded, Lost: n.clientLost}
}

func (n *Node) clientAdded(c websocket.Endpoint, subscriptions []string) {
	n.Log(fmt.Sprintf("%s subscribed to [%s]", describeClient(c), strings.Join(subscriptions, ", ")))
	n.raise(eventClientAdded, endpointInfo(c), subscriptions)
}

func (n *Node) clientLost(c websocket.Endpoint, code int, reason string) {
	line := fmt.Sprintf("%s gone with code %d", describeClient(c), code)
	if reason != "" {
		line += fmt.Sprintf(" and reason '%s'", reason)
	}
	n.Log(line)
	n.raise(eventClientLost, endpointInfo(c), uint64(code), reason)
}

// describeClient is how lines of cluster.log begin, in Zeek's words (spec: websocket
// 14).
func describeClient(c websocket.Endpoint) string {
	text := fmt.Sprintf("WebSocket client '%s' (%s:%d)", c.ID, c.Address.Addr(), c.Address.Port())
	if c.ApplicationName != "" {
		text += " application_name=" + c.ApplicationName
	}
	return text
}

func endpointInfo(c websocket.Endpoint) EndpointInfo {
	info := EndpointInfo{ID: c.ID, Network: NetworkInfo{
		Address: c.Address.Addr().String(), BoundPort: event.Port{Number: c.Address.Port(), Protocol: event.TCP},
	}}
	if c.ApplicationName != "" {
		info.ApplicationName = &c.ApplicationName
	}
	return info
}

// raise hands an event to the node's own handlers.
func (n *Node) raise(name string, args ...any) {
	if err := n.Raise(name, args...); err != nil {
		n.o.Log.Error("cannot tell handlers of a WebSocket client", "err", err)
	}
}

// WebSocketStats is what the server of WebSocket clients has counted; nothing if the
// node has none.
func (n *Node) WebSocketStats() websocket.Stats {
	stats, _ := n.webSocketStats()
	return stats
}

func (n *Node) webSocketStats() (stats websocket.Stats, has bool) {
	n.webSockets.mu.Lock()
	server := n.webSockets.server
	n.webSockets.mu.Unlock()
	if server == nil {
		return stats, false
	}
	return server.Stats(), true
}
