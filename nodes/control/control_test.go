package control

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"zctl/nodes/cluster"
	"zctl/nodes/event"
)

// packets is a source that has counted.
type packets Packets

func (p packets) PacketStats() Packets { return Packets(p) }

// TestAsk: all nodes are asked at once, and what they answer is theirs.
func TestAsk(t *testing.T) {
	t.Parallel()
	bus := cluster.NewBus()
	one, two := newNode(t, bus, "worker-1"), newNode(t, bus, "worker-2")
	check(t, one.Register("My::hosts", func() any {
		return map[netip.Addr]struct{}{netip.MustParseAddr("10.0.0.1"): {}, netip.MustParseAddr("10.0.0.2"): {}}
	}))
	check(t, one.Register("My::nothing", func() any { return nil }))
	check(t, one.Register("My::unset", func() any { return (*int)(nil) }))
	check(t, one.Register("My::channel", func() any { return make(chan int) }))
	co := newController(t, bus)
	ctx := soon(t)
	both := []string{"worker-1", "worker-2"}
	expect(t, ask(t, ctx, co, Question{IDValue, "Cluster::option"}, both...), "worker-1", "option of worker-1", "worker-2", "option of worker-2")
	expect(t, ask(t, ctx, co, Question{IDValue, "My::hosts"}, both...), "worker-1", "{\n10.0.0.1,\n10.0.0.2\n}", "worker-2", UnknownID)
	for _, id := range []string{"My::nothing", "My::unset", "My::channel"} {
		expect(t, ask(t, ctx, co, Question{IDValue, id}, "worker-1"), "worker-1", NoValue)
	}
	expect(t, ask(t, ctx, co, Question{Command: ConfigurationUpdate}, both...), "worker-1", "", "worker-2", "")
	one.AddPacketSource(packets{Received: 300, Dropped: 1, Link: 600})
	one.AddPacketSource(packets{Received: 36, Link: 76})
	for name, text := range ask(t, ctx, co, Question{Command: NetStats}, both...) {
		at, got, err := ParseNetStats(text)
		want := map[string]Packets{"worker-1": {336, 1, 676}, "worker-2": {}}[name]
		if err != nil || got != want || time.Since(at).Abs() > patience {
			t.Errorf("%s counted %+v at %v, %v", name, got, at, err)
		}
	}
	if got := co.Nodes(); !slices.Equal(got, both) {
		t.Errorf("on the bus: %q", got)
	}
	two.stop()
}

// TestRegister: no two values have one id, and none that of an option.
func TestRegister(t *testing.T) {
	t.Parallel()
	n := newNode(t, cluster.NewBus(), "worker-1")
	value := func() any { return 1 }
	check(t, n.Register("My::x", value))
	for _, id := range []string{"", "My::x", "Cluster::option"} {
		if err := n.Register(id, value); err == nil || !strings.HasPrefix(err.Error(), "cannot register") {
			t.Errorf("registered %q: %v", id, err)
		}
	}
	if n.Register("My::y", nil) == nil {
		t.Error("registered a value without a function")
	}
}

// TestPeerStatus: the answer is the membership table as it is.
func TestPeerStatus(t *testing.T) {
	t.Parallel()
	bus := cluster.NewBus()
	one, two := newNode(t, bus, "worker-1"), newNode(t, bus, "worker-2")
	co := newController(t, bus)
	table := func() map[string]Peer {
		byName := map[string]Peer{}
		peers, err := ParsePeers(ask(t, soon(t), co, Question{Command: PeerStatus}, "worker-1")["worker-1"])
		check(t, err)
		for _, p := range peers {
			byName[p.Name] = p
		}
		return byName
	}
	awaitStatus := func(want string) Peer {
		for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
			peers := table()
			if peers["worker-2"].Status == want {
				if len(peers) != 4 || peers["manager"] != (Peer{Name: "manager", Host: "127.0.0.1", Status: Initializing}) {
					t.Errorf("peers %+v", peers)
				}
				return peers["worker-2"]
			}
			if time.Now().After(end) {
				t.Fatalf("worker-2 never was %s: %+v", want, peers)
			}
		}
	}
	up := awaitStatus(Peered)
	if up.ID != two.c.NodeID() || up.Host != "127.0.0.1" || time.Since(up.Since).Abs() > patience {
		t.Errorf("%+v", up)
	}
	two.stop()
	if down := awaitStatus(Disconnected); down.ID != "" || down.Since.Before(up.Since) {
		t.Errorf("%+v", down)
	}
	one.stop()
}

