package cluster

import (
	"fmt"
	"slices"
	"time"

	"zctl/layoutgen"
	"zctl/nodes/event"
)

// The events of the handshake.
const (
	backendHello = "Cluster::Backend::ZeroMQ::hello"
	clusterHello = "Cluster::hello"
)

const (
	// helloExpiration is the default of Options.HelloExpiration.
	helloExpiration = 10 * time.Second
	// resyncAfter is how long after the bus came back a peer may take to show
	// itself there; a libzmq peer reconnects within 2 seconds.
	resyncAfter = 5 * time.Second
	// maxIDs bounds the ids that are remembered of those on the bus, of those
	// that are expected there, and of those that went away.
	maxIDs = 100000
)

// Effects is what follows from something the bus showed. The zero value is
// nothing.
type Effects struct {
	Publish []Publication
	// Log is lines for cluster.log, Warn for the node's own output.
	Log, Warn []string
	// Peers is who came up or went down, in order.
	Peers []Change
	// Changed says that peers have come or gone, or the bus.
	Changed bool
	// Stranger says that somebody said hello whom the layout does not know. The
	// layout may be older than the cluster.
	Stranger bool
	// Left says that somebody left, perhaps for good.
	Left bool
	// Joined says that the node can now publish: everybody who is on the bus
	// is known.
	Joined bool
}

// Publication is an event for a topic.
type Publication struct {
	Topic string
	Event event.Event
}

// Change is a node that came up or went down.
type Change struct {
	Name, ID string
	Up       bool
}

// Membership is what one node knows of the others: a state machine without
// sockets, goroutines or clocks. What the bus shows goes into its methods, and
// what is to be published, logged and told to others comes out as [Effects]. They
// are not for concurrent use.
//
//	A                        bus                        B
//	| subscribe nodeid(A) --> |                          |
//	|                         | --> sees nodeid(A)       |
//	| <-- ZeroMQ::hello(B) ---|------------------------- |
//	|    and the same the other way round; then each     |
//	|    side, knowing both, sends Cluster::hello,       |
//	|    on whose arrival the sender is up.              |
type Membership struct {
	// HelloExpiration is how long half a handshake is remembered.
	HelloExpiration time.Duration
	// Topics is what topics are called: by those of processes they show themselves.
	Topics Topics

	name, id string
	layout   *layoutgen.Layout

	joined  bool
	present map[string]bool      // ids whose subscription is on the bus
	seen    map[string]time.Time // of those, who has not said ZeroMQ::hello yet, and since when
	hellos  map[string]time.Time // who has, but is not on the bus yet
	up      map[string]string    // name -> id
	// forgotten is name by id of peers that left the bus. Ids are never used
	// twice: one that comes back is the same process, and may not know that it
	// was gone (spec: wire T9).
	forgotten map[string]string
	// answered is who was sent both hellos again since he came on the bus.
	answered map[string]bool
	// resync is when peers that have not shown themselves on a bus that came
	// back are down; zero if there was no such bus.
	resync time.Time
}

// NewMembership makes the membership of the node called name, with an id that no
// other process ever has. Without a name it is that of a client, which only
// learns when it is on the bus.
func NewMembership(layout *layoutgen.Layout, name, id string) *Membership {
	return &Membership{
		HelloExpiration: helloExpiration, Topics: ZeroMQTopics, name: name, id: id, layout: layout,
		present: map[string]bool{}, seen: map[string]time.Time{}, hellos: map[string]time.Time{},
		up: map[string]string{}, forgotten: map[string]string{}, answered: map[string]bool{},
	}
}

// SetLayout replaces the layout; peers that are up stay up.
func (m *Membership) SetLayout(l *layoutgen.Layout) { m.layout = l }

// List is all other nodes of the layout, in its order, but those that only
// control others.
func (m *Membership) List() []Peer {
	var peers []Peer
	for _, n := range m.layout.Nodes {
		if n.Name == m.name || n.Type == layoutgen.TypeControl || n.Type == layoutgen.TypeNone {
			continue
		}
		id := m.up[n.Name]
		peers = append(peers, Peer{Node: n, ID: id, Up: id != "" && m.present[id]})
	}
	return peers
}

