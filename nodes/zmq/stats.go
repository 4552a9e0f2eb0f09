package zmq

import "sync/atomic"

// Stats is what a socket counted since it was opened. Messages are whole messages, bytes those on the wire.
type Stats struct {
	Messages, Bytes uint64 // taken by Send to be sent, or received to be handled

	// Drops counts messages that were not taken at the high-water mark: Zeek's zeek_cluster_zeromq_xpub_drops
	// (spec: wire 1.9).
	Drops uint64

	// Errors counts messages that cannot be what they should: a wrong number of frames. It is this socket's part of Zeek's
	// zeek_cluster_zeromq_msg_errors.
	Errors uint64
}

// counters is Stats that several connections add to, once per batch.
type counters struct{ messages, bytes, errors atomic.Uint64 }

func (c *counters) took(messages, bytes int) {
	c.messages.Add(uint64(messages))
	c.bytes.Add(uint64(bytes))
}

func (c *counters) stats() Stats {
	return Stats{Messages: c.messages.Load(), Bytes: c.bytes.Load(), Errors: c.errors.Load()}
}