// TestZeek: nodes that answer as the recorded Zeek did are understood, beside one in Go.
func TestZeek(t *testing.T) {
	t.Parallel()
	bus := cluster.NewBus()
	newZeek(t, bus, "worker-1")
	newZeek(t, bus, "manager")
	newNode(t, bus, "worker-2")
	co := newController(t, bus)
	all := []string{"worker-1", "manager", "worker-2"}
	expect(t, ask(t, soon(t), co, Question{IDValue, "Cluster::retry_interval"}, all...),
		"worker-1", "1.0 sec", "manager", "1.0 sec", "worker-2", UnknownID)
	expect(t, ask(t, soon(t), co, Question{IDValue, "No::such_id"}, "worker-1"), "worker-1", UnknownID)
	stats := ask(t, soon(t), co, Question{Command: NetStats}, all...)
	at, got, err := ParseNetStats(stats["worker-1"])
	if err != nil || got != (Packets{336, 0, 676}) || at.UnixMicro() != 1795170566_098620 {
		t.Errorf("%q is %v %+v, %v", stats["worker-1"], at, got, err)
	}
	if stats["manager"] != "1795170568.211086 recvd=0 dropped=0 link=0\n" || !strings.HasSuffix(stats["worker-2"], " recvd=0 dropped=0 link=0\n") {
		t.Errorf("%q", stats)
	}
	peers := ask(t, soon(t), co, Question{Command: PeerStatus}, all...)
	if peers["worker-1"] != "" || strings.Count(peers["worker-2"], "\n") != 4 {
		t.Errorf("%q", peers)
	}
}

// TestTwoControllers ask the same nodes for different things at the same time, over and
// over.
func TestTwoControllers(t *testing.T) {
	t.Parallel()
	bus := cluster.NewBus()
	newZeek(t, bus, "worker-1") // answers without ids
	n := newNode(t, bus, "worker-2")
	var asked sync.WaitGroup
	for _, id := range []string{"No::such_id", "Cluster::retry_interval"} {
		check(t, n.Register("Value::of_"+id, func() any { return id }))
		co := newController(t, bus)
		want := map[string]string{"No::such_id": UnknownID, "Cluster::retry_interval": "1.0 sec"}[id]
		asked.Go(func() {
			for range 50 {
				expect(t, ask(t, soon(t), co, Question{IDValue, id}, "worker-1"), "worker-1", want)
				expect(t, ask(t, soon(t), co, Question{IDValue, "Value::of_" + id}, "worker-2"), "worker-2", id)
				if t.Failed() {
					return
				}
			}
		})
	}
	asked.Wait()
}

