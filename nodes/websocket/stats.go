package websocket

import (
	"net"
	"sync"
	"sync/atomic"
)

// Stats is what a server has counted. Names are those of Zeek's metrics where there is
// one (spec: websocket 15).
type Stats struct {
	// Clients is how many connections there are.
	Clients int
	// Apps is by the X-Application-Name of clients, those without one as "unknown":
	// zeek_cluster_websocket_{incoming,outgoing}_events_total, label app.
	Apps map[string]AppStats
	// QueueBlocks is how often a client had to wait for the queue of its listener, each
	// 100 ms of waiting counted: zeek_cluster_onloop_queue_blocks_total, by label tag.
	QueueBlocks map[string]uint64

	Dropped   uint64 // messages of the bus for which the server had no room
	Malformed uint64 // messages of the bus that are no event
	Unsent    uint64 // events of clients that the bus would not take for 10 s
	Slow      uint64 // clients that were disconnected because they took nothing
	Refused   uint64 // connections beyond MaxClients
}

// AppStats is about the clients of one name. Directions are those of Zeek: incoming is
// what they got, outgoing what they published.
type AppStats struct{ Incoming, Outgoing uint64 }

// counters is Stats as it is counted.
type counters struct {
	dropped, malformed, unsent, slow, refused atomic.Uint64

	mu   sync.Mutex // guards what follows
	apps map[string]*appCounters
}

type appCounters struct{ incoming, outgoing atomic.Uint64 }

const (
	unknownApp = "unknown"
	// otherApps counts for those whose names come when there are maxApps, or that are
	// longer than maxAppName.
	otherApps  = "other"
	maxApps    = 200
	maxAppName = 100
)

// app is the counters of those that call themselves so.
func (c *counters) app(name string) *appCounters {
	c.mu.Lock()
	defer c.mu.Unlock()
	if name == "" {
		name = unknownApp
	}
	if c.apps == nil {
		c.apps = map[string]*appCounters{}
	}
	if c.apps[name] == nil && (len(c.apps) >= maxApps || len(name) > maxAppName) {
		name = otherApps
	}
	if c.apps[name] == nil {
		c.apps[name] = &appCounters{}
	}
	return c.apps[name]
}

func (c *counters) byApp() map[string]AppStats {
	c.mu.Lock()
	defer c.mu.Unlock()
	apps := map[string]AppStats{}
	for name, app := range c.apps {
		apps[name] = AppStats{Incoming: app.incoming.Load(), Outgoing: app.outgoing.Load()}
	}
	return apps
}

// Stats is what the server has counted since it was made.
func (s *Server) Stats() Stats {
	c := &s.stats
	stats := Stats{
		Apps: c.byApp(), QueueBlocks: map[string]uint64{},
		Dropped: c.dropped.Load(), Malformed: c.malformed.Load(), Unsent: c.unsent.Load(), Slow: c.slow.Load(),
		Refused: c.refused.Load(),
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.listeners {
		host, port, _ := net.SplitHostPort(l.Addr().String())
		stats.QueueBlocks["WebSocketEventDispatcher:"+host+":"+port] = l.queue.blocks.Load()
		stats.Clients += l.open()
	}
	return stats
}
