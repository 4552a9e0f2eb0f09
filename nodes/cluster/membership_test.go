package cluster

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"zctl/layoutgen"
	"zctl/nodes/event"
)

var epoch = time.Unix(1_800_000_000, 0)

// recorded is what was seen on the bus of a real Zeek cluster that starts.
type recorded struct {
	Kind   string   `json:"kind"`
	Frames []string `json:"frames_hex"`
}

func handshake(t *testing.T) []recorded {
	t.Helper()
	f, err := os.Open("testdata/handshake.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []recorded
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var r recorded
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		for i, frame := range r.Frames {
			text, err := hex.DecodeString(frame)
			if err != nil {
				t.Fatal(err)
			}
			r.Frames[i] = string(text)
		}
		all = append(all, r)
	}
	return all
}

// peersOf is how many of a node's peers are up, and how many there are.
func peersOf(m *Membership) (up, total int) {
	peers := m.List()
	for _, peer := range peers {
		if peer.Up {
			up++
		}
	}
	return up, len(peers)
}

// missing is the names of the peers that are not up.
func missing(m *Membership) string {
	var names []string
	for _, peer := range m.List() {
		if !peer.Up {
			names = append(names, peer.Node.Name)
		}
	}
	return strings.Join(names, " ")
}

// TestRecordedHandshake plays what each node of a real Zeek cluster saw to a
// Membership in its place, which must send exactly the events that the real node
// sent, byte for byte.
func TestRecordedHandshake(t *testing.T) {
	t.Parallel()
	bus := handshake(t)
	layout := layoutgen.Default().Layout()
	layout.Nodes = slices.DeleteFunc(layout.Nodes, func(n layoutgen.Node) bool { return n.Name == "worker-2" })
	ids := map[string]string{}
	for _, r := range bus {
		if id, ok := ZeroMQTopics.nodeID(strings.TrimPrefix(r.Frames[0], "\x01")); r.Kind == "subscription" && ok {
			ids[strings.Split(id, "_")[1]] = id
		}
	}
	if len(ids) != 4 {
		t.Fatalf("ids in the recording: %v", ids)
	}
	for name, id := range ids {
		m := NewMembership(layout, name, id)
		var got, want []string
		send := func(e Effects) {
			for _, message := range e.Publish {
				got = append(got, message.Topic+" "+string(message.Event.Append(nil)))
			}
		}
		for _, r := range bus {
			switch {
			case r.Kind == "subscription":
				send(m.Subscribed(strings.TrimPrefix(r.Frames[0], "\x01"), epoch))
			case r.Frames[1] == id:
				want = append(want, r.Frames[0]+" "+r.Frames[3])
			case r.Frames[0] == NodeIDTopic(id):
				ev, err := event.Decode(event.FormatBin, []byte(r.Frames[3]))
				if err != nil {
					t.Fatal(err)
				}
				e, mine := m.Event(ev, epoch)
				if !mine {
					t.Errorf("%s: %s is no event of the handshake", name, ev.Name)
				}
				send(e)
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s sent\n%q\nZeek's sent\n%q", name, got, want)
		}
		if up, total := peersOf(m); up != 3 || total != 3 {
			t.Errorf("%s: %d of %d peers", name, up, total)
		}
	}
}

// TestTopics are those of the recorded cluster.
func TestTopics(t *testing.T) {
	t.Parallel()
	l := layoutgen.Default().Layout()
	for _, test := range []struct {
		name            string
		managerIsLogger bool
		want            string
	}{
		{"worker-1", false, "zeek/supervisor zeek.cluster.pool.worker zeek.cluster.worker zeek.cluster.nodeid.X. zeek.cluster.node.worker-1."},
		{"manager", false, "zeek/supervisor zeek.cluster.manager zeek.cluster.nodeid.X. zeek.cluster.node.manager."},
		{"manager", true, "zeek/supervisor zeek.cluster.pool.logger zeek.cluster.manager zeek.cluster.nodeid.X. zeek.cluster.node.manager."},
		{"", false, "zeek.zeromq.internal.X.1."},
	} {
		l.ManagerIsLogger = test.managerIsLogger
		c, err := New(Options{Node: test.name, NodeID: "X", Layout: l})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.assign(); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(c.ownTopics(), " "); got != test.want {
			t.Errorf("%s subscribes\n%s, want\n%s", test.name, got, test.want)
		}
	}
}

// bus connects memberships as the central broker would. Messages wait in one
// queue for each receiver, and are taken in any order of receivers.
type bus struct {
	t       *testing.T
	layout  *layoutgen.Layout
	now     time.Time
	nodes   map[string]*Membership // by id
	queues  map[string][]func(*Membership) Effects
	log     map[string][]string // by name
	topics  map[string]bool     // subscriptions the broker knows
	pending *rand.Rand
}

func newBus(t *testing.T, layout *layoutgen.Layout, seed uint64) *bus {
	return &bus{
		t: t, layout: layout, now: epoch,
		nodes: map[string]*Membership{}, queues: map[string][]func(*Membership) Effects{},
		log: map[string][]string{}, topics: map[string]bool{}, pending: rand.New(rand.NewPCG(seed, 1)),
	}
}

func (b *bus) queue(id string, f func(*Membership) Effects) {
	b.queues[id] = append(b.queues[id], f)
}

// join connects a process: it is shown all subscriptions, then everybody his.
func (b *bus) join(name, id string) {
	b.nodes[id] = NewMembership(b.layout, name, id)
	b.connect(id)
}

func (b *bus) connect(id string) {
	for topic := range b.topics {
		b.queue(id, func(m *Membership) Effects { return m.Subscribed(topic, b.now) })
	}
	b.subscribe(id)
}

func (b *bus) subscribe(id string) {
	topic := NodeIDTopic(id)
	b.topics[topic] = true
	for other := range b.nodes {
		b.queue(other, func(m *Membership) Effects { return m.Subscribed(topic, b.now) })
	}
}

func (b *bus) unsubscribe(id string) {
	topic := NodeIDTopic(id)
	delete(b.topics, topic)
	for other := range b.nodes {
		b.queue(other, func(m *Membership) Effects { return m.Unsubscribed(topic, b.now) })
	}
}

// leave ends a process.
func (b *bus) leave(id string) {
	delete(b.nodes, id)
	delete(b.queues, id)
	b.unsubscribe(id)
}

// bounce loses a node's connection to the broker's XPUB for a moment.
func (b *bus) bounce(id string) {
	b.unsubscribe(id)
	b.subscribe(id)
}

// restart restarts the broker: what is under way is lost, and everybody comes
// back when it likes.
func (b *bus) restart(order []string) {
	b.queues = map[string][]func(*Membership) Effects{}
	b.topics = map[string]bool{}
	for id := range b.nodes {
		b.queue(id, func(m *Membership) Effects { return m.BusLost() })
	}
	b.run()
	for _, id := range order {
		b.connect(id)
		if b.pending.IntN(2) == 0 {
			b.run()
		}
	}
}

// run delivers everything, to a random receiver each time.
func (b *bus) run() {
	for range 1_000_000 {
		var waiting []string
		for id, queue := range b.queues {
			if len(queue) > 0 && b.nodes[id] != nil {
				waiting = append(waiting, id)
			}
		}
		if len(waiting) == 0 {
			return
		}
		slices.Sort(waiting)
		id := waiting[b.pending.IntN(len(waiting))]
		next := b.queues[id][0]
		b.queues[id] = b.queues[id][1:]
		b.effect(id, next(b.nodes[id]))
	}
	b.t.Fatal("the nodes never stop talking")
}

func (b *bus) effect(id string, e Effects) {
	b.log[b.nodes[id].name] = append(b.log[b.nodes[id].name], e.Log...)
	for _, message := range e.Publish {
		to, _ := ZeroMQTopics.nodeID(message.Topic)
		if b.topics[message.Topic] && to != id {
			b.queue(to, func(m *Membership) Effects { e, _ := m.Event(message.Event, b.now); return e })
		}
	}
}

func (b *bus) pass(d time.Duration) {
	b.now = b.now.Add(d)
	for id, m := range b.nodes {
		b.effect(id, m.Tick(b.now))
	}
	b.run()
}

// expectAll checks that everybody who is there takes everybody for up, and
// nobody else.
func (b *bus) expectAll(when string) {
	b.t.Helper()
	for id, m := range b.nodes {
		if up, _ := peersOf(m); up != len(b.nodes)-1 || len(m.up) != up {
			b.t.Errorf("%s: %s sees %d peers of %d (up: %v)", when, id, up, len(b.nodes)-1, m.up)
		}
	}
}

// TestConverges lets a cluster live through what can happen to it, with messages
// in any order: after each event everybody agrees again.
func TestConverges(t *testing.T) {
	t.Parallel()
	for seed := range uint64(50) {
		layout := layoutgen.Default().Layout()
		b := newBus(t, layout, seed)
		ids := map[string]string{}
		for i, name := range layout.Names() {
			ids[name] = fmt.Sprintf("zeromq_%s_h_%d_N", name, i)
			b.join(name, ids[name])
		}
		b.run()
		b.expectAll("start")

		b.leave(ids["worker-1"]) // killed, and restarted
		b.run()
		b.expectAll("a worker killed")
		ids["worker-1"] += "x"
		b.join("worker-1", ids["worker-1"])
		b.run()
		b.expectAll("a worker restarted")

		b.bounce(ids["worker-2"])
		b.run()
		b.expectAll("a connection bounced")

		var order []string
		for _, id := range ids {
			order = append(order, id)
		}
		slices.Sort(order)
		b.pending.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		b.restart(order)
		b.run()
		b.expectAll("broker restarted")
		b.pass(resyncAfter)
		b.expectAll("some time after")

		b.queues = map[string][]func(*Membership) Effects{} // the broker dies, and with it the proxy
		delete(b.nodes, ids["proxy-1"])
		order = slices.DeleteFunc(order, func(id string) bool { return id == ids["proxy-1"] })
		b.restart(order)
		b.run()
		b.pass(resyncAfter)
		b.expectAll("broker restarted without the proxy")
		if !slices.Contains(b.log["manager"], "node down: proxy-1") {
			t.Errorf("seed %d: nobody saw the proxy go: %q", seed, b.log["manager"])
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func hello(name, from, id string) event.Event {
	return event.Event{Name: name, Args: []event.Value{event.String(from), event.String(id)}}
}

// TestOddities covers peers that do not behave.
func TestOddities(t *testing.T) {
	t.Parallel()
	m := NewMembership(layoutgen.Default().Layout(), "manager", "M")
	now := epoch
	expect := func(what string, e Effects, log, warn string, published int) {
		t.Helper()
		if strings.Join(e.Log, "|") != log || strings.Join(e.Warn, "|") != warn || len(e.Publish) != published {
			t.Errorf("%s: log %q, warn %q, %d published; want %q, %q, %d", what, e.Log, e.Warn, len(e.Publish), log, warn, published)
		}
	}
	do := func(ev event.Event) Effects { e, _ := m.Event(ev, now); return e }

	expect("a topic of no node", m.Subscribed("zeek.cluster.worker", now), "", "", 0)
	expect("the bare prefix", m.Subscribed(ZeroMQTopics.NodeIDPrefix, now), "", "", 0)
	if _, mine := m.Event(event.Event{Name: "Intel::new_min_data_store"}, now); mine {
		t.Error("took an event for the handshake's")
	}
	expect("no arguments", do(event.Event{Name: clusterHello}), "", "Cluster::hello with wrong arguments", 0)
	expect("wrong arguments", do(event.Event{Name: backendHello, Args: []event.Value{event.Count(1), event.String("x")}}), "", "Cluster::Backend::ZeroMQ::hello with wrong arguments", 0)
	expect("our name", do(hello(clusterHello, "manager", "X")), "", "another process says that it is manager (id: X)", 0)

	expect("our id", do(hello(clusterHello, "worker-1", "M")), "", "another process says that it is worker-1 (id: M)", 0)
	expect("all that is ours", do(hello(clusterHello, "manager", "M")), "", "another process says that it is manager (id: M)", 0)

	e := do(hello(clusterHello, "worker-9", "W9"))
	expect("not in the layout", e, "", "Got Cluster::hello msg from unexpected node: worker-9", 0)
	if !e.Stranger {
		t.Error("the layout is not taken for old")
	}
	expect("hello without more", do(hello(clusterHello, "worker-1", "W1")), "got hello from worker-1 (W1)", "", 0)
	expect("hello again", do(hello(clusterHello, "worker-1", "W1")), "got hello from worker-1 (W1)", "", 0)
	expect("another process of that name", do(hello(clusterHello, "worker-1", "W1b")), "node down: worker-1|got hello from worker-1 (W1b)", "Got Cluster::hello msg from duplicate node:worker-1", 0)
	expect("no goodbye", do(hello(backendHello, "worker-1", "W1c")), "node down: worker-1", "node 'worker-1' never said goodbye (old id:W1b new id:W1c)", 0)
	expect("its subscription comes later", m.Subscribed(NodeIDTopic("W1c"), now), "", "", 2)

	expect("a subscription", m.Subscribed(NodeIDTopic("P"), now), "", "", 1)
	expect("the same again", m.Subscribed(NodeIDTopic("P"), now), "", "", 0)
	do(hello(backendHello, "proxy-1", "Q"))
	now = now.Add(helloExpiration)
	expect("half handshakes", m.Tick(now), "", "Expired subscription from nodeid P|Expired hello from nodeid Q", 0)
	expect("gone unknown", m.Unsubscribed(NodeIDTopic("P"), now), "", "", 0)

	do(hello(clusterHello, "worker-2", "W2"))
	expect("ZeroMQ::hello of a known peer is answered", do(hello(backendHello, "worker-2", "W2")), "", "", 2)
	expect("but once", do(hello(backendHello, "worker-2", "W2")), "", "", 0)
	if got := missing(m); got != "logger-1 proxy-1 worker-1 worker-2" {
		t.Errorf("missing %q: worker-2 has said hello, but is not on the bus", got)
	}
}

// TestReturn: a process that left comes up at once when it is back, unless another one
// has its name by now, or nobody has.
func TestReturn(t *testing.T) {
	t.Parallel()
	m := NewMembership(layoutgen.Default().Layout(), "manager", "M")
	var ups []string
	do := func(e Effects) {
		for _, change := range e.Peers {
			ups = append(ups, fmt.Sprintf("%s %s %v", change.Name, change.ID, change.Up))
		}
	}
	come := func(name, id string) {
		do(m.Subscribed(NodeIDTopic(id), epoch))
		for _, event := range []string{backendHello, clusterHello} {
			e, _ := m.Event(hello(event, name, id), epoch)
			do(e)
		}
	}
	expect := func(what string, want ...string) {
		t.Helper()
		if !slices.Equal(ups, want) {
			t.Errorf("%s: %q, want %q", what, ups, want)
		}
		ups = nil
	}
	come("worker-1", "old")
	do(m.Unsubscribed(NodeIDTopic("old"), epoch))
	do(m.Subscribed(NodeIDTopic("old"), epoch))
	expect("the same process", "worker-1 old true", "worker-1 old false", "worker-1 old true")

	do(m.Unsubscribed(NodeIDTopic("old"), epoch))
	come("worker-1", "new")
	expect("another process", "worker-1 old false", "worker-1 new true")
	do(m.Subscribed(NodeIDTopic("old"), epoch))
	expect("both of them")
	do(m.Unsubscribed(NodeIDTopic("new"), epoch))
	expect("the other one leaves", "worker-1 new false")

	m.SetLayout(layoutOf("worker-2"))
	do(m.Subscribed(NodeIDTopic("new"), epoch))
	expect("a node that is no more in the layout")
}