// TestWhoseAnswer: of answers with an id only the right one is taken; of those without,
// the first to the same question.
func TestWhoseAnswer(t *testing.T) {
	t.Parallel()
	answer := func(c Command, args ...string) event.Event {
		ev := event.Event{Name: c.response()}
		for _, a := range args {
			ev.Args = append(ev.Args, event.String(a))
		}
		return ev
	}
	withID := func(ev event.Event, id event.Value) event.Event { ev.SetMeta(MetaRequest, id); return ev }
	topic := NetStats.ResponseTopic("worker-1")
	for _, test := range []struct {
		name   string
		q      Question
		before func(t *testing.T, s *stranger) // what is said that is no answer
		answer func(request event.Event) (topic string, ev event.Event)
	}{
		{"ids of others", Question{Command: NetStats}, func(t *testing.T, s *stranger) {
			s.say(t, topic, withID(answer(NetStats, "wrong"), event.String("somebody else's")))
			s.say(t, topic, withID(answer(NetStats, "wrong"), event.String("")))
			s.say(t, topic, withID(answer(NetStats, "wrong"), event.Count(1)))
			s.say(t, topic, withID(answer(NetStats, "wrong"), event.String(strings.Repeat("x", 1000))))
		}, func(request event.Event) (string, event.Event) {
			id, _ := request.Meta(MetaRequest)
			return topic, withID(answer(NetStats, "right"), id)
		}},
		{"other answers", Question{Command: NetStats}, func(t *testing.T, s *stranger) {
			s.say(t, NetStats.ResponseTopic("worker-2"), answer(NetStats, "wrong"))
			s.say(t, NetStats.ResponseTopic("worker-10"), answer(NetStats, "wrong"))
			s.say(t, PeerStatus.ResponseTopic("worker-1"), answer(PeerStatus, "wrong"))
			s.say(t, topic, answer(PeerStatus, "wrong"))
			s.say(t, PeerStatus.ResponseTopic("worker-1"), answer(NetStats, "wrong"))
			s.say(t, topic, answer(NetStats))
			s.say(t, topic, answer(NetStats, "wrong", "wrong"))
			s.say(t, topic, event.Event{Name: NetStats.response(), Args: []event.Value{event.Count(1)}})
		}, func(event.Event) (string, event.Event) { return topic, answer(NetStats, "right") }},
		{"other values", Question{IDValue, "My::x"}, func(t *testing.T, s *stranger) {
			s.say(t, IDValue.ResponseTopic("worker-1"), answer(IDValue, "My::y", "wrong"))
			s.say(t, IDValue.ResponseTopic("worker-1"), answer(IDValue, "My::x"))
		}, func(event.Event) (string, event.Event) {
			return IDValue.ResponseTopic("worker-1"), answer(IDValue, "My::x", "right")
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			bus := cluster.NewBus()
			s := newStranger(t, bus, cluster.NodeTopic("worker-1"))
			co := newController(t, bus)
			done := make(chan map[string]string)
			go func() { done <- ask(t, soon(t), co, test.q, "worker-1") }()
			request := s.next(t)
			test.before(t, s)
			topic, ev := test.answer(request)
			s.say(t, topic, ev)
			s.say(t, topic, ev) // twice
			expect(t, <-done, "worker-1", "right")
		})
	}
}

// TestPartialAnswers: who does not answer costs its own answer only, and the time until the
// deadline; who is not there costs nothing.
func TestPartialAnswers(t *testing.T) {
	t.Parallel()
	bus := cluster.NewBus()
	newNode(t, bus, "worker-1")
	newStranger(t, bus, cluster.NodeTopic("worker-2"))
	leaver := newStranger(t, bus, cluster.NodeTopic("manager"))
	co := newController(t, bus)
	ctx, cancel := context.WithCancel(soon(t))
	var order []string
	err := co.Ask(ctx, Question{Command: NetStats}, []string{"worker-2", "proxy-1", "worker-1", "worker-1", "manager"}, func(a Answer) {
		switch order = append(order, a.Node); {
		case a.Node == "proxy-1" && !errors.Is(a.Err, ErrNotThere),
			a.Node == "manager" && !errors.Is(a.Err, ErrLeft),
			a.Node == "worker-2" && !errors.Is(a.Err, ErrNoAnswer),
			a.Node == "worker-1" && a.Err != nil:
			t.Errorf("%s: %v", a.Node, a.Err)
		}
		switch len(order) {
		case 2:
			leaver.Close()
		case 3:
			cancel()
		}
	})
	check(t, err)
	slices.Sort(order[:2])
	if want := []string{"proxy-1", "worker-1", "manager", "worker-2"}; !slices.Equal(order, want) {
		t.Errorf("answers of %q, want %q", order, want)
	}
}

