package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"zctl/layoutgen"
	"zctl/nodes/zmq"
	"zctl/nodes/zmq/curve"
	"zctl/supervisor"
)

// nodeIDTopic begins the topic that each node subscribes to for itself; behind it
// stand the node's id and a dot (spec: wire 5.1).
const nodeIDTopic = "zeek.cluster.nodeid."

// witness sees who is on the bus by what the broker tells every publisher: who
// subscribes to what. It publishes nothing and subscribes to nothing, so that it gets
// no traffic, and nobody else can tell that it is there.
type witness struct{}

func (witness) Watch(ctx context.Context, bus supervisor.Bus, see func(supervisor.Sight)) error {
	keys, err := keysIn(func(name string) string { return bus.Keys[name] })
	if err != nil {
		return err
	}
	c := &crowd{there: map[string]bool{}, changed: make(chan struct{}, 1)}
	xpub, err := zmq.ConnectXPub(bus.Endpoint, zmq.Options{Curve: keys, Linger: -1}, zmq.XPubHandler{
		Connected:    func() { c.become("") },
		Subscribed:   func(topic []byte) { c.note(topic, true) },
		Unsubscribed: func(topic []byte) { c.note(topic, false) },
		Disconnected: func(err error) { c.become(fmt.Sprintf("lost the broker at %s: %v", bus.Endpoint, err)) },
	})
	if err != nil {
		return err
	}
	for {
		select {
		case <-c.changed:
			see(c.sight())
		case <-ctx.Done():
			return xpub.Close()
		}
		select {
		case <-time.After(betweenSights):
		case <-ctx.Done():
		}
	}
}

// What anybody on the bus may make a witness remember and do.
const (
	maxCrowd      = 10000 // ids
	maxNodeID     = 512   // bytes
	betweenSights = 5 * time.Millisecond
)

// crowd is who is on a bus.
type crowd struct {
	changed chan struct{} // holds a token when there is something to be seen

	mu      sync.Mutex // guards what follows
	there   map[string]bool
	problem string
}

// note takes down who comes and goes, by a topic.
func (c *crowd) note(topic []byte, comes bool) {
	id, ok := strings.CutPrefix(string(topic), nodeIDTopic)
	id = strings.TrimSuffix(id, ".")
	if !ok || len(id) > maxNodeID {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case !comes:
		delete(c.there, id)
	case len(c.there) < maxCrowd:
		c.there[id] = true
	default:
		return
	}
	c.tell()
}

// become forgets everybody: those who are there follow, if there is no problem.
func (c *crowd) become(problem string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.there)
	c.problem = problem
	c.tell()
}

func (c *crowd) tell() {
	select {
	case c.changed <- struct{}{}:
	default:
	}
}

func (c *crowd) sight() supervisor.Sight {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := supervisor.Sight{IDs: slices.Sorted(maps.Keys(c.there)), Problem: c.problem}
	if len(c.there) == maxCrowd {
		s.Problem = fmt.Sprintf("%d ids or more are on the bus, which no cluster has; somebody makes them up", maxCrowd)
	}
	return s
}

// busOf is where to see who is on the bus of a layout: nil if no node is Zeek.
func busOf(layout *layoutgen.Layout, keys curve.Keys) *supervisor.Bus {
	if !slices.ContainsFunc(layout.Processes(), func(n layoutgen.Node) bool { return n.Process.Engine == layoutgen.EngineZeek }) {
		return nil
	}
	bus := &supervisor.Bus{Endpoint: layout.Backend.ConnectXPub}
	if keys.IsZero() {
		return bus
	}
	keys.ServerSecret = curve.SecretKey{} // who only connects needs none
	bus.Keys = map[string]string{}
	for _, entry := range keys.Env() {
		name, value, _ := strings.Cut(entry, "=")
		bus.Keys[name] = value
	}
	return bus
}
