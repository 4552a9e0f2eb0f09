package zmq

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"zctl/nodes/zmq/curve"
)

// inCurve is the environment of a libzmq peer with keys. It pings now and then, too.
func inCurve(k *curve.Keys) []string { return append(k.Env(), "PEER_HEARTBEAT=200") }

// Two libzmq nodes with keys, and one of ours, on our broker.
func TestCurveLibzmqNodesOnOurBroker(t *testing.T) {
	t.Parallel()
	interpreter(t)
	keys := newKeys(t)
	b := startBroker(t, BrokerOptions{Options: Options{Curve: keys}})
	one := startLibzmqIn(t, inCurve(forClients(*keys)), "node", b.XSubEndpoint(), b.XPubEndpoint())
	two := startLibzmqIn(t, inCurve(keys), "node", b.XSubEndpoint(), b.XPubEndpoint())
	ours := startNode(t, b, Options{Curve: keys})
	one.do(t, "+id.one", "+shared")
	two.do(t, "+id.two", "+shared")
	check(t, ours.sub.Subscribe("id.ours"))
	for _, e := range []*events{one.events, two.events, ours.pubEvent} {
		e.has(t, "+id.one", "+id.two", "+shared", "+id.ours")
	}
	big := strings.Repeat("y", 70_000)
	one.do(t, "> id.two|hello||", "> id.ours|hello|from|one", "> shared|"+big[:60_000])
	check(t, ours.pub.Send(message("id.one", "hello", "from", "us", big)))
	one.has(t, "id.one|hello|from|us|"+big, "shared|"+big[:60_000])
	two.has(t, "id.two|hello||", "shared|"+big[:60_000])
	ours.subEvent.has(t, "id.ours|hello|from|one")
	two.kill()
	one.has(t, "-id.two")
	ours.pubEvent.has(t, "-id.two")
	heartbeats(t)
	one.do(t, "burst 3000 id.one") // few enough that a PING behind them is answered in time by a slow machine, too
	one.has(t, "id.one|2999")
	one.never(t, "lost")
	one.quit(t)
}

// Our nodes on libzmq's proxy with keys and Zeek's ZAP rule.
func TestCurveOurNodesOnLibzmqProxy(t *testing.T) {
	t.Parallel()
	interpreter(t)
	keys := newKeys(t)
	proxy := startLibzmqIn(t, inCurve(keys), "proxy")
	xpub, xsub := proxy.word(t, "xpub"), proxy.word(t, "xsub")
	a, b := startNodeAt(t, xsub, xpub, Options{Curve: keys}), startNodeAt(t, xsub, xpub, Options{Curve: forClients(*keys)})
	check(t, a.sub.Subscribe("id.a"))
	check(t, b.sub.Subscribe("id.b"))
	for _, e := range []*events{a.pubEvent, b.pubEvent} {
		e.has(t, "+id.a", "+id.b")
	}
	big := strings.Repeat("y", 10<<20)
	check(t, a.pub.Send(message("id.b", "from a", "", big)))
	b.subEvent.has(t, "id.b|from a||"+big)
	for i := range 5000 {
		for b.pub.Send(message("id.a", fmt.Sprint(i))) == ErrAgain {
			time.Sleep(time.Millisecond)
		}
	}
	a.subEvent.has(t, "id.a|4999")
	if list, _ := a.subEvent.all(); len(list) != 5001 { // and "up"
		t.Errorf("got %d of 5000 messages", len(list)-1)
	}
	b.close()
	a.pubEvent.has(t, "-id.b")
}

