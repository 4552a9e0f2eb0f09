package nodes

import (
	"sync"
	"sync/atomic"
	"time"

	"zctl/nodes/control"
	"zctl/nodes/store"
	"zctl/nodes/telemetry"
	"zctl/nodes/websocket"
)

// AddMetrics has the node serve the program's own numbers, too. read is called at every
// scrape, by several goroutines at once, and must not wait for anything; it hands out the
// same metrics each time, with names of its own:
//
//	n.AddMetrics(func(emit func(telemetry.Metric)) {
//		emit(telemetry.Count("my_alarms_total", "Alarms that were raised.", alarms.Load()))
//	})
func (n *Node) AddMetrics(read func(emit func(telemetry.Metric))) {
	n.extra.mu.Lock()
	defer n.extra.mu.Unlock()
	n.extra.all = append(n.extra.all[:len(n.extra.all):len(n.extra.all)], read)
}

// extraMetrics is what others than the node itself count.
type extraMetrics struct {
	packets packetMetrics

	mu  sync.Mutex // guards all, which is only replaced
	all []func(emit func(telemetry.Metric))
}

func (e *extraMetrics) read(emit func(telemetry.Metric)) {
	e.mu.Lock()
	all := e.all
	e.mu.Unlock()
	for _, read := range all {
		read(emit)
	}
}

// packetMetrics is what Zeek counts of packets (spec: cluster-framework 4.3). Sources are
// not ours, and may be slow: a scrape waits only so long, and then it has what they said
// before.
type packetMetrics struct {
	asking atomic.Bool
	said   atomic.Pointer[control.Packets]
}

const packetPatience = 200 * time.Millisecond

func (p *packetMetrics) metrics(emit func(telemetry.Metric), ask func() (control.Packets, bool)) {
	if p.asking.CompareAndSwap(false, true) {
		done := make(chan struct{})
		go func() {
			defer close(done)
			defer p.asking.Store(false)
			if said, any := ask(); any {
				p.said.Store(&said)
			}
		}()
		select {
		case <-done:
		case <-time.After(packetPatience):
		}
	}
	said := p.said.Load()
	if said == nil {
		return
	}
	const net = "zeek_net_"
	emit(telemetry.Count(net+"received_packets_total", "Packets that the node got.", said.Received))
	emit(telemetry.Count(net+"dropped_packets_total", "Packets that were dropped, since the node was too slow.", said.Dropped))
	emit(telemetry.Count(net+"link_packets_total", "Packets on the link, as far as their source knows.", said.Link))
}

// storeMetrics is how a data store of the node is.
func storeMetrics(emit func(telemetry.Metric), name string, s store.Stats) {
	const prefix = "zctl_store_"
	role := "clone"
	if s.Master {
		role = "master"
	}
	gauge := func(metric, help string, value int) { emit(telemetry.Gauge(prefix+metric, help, value, "store", name)) }
	count := func(metric, help string, value uint64) {
		emit(telemetry.Count(prefix+metric, help, value, "store", name))
	}
	truth := func(metric, help string, value bool) {
		emit(telemetry.Truth(prefix+metric, help, value, "store", name))
	}
	emit(telemetry.Gauge(prefix+"info", "What the node is of the data store: always 1.", 1, "store", name, "role", role))
	truth("ready", "1 if the data store serves, or follows its master.", s.Ready)
	truth("stale", "1 if reads are refused, since nothing was heard of the master for too long.", s.Stale)
	truth("conflict", "1 if there are two masters of the data store, and this one stands back.", s.Conflict)
	gauge("entries", "Entries of the data store here.", s.Entries)
	gauge("writes_waiting", "Writes of this node that wait for an answer.", s.Unresolved)
	gauge("writes_waiting_bytes", "Bytes of those.", s.UnresolvedBytes)
	count("resyncs_total", "Snapshots that a clone has asked for.", s.Resyncs)
	count("refused_total", "Writes that were refused before anybody was asked.", s.Refused)
	count("lost_total", "Messages of the data store that there was no room for here; they are sent again.", s.Lost)
	count("unsent_total", "Messages of the data store that the bus had no room for; they are sent again.", s.Unsent)
	count("malformed_total", "Messages of the data store that are none.", s.Malformed)
}

// websocketMetrics is what Zeek counts of WebSocket clients (spec: websocket 15), and what
// we do besides.
func websocketMetrics(emit func(telemetry.Metric), s websocket.Stats) {
	const zeek, ours = "zeek_cluster_websocket_", "zctl_websocket_"
	for app, a := range s.Apps {
		emit(telemetry.Count(zeek+"incoming_events_total", "Events that clients got.", a.Incoming, "app", app))
		emit(telemetry.Count(zeek+"outgoing_events_total", "Events that clients published.", a.Outgoing, "app", app))
	}
	for tag, n := range s.QueueBlocks {
		queueBlocks(emit, tag, n)
	}
	emit(telemetry.Gauge(ours+"clients", "WebSocket clients that are connected.", s.Clients))
	emit(telemetry.Count(ours+"refused_total", "WebSocket clients that were refused, since there were too many.", s.Refused))
	for cause, n := range map[string]uint64{"server_full": s.Dropped, "malformed": s.Malformed, "bus_full": s.Unsent} {
		emit(telemetry.Count(ours+"drops_total", "Events to or from WebSocket clients that were lost, by cause.", n, "cause", cause))
	}
	emit(telemetry.Count(ours+"slow_clients_total", "WebSocket clients that were disconnected, since they took nothing.", s.Slow))
}
