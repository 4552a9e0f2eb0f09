package cluster

// Backend carries messages between the nodes of a cluster: Zeek's ZeroMQ bus in
// package nodes, and [Bus] in memory. Its methods may be called from several
// goroutines at once and never wait for a peer.
type Backend interface {
	// Publish sends a message of four frames (spec: wire 1.4) to those whose
	// subscriptions the topic begins with. An error says that it was not sent;
	// nil does not say that anybody got it.
	Publish(topic, sender, format string, payload []byte) error
	// Subscribe and Unsubscribe say which topics, by their beginning, are of
	// interest. One that is subscribed already is not subscribed again (spec: wire
	// T5). What was subscribed survives the loss of a connection.
	Subscribe(topic string) error
	Unsubscribe(topic string) error
	// Close sends what is still to be sent, for a while, and leaves the bus. The
	// Receiver is not called any more when it returns.
	Close() error
}

// Receiver is what a Backend tells what happens on the bus. Calls come from
// goroutines of the backend, those of one kind in order. They do not block.
type Receiver interface {
	// Message takes a message. Its frames must not change afterwards.
	Message(topic, sender, format, payload []byte)
	// Subscribed and Unsubscribed say that somebody, perhaps this node itself,
	// subscribed a topic, or that nobody does any more (spec: wire 1.6).
	Subscribed(topic string)
	Unsubscribed(topic string)
	// Malformed says that something came which is no message at all.
	Malformed()
	// Lost says that the bus is gone. When it is back, Subscribed tells of all
	// topics again.
	Lost(err error)
}

// Connect joins a bus.
type Connect func(Receiver) (Backend, error)