// Joined says whether the node is on the bus.
func (m *Membership) Joined() bool { return m.joined }

// SelfTopic is the topic that only this process subscribes, and by which it
// learns that it is on the bus: a node that of its id, a client, whom nobody
// should greet, one of its own (spec: wire 1.7, 1.8).
func (m *Membership) SelfTopic() string {
	if m.name == "" {
		return m.Topics.InternalPrefix + m.id + ".1."
	}
	return m.Topics.NodeID(m.id)
}

// Subscribed takes note of a subscription that the bus shows.
func (m *Membership) Subscribed(topic string, now time.Time) Effects {
	var e Effects
	id, ok := m.Topics.nodeID(topic)
	switch {
	case topic == m.SelfTopic():
		m.subscribedSelf(&e, now)
	case !ok, m.name == "", m.present[id], len(m.present) >= maxIDs:
	default:
		m.arrived(&e, id, now)
	}
	return e
}

// subscribedSelf: our own subscription has made its way round, and with it all
// that were made before (spec: wire 1.7).
func (m *Membership) subscribedSelf(e *Effects, now time.Time) {
	if !m.joined {
		m.joined, e.Joined, e.Changed = true, true, true
		if len(m.up) > 0 {
			m.resync = now.Add(resyncAfter)
		}
		return
	}
	// Shown again: our own connection was lost for a moment. Peers took us for
	// gone and wait for both hellos of us (spec: wire 5.4, point 8).
	for _, id := range sorted(m.present) {
		if m.nameOf(id) != "" {
			m.greet(e, id)
		}
	}
}

// arrived: a process has come on the bus.
func (m *Membership) arrived(e *Effects, id string, now time.Time) {
	m.present[id] = true
	delete(m.answered, id)
	m.publish(e, id, backendHello)
	name, known := m.forgotten[id]
	if name == "" {
		name = m.nameOf(id)
	}
	_, greeted := m.hellos[id]
	delete(m.hellos, id)
	switch {
	case known: // the same process again: it may take us for known
		delete(m.forgotten, id)
		m.publish(e, id, clusterHello)
		m.returned(e, name, id)
	case name != "": // it was up all the time, only the bus was not
		m.publish(e, id, clusterHello)
		e.Changed = true
	case greeted:
		m.publish(e, id, clusterHello)
	default:
		m.seen[id] = now
	}
}

// returned: a peer that left is back, if the layout still has it, and no other
// process has taken its place meanwhile; then it has to say who it is.
func (m *Membership) returned(e *Effects, name, id string) {
	if _, known := m.layout.Node(name); known && m.up[name] == "" {
		m.setUp(e, name, id)
	}
}

// Unsubscribed takes note of a subscription that is gone from the bus.
func (m *Membership) Unsubscribed(topic string, _ time.Time) Effects {
	var e Effects
	id, ok := m.Topics.nodeID(topic)
	if !ok || id == m.id {
		return e
	}
	delete(m.present, id)
	delete(m.seen, id)
	delete(m.hellos, id)
	if name := m.nameOf(id); name != "" {
		m.setDown(&e, name)
		m.forget(id, name)
	}
	return e
}

// BusLost: the broker is gone. Peers are not down for that, but nobody can be
// reached.
func (m *Membership) BusLost() Effects {
	changed := m.joined
	m.joined = false
	m.present, m.seen, m.hellos = map[string]bool{}, map[string]time.Time{}, map[string]time.Time{}
	m.answered = map[string]bool{}
	m.resync = time.Time{}
	return Effects{Changed: changed}
}

// Event takes note of an event that was sent to us. Those of the handshake are
// handled; the result says whether it was one.
func (m *Membership) Event(ev event.Event, now time.Time) (Effects, bool) {
	var e Effects
	if ev.Name != backendHello && ev.Name != clusterHello {
		return e, false
	}
	name, id, ok := helloArgs(ev)
	switch {
	case !ok:
		e.warnf("%s with wrong arguments", ev.Name)
	case name == m.name || id == m.id:
		e.warnf("another process says that it is %s (id: %s)", name, id)
	case ev.Name == backendHello:
		m.backendHello(&e, name, id, now)
	default:
		m.hello(&e, name, id)
	}
	return e, true
}