func TestCurvePushPullWithLibzmq(t *testing.T) {
	t.Parallel()
	interpreter(t)
	keys := newKeys(t)
	theirs := startLibzmqIn(t, inCurve(keys), "pull")
	push, err := ConnectPush([]string{theirs.word(t, "at")}, Options{Curve: forClients(*keys), SndHWM: 10_000, Linger: patience})
	check(t, err)
	for i := range 5000 {
		check(t, push.Send(message("log-write", fmt.Sprint(i))))
	}
	check(t, push.Close())
	theirs.has(t, "log-write|4999")

	got := newEvents()
	pull, err := BindPull("tcp://127.0.0.1:0", Options{Curve: keys}, func(m Message) { got.add("%s|%s", m[0], m[1]) })
	check(t, err)
	defer pull.Close()
	pusher := startLibzmqIn(t, inCurve(forClients(*keys)), "push", pull.Endpoint())
	pusher.do(t, "burst 5000 log-write")
	got.has(t, "log-write|4999")
	pusher.never(t, "lost")
	pusher.quit(t)
}

// Peers of libzmq whose keys do not fit, at our Pull: each makes one line, and none gets a message through.
func TestCurveLibzmqRefused(t *testing.T) {
	t.Parallel()
	interpreter(t)
	keys, other := newKeys(t), newKeys(t)
	wrongClient, wrongServer := *keys, *keys
	wrongClient.ClientPublic, wrongClient.ClientSecret = other.ClientPublic, other.ClientSecret
	wrongServer.ServerPublic, wrongServer.ServerSecret = other.ServerPublic, other.ServerSecret
	for name, c := range map[string]struct {
		keys *curve.Keys
		says string // the log
		told string // the peer
	}{
		"client key": {&wrongClient, "client key not accepted", "denied 400"},
		"server key": {&wrongServer, "different server keys", "lost"},
		"no key":     {&curve.Keys{}, `does not know CURVE, it speaks \"NULL\"`, "lost"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log, lines := logged()
			pull, err := BindPull("tcp://127.0.0.1:0", Options{Curve: keys, Log: log}, func(Message) { t.Error("a message came through") })
			check(t, err)
			defer pull.Close()
			peer := startLibzmqIn(t, c.keys.Env(), "push", pull.Endpoint())
			peer.do(t, "> log-write|x")
			lines.contains(t, c.says)
			peer.has(t, c.told)
			time.Sleep(500 * time.Millisecond) // libzmq connects again after 100 ms, if it does
			if list, _ := lines.all(); len(list) != 1 {
				t.Errorf("%d lines: %.500s", len(list), list)
			}
		})
	}
}

// Our Push at a PULL of libzmq when the keys do not fit: it says why, and tries again slowly.
func TestCurveRefusedByLibzmq(t *testing.T) {
	t.Parallel()
	interpreter(t)
	keys, other := newKeys(t), newKeys(t)
	wrongClient, wrongServer := *keys, *keys
	wrongClient.ClientPublic, wrongClient.ClientSecret = other.ClientPublic, other.ClientSecret
	wrongServer.ServerPublic, wrongServer.ServerSecret = other.ServerPublic, other.ServerSecret
	secure, open := startLibzmqIn(t, inCurve(keys), "pull"), startLibzmq(t, "pull")
	for name, c := range map[string]struct {
		keys *curve.Keys
		at   *libzmq
		says string
	}{
		"client key":  {&wrongClient, secure, "the server does not accept our client key"},
		"server key":  {&wrongServer, secure, "different server keys"},
		"no key":      {nil, secure, "perhaps it does not speak NULL"},
		"NULL server": {keys, open, "perhaps it does not speak CURVE"},
	} {
		at := c.at.word(t, "at")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log, lines := logged()
			push, err := ConnectPush([]string{at}, Options{Curve: c.keys, Log: log, Linger: -1})
			check(t, err)
			defer push.Close()
			check(t, push.Send(message("log-write", "x")))
			lines.contains(t, "refused, trying again slowly")
			lines.contains(t, c.says)
			time.Sleep(200 * time.Millisecond)
			if list, _ := lines.all(); len(list) > 2 { // libzmq may also hang up without a byte, which looks like another cause
				t.Errorf("%d lines: %.500s", len(list), list)
			}
		})
	}
	secure.never(t, "log-write|x")
	open.never(t, "log-write|x")
}