// TestNoBus: without a bus nobody is asked.
func TestNoBus(t *testing.T) {
	t.Parallel()
	co, err := NewController(newMember(t, ""))
	check(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err = co.Ask(ctx, Question{Command: NetStats}, []string{"worker-1"}, func(a Answer) { t.Errorf("%+v", a) })
	if !errors.Is(err, context.Canceled) || !strings.HasPrefix(err.Error(), "cannot ask nodes: not on the bus") {
		t.Errorf("error %v", err)
	}
}

// TestStuckValue: a function that does not return keeps those who ask for it, and nobody
// else. When it does, one call more answers all who came meanwhile.
func TestStuckValue(t *testing.T) {
	t.Parallel()
	bus := cluster.NewBus()
	n := newNode(t, bus, "worker-1")
	calls, release := atomic.Uint64{}, make(chan struct{})
	called := make(chan struct{}, 10)
	check(t, n.Register("My::stuck", func() any {
		called <- struct{}{}
		if calls.Add(1) == 1 {
			<-release
		}
		return calls.Load()
	}))
	co := newController(t, bus)
	first := make(chan map[string]string)
	go func() { first <- ask(t, soon(t), co, Question{IDValue, "My::stuck"}, "worker-1") }()
	<-called
	s := newStranger(t, bus, IDValue.ResponseTopic("worker-1"))
	for i := range maxWaiting + 5 { // of which five find no room
		ev := event.Event{Name: IDValue.request(), Args: []event.Value{event.String("My::stuck")}}
		ev.SetMeta(MetaRequest, event.String(fmt.Sprint(i)))
		s.say(t, cluster.NodeTopic("worker-1"), ev)
	}
	expect(t, ask(t, soon(t), co, Question{IDValue, "Cluster::option"}, "worker-1"), "worker-1", "option of worker-1")
	if got := ask(t, soon(t), co, Question{Command: NetStats}, "worker-1")["worker-1"]; !strings.Contains(got, "recvd=0") {
		t.Errorf("%q", got)
	}
	if got := n.Dropped(); got != 5 {
		t.Errorf("%d requests were dropped", got)
	}
	close(release)
	expect(t, <-first, "worker-1", "1")
	for range maxWaiting {
		for ev := s.next(t); ev.Args[1].String() != "2"; ev = s.next(t) {
			if text := ev.Args[1].String(); text != "1" && text != "option of worker-1" {
				t.Fatalf("answered %v", ev)
			}
		}
	}
	if calls.Load() != 2 {
		t.Errorf("%d calls", calls.Load())
	}
}

// TestStuckHandler: a node whose handler is stuck still answers.
func TestStuckHandler(t *testing.T) {
	t.Parallel()
	bus := cluster.NewBus()
	n := newNode(t, bus, "worker-1")
	stuck, release := make(chan struct{}), make(chan struct{})
	check(t, cluster.Handle(n.c, "My::event", func(context.Context) { close(stuck); <-release }))
	updated := make(chan struct{})
	check(t, cluster.Handle(n.c, "Control::configuration_update", func(context.Context) { close(updated) }))
	newStranger(t, bus).say(t, cluster.NodeTopic("worker-1"), event.Event{Name: "My::event"})
	<-stuck
	co := newController(t, bus)
	expect(t, ask(t, soon(t), co, Question{IDValue, "Cluster::option"}, "worker-1"), "worker-1", "option of worker-1")
	expect(t, ask(t, soon(t), co, Question{Command: ConfigurationUpdate}, "worker-1"), "worker-1", "")
	select {
	case <-updated:
		t.Error("two handlers at once")
	default:
	}
	close(release)
	select {
	case <-updated:
	case <-time.After(patience):
		t.Error("Control::configuration_update was not raised")
	}
}

// TestShutdown: a node that is told to ends once, after it has answered.
func TestShutdown(t *testing.T) {
	t.Parallel()
	bus := cluster.NewBus()
	n := newNode(t, bus, "worker-1")
	co := newController(t, bus)
	for range 2 {
		expect(t, ask(t, soon(t), co, Question{Command: Shutdown}, "worker-1"), "worker-1", "")
	}
	begun := time.Now()
	select {
	case <-n.down:
	case <-time.After(patience):
		t.Fatal("the node was not shut down")
	}
	if took := time.Since(begun); took < shutdownAfter/2 {
		t.Errorf("shut down after %v", took)
	}
	n.stop()
	if len(n.down) > 0 {
		t.Error("shut down twice")
	}
}

// TestRequests: requests come to a node by its name, its id and its type, and what is none
// is passed over.
func TestRequests(t *testing.T) {
	t.Parallel()
	bus := cluster.NewBus()
	n := newNode(t, bus, "worker-1")
	s := newStranger(t, bus, TopicPrefix)
	value := func(args ...event.Value) event.Event { return event.Event{Name: IDValue.request(), Args: args} }
	for _, ev := range []event.Event{
		value(), value(event.Count(1)), value(event.String("a"), event.String("b")),
		{Name: NetStats.request(), Args: []event.Value{event.String("x")}},
		{Name: "Control::other_request"}, {Name: "Control::net_stats"}, {Name: "Other::net_stats_request"}, {Name: "net_stats_request"},
		{Name: NetStats.response(), Args: []event.Value{event.String("x")}},
	} {
		s.say(t, cluster.NodeTopic("worker-1"), ev)
	}
	for i, topic := range []string{cluster.NodeTopic("worker-1"), cluster.NodeIDTopic(n.c.NodeID()), cluster.ZeroMQTopics.Worker + "/more"} {
		id := fmt.Sprint("No::", i)
		ev := value(event.String(id))
		ev.SetMeta(MetaRequest, event.String(strings.Repeat("x", maxRequestID+1))) // is not repeated
		s.say(t, topic, ev)
		if got := s.next(t); got.String() != fmt.Sprintf("Control::id_value_response(%q, %q)", id, UnknownID) || got.Metadata.Kind() != event.KindNone {
			t.Errorf("%s: answered %v with %v", topic, got, got.Metadata)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("1795170566.098620 recvd=336 dropped=0 link=676\n")
	f.Add("1795170566.098620 peer=worker-1 host=127.0.0.1 status=Broker::PEERED since=1795170566.098620 id=zeromq_x\n")
	f.Add("1e400 recvd=-1 dropped= link")
	f.Fuzz(func(t *testing.T, text string) {
		if at, p, err := ParseNetStats(text); err == nil {
			again, q, err := ParseNetStats(netStatsText(at, p))
			if at.Unix() >= 0 && (err != nil || q != p || !again.Equal(at)) {
				t.Errorf("%q became %v %+v and %v %+v, %v", text, at, p, again, q, err)
			}
		}
		if peers, err := ParsePeers(text); err == nil {
			for _, p := range peers {
				if p.Name == "" || p.Status == "" {
					t.Errorf("%q has %+v", text, p)
				}
			}
		}
	})
}

// Whoever subscribes on the bus cannot make a Controller remember whatever he likes.
func TestStrangersSubscribe(t *testing.T) {
	t.Parallel()
	co, err := NewController(newMember(t, ""))
	check(t, err)
	co.subscribed(context.Background(), "scan/seen")
	co.subscribed(context.Background(), co.c.NodeTopic("worker-1"))
	if got := co.Nodes(); !slices.Equal(got, []string{"worker-1"}) {
		t.Errorf("there are %q, want worker-1", got)
	}
	for i := range 2 * maxNodes {
		co.subscribed(context.Background(), co.c.NodeTopic(fmt.Sprint("stranger-", i)))
	}
	if got := len(co.topics); got != maxNodes {
		t.Errorf("remembers %d topics, want %d", got, maxNodes)
	}
}
