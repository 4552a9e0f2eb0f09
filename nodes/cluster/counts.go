package cluster

import (
	"log/slog"
	"sync/atomic"
)

// Stats is what a node has counted since it was made. Names are those of Zeek's
// metrics where there is one (spec: wire 1.9).
type Stats struct {
	Incoming   uint64 // events that came: zeek_cluster_core_incoming_events_total
	Outgoing   uint64 // events that were published: zeek_cluster_core_outgoing_events_total
	Handled    uint64 // calls of handlers
	Unknown    uint64 // events that nobody here handles; they are no error
	Mismatched uint64 // calls that were not made because arguments did not fit
	Dropped    uint64 // events for which there was no room: zeek_cluster_zeromq_onloop_drops_total
	Unsent     uint64 // events for which the bus had no room: zeek_cluster_zeromq_xpub_drops_total
	Malformed  uint64 // messages that are no event: zeek_cluster_zeromq_msg_errors_total
}

// counters is Stats as it is counted.
type counters struct {
	incoming, outgoing, handled, unknown, mismatched, dropped, unsent, malformed atomic.Uint64

	warned Stats // of one goroutine
}

// Stats is what the node has counted.
func (c *Cluster) Stats() Stats { return c.stats.read() }

// Invocations is for how many events the handlers of each name were called:
// zeek_event_handler_invocations_total. Names are those that are handled here, so that
// nobody else can make them many; handlers of all events ("*") are not among them.
func (c *Cluster) Invocations() map[string]uint64 {
	all := map[string]uint64{}
	if byName := c.handlers.byName.Load(); byName != nil {
		for name, handlers := range *byName {
			if name != everyEvent {
				all[name] = handlers[0].events.Load()
			}
		}
	}
	return all
}

func (c *counters) read() Stats {
	return Stats{
		Incoming: c.incoming.Load(), Outgoing: c.outgoing.Load(), Handled: c.handled.Load(), Unknown: c.unknown.Load(),
		Mismatched: c.mismatched.Load(), Dropped: c.dropped.Load(), Unsent: c.unsent.Load(), Malformed: c.malformed.Load(),
	}
}

// warn says what has been lost since it was last called.
func (c *counters) warn(log *slog.Logger) {
	now, before := c.read(), c.warned
	for _, loss := range []struct {
		what string
		n    uint64
	}{
		{"malformed messages ignored", now.Malformed - before.Malformed},
		{"events dropped, the node is too slow", now.Dropped - before.Dropped},
		{"events not sent, the bus is too slow", now.Unsent - before.Unsent},
	} {
		if loss.n > 0 {
			log.Warn(loss.what, "count", loss.n)
		}
	}
	c.warned = now
}
