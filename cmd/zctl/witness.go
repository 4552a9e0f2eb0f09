package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

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
	there := map[string]bool{}
	tell := func() { see(supervisor.Sight{IDs: slices.Sorted(maps.Keys(there))}) }
	about := func(topic []byte, f func(id string)) {
		if id, ok := strings.CutPrefix(string(topic), nodeIDTopic); ok {
			f(strings.TrimSuffix(id, "."))
			tell()
		}
	}
	xpub, err := zmq.ConnectXPub(bus.Endpoint, zmq.Options{Curve: keys, Linger: -1}, zmq.XPubHandler{
		Connected:    func() { clear(there); tell() },
		Subscribed:   func(topic []byte) { about(topic, func(id string) { there[id] = true }) },
		Unsubscribed: func(topic []byte) { about(topic, func(id string) { delete(there, id) }) },
		Disconnected: func(err error) {
			see(supervisor.Sight{Problem: fmt.Sprintf("lost the broker at %s: %v", bus.Endpoint, err)})
		},
	})
	if err != nil {
		return err
	}
	<-ctx.Done()
	return xpub.Close()
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
