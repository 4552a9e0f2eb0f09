package websocket

import (
	"fmt"
	"sync"
)

// readiness tells when what was subscribed is in force: when a topic that only one
// waits for has come back over the bus, so has everything before it (spec: wire 1.7).
type readiness struct {
	mu      sync.Mutex // guards what follows
	waiting map[string]chan struct{}
	n       int
}

// internalPrefix is what topics begin with that mean nothing to anybody else (Cluster::
// Backend::ZeroMQ::internal_topic_prefix).
const internalPrefix = "zeek.zeromq.internal."

// expect makes such a topic. The channel is closed when it has been seen.
func (r *readiness) expect(id string) (topic string, seen <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.waiting == nil {
		r.waiting = map[string]chan struct{}{}
	}
	r.n++
	topic = fmt.Sprintf("%s%s.%d.", internalPrefix, id, r.n)
	c := make(chan struct{})
	r.waiting[topic] = c
	return topic, c
}

// subscribed takes a topic that came over the bus.
func (r *readiness) subscribed(topic string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c := r.waiting[topic]; c != nil {
		close(c)
		delete(r.waiting, topic)
	}
}

// forget says that nobody waits for the topic any more.
func (r *readiness) forget(topic string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.waiting, topic)
}