// backendHello: a process on the bus says who it is.
func (m *Membership) backendHello(e *Effects, name, id string, now time.Time) {
	switch old := m.up[name]; {
	case old == id:
		// Zeek ignores this. But he says so because he does not know us any
		// more (spec: wire 5.4, point 8).
		if !m.answered[id] {
			m.answered[id] = true
			m.greet(e, id)
		}
		return
	case old != "":
		e.warnf("node '%s' never said goodbye (old id:%s new id:%s)", name, old, id)
		m.setDown(e, name)
	}
	if _, isSeen := m.seen[id]; isSeen {
		delete(m.seen, id)
		m.publish(e, id, clusterHello)
		return
	}
	if !m.present[id] && len(m.hellos) < maxIDs {
		m.hellos[id] = now
	}
}

// hello: a process knows us; from now on it is up.
func (m *Membership) hello(e *Effects, name, id string) {
	if _, known := m.layout.Node(name); !known {
		e.Stranger = true
		e.warnf("Got Cluster::hello msg from unexpected node: %s", name)
		return
	}
	if old := m.up[name]; old != "" && old != id {
		e.warnf("Got Cluster::hello msg from duplicate node:%s", name)
		m.setDown(e, name)
	}
	e.Log = append(e.Log, fmt.Sprintf("got hello from %s (%s)", name, id))
	if m.up[name] != id {
		m.setUp(e, name, id)
	}
}

// Tick lets time pass: half handshakes expire, and peers that have not shown
// themselves on a bus that came back are down. It should be called every second.
func (m *Membership) Tick(now time.Time) Effects {
	var e Effects
	for _, id := range m.expired(m.seen, now) {
		e.warnf("Expired subscription from nodeid %s", id)
	}
	for _, id := range m.expired(m.hellos, now) {
		e.warnf("Expired hello from nodeid %s", id)
	}
	if !m.resync.IsZero() && !now.Before(m.resync) {
		m.resync = time.Time{}
		for _, name := range sorted(m.up) {
			if id := m.up[name]; !m.present[id] {
				m.setDown(&e, name)
				m.forget(id, name)
			}
		}
	}
	return e
}

func (m *Membership) setUp(e *Effects, name, id string) {
	m.up[name] = id
	e.Changed = true
	e.Peers = append(e.Peers, Change{Name: name, ID: id, Up: true})
}

func (m *Membership) setDown(e *Effects, name string) {
	e.Peers = append(e.Peers, Change{Name: name, ID: m.up[name]})
	delete(m.up, name)
	e.Changed, e.Left = true, true
	e.Log = append(e.Log, "node down: "+name)
}

func (m *Membership) forget(id, name string) {
	if len(m.forgotten) >= maxIDs {
		clear(m.forgotten)
	}
	m.forgotten[id] = name
}

// nameOf is the name of a peer that is up, "" for others.
func (m *Membership) nameOf(id string) string {
	for name, its := range m.up {
		if its == id {
			return name
		}
	}
	return ""
}

// greet sends both hellos.
func (m *Membership) greet(e *Effects, id string) {
	m.publish(e, id, backendHello)
	m.publish(e, id, clusterHello)
}

func (m *Membership) publish(e *Effects, id, name string) {
	e.Publish = append(e.Publish, Publication{
		Topic: m.Topics.NodeID(id),
		Event: event.Event{Name: name, Args: []event.Value{event.String(m.name), event.String(m.id)}},
	})
}

func (e *Effects) warnf(format string, args ...any) {
	e.Warn = append(e.Warn, fmt.Sprintf(format, args...))
}

func helloArgs(ev event.Event) (name, id string, ok bool) {
	if len(ev.Args) != 2 {
		return "", "", false
	}
	name, okName := ev.Args[0].Text()
	id, okID := ev.Args[1].Text()
	return name, id, okName && okID && name != "" && id != ""
}

// expired removes what is too old and returns it.
func (m *Membership) expired(since map[string]time.Time, now time.Time) []string {
	var ids []string
	for id, at := range since {
		if now.Sub(at) >= m.HelloExpiration {
			ids = append(ids, id)
			delete(since, id)
		}
	}
	slices.Sort(ids)
	return ids
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
