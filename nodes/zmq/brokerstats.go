package zmq

import "sync/atomic"

// BrokerStats is what a broker counted since it began.
type BrokerStats struct {
	// Frontend is the XSUB, where nodes' XPubs connect to; Backend is the XPUB. They are counted as libzmq's steerable
	// proxy does, from which Zeek takes zeek_cluster_zeromq_proxy_{frontend,backend}_{messages,bytes}_{received,sent}
	// (spec: wire 1.9): what passes from one socket to the other counts once, however many peers get it.
	Frontend, Backend SideStats

	Delivered Traffic // whole messages, and bytes on the wire, that were queued for a subscriber, each for itself
	Drops     uint64  // whole messages that a subscriber at its high-water mark did not get; only with Options.Drop
	Topics    int     // distinct topics that are subscribed now
}

// SideStats is one of the broker's two sockets.
type SideStats struct {
	Received, Sent Traffic // frames, four to an event, and the bytes in them
	Connections    int     // now
}

// Traffic counts things that pass.
type Traffic struct{ Messages, Bytes uint64 }

// flow is a Traffic that several goroutines add to, once per batch.
type flow struct{ messages, bytes atomic.Uint64 }

func (f *flow) add(messages, bytes int) {
	if messages > 0 {
		f.messages.Add(uint64(messages))
		f.bytes.Add(uint64(bytes))
	}
}

func (f *flow) traffic() Traffic { return Traffic{f.messages.Load(), f.bytes.Load()} }

// brokerCounters is what BrokerStats is made from.
type brokerCounters struct {
	events    flow // frames
	requests  flow // subscriptions and their ends, as subscribers sent them
	news      flow // the same, as publishers hear of them
	delivered flow // messages
	drops     atomic.Uint64
}

// Stats returns the present numbers.
func (b *Broker) Stats() BrokerStats {
	events := b.counters.events.traffic()
	return BrokerStats{
		Frontend: SideStats{
			Received: events, Sent: b.counters.news.traffic(), Connections: b.pubs.count(),
		},
		Backend: SideStats{
			Received: b.counters.requests.traffic(), Sent: events, Connections: b.subs.count(),
		},
		Delivered: b.counters.delivered.traffic(),
		Drops:     b.counters.drops.Load(),
		Topics:    b.table.topics(),
	}
}
