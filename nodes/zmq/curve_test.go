package zmq

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"

	"zctl/nodes/zmq/curve"
)

func newKeys(t testing.TB) *curve.Keys {
	t.Helper()
	k, err := curve.Generate()
	check(t, err)
	return &k
}

// forClients is what a process gets that only connects.
func forClients(k curve.Keys) *curve.Keys {
	k.ServerSecret = curve.SecretKey{}
	return &k
}

// A cluster with keys does what one without does, with messages of all sizes.
func TestCurveCluster(t *testing.T) {
	t.Parallel()
	keys := newKeys(t)
	b := startBroker(t, BrokerOptions{Options: Options{Curve: keys}})
	one, two := startNode(t, b, Options{Curve: forClients(*keys)}), startNode(t, b, Options{Curve: keys})
	check(t, two.sub.Subscribe("topic"))
	check(t, two.sub.Subscribe(""))
	one.pubEvent.has(t, "+topic", "+")
	big := strings.Repeat("x", 3<<20)
	for _, size := range []int{0, 1, 200, 222, 223, 255, 256, 65_000, 70_000, len(big)} {
		check(t, one.pub.Send(message("topic", "", big[:size], fmt.Sprint(size))))
		two.subEvent.has(t, fmt.Sprintf("topic||%s|%d", big[:size], size))
	}
	check(t, two.sub.Unsubscribe("topic"))
	one.pubEvent.has(t, "-topic")
	two.close()
	one.pubEvent.has(t, "-")
}

// Many messages come whole and in order, and what a socket has sent when it is closed is not lost.
func TestCurvePushPull(t *testing.T) {
	t.Parallel()
	const n = 20_000
	keys := newKeys(t)
	got := make(chan string, n)
	pull, err := BindPull("tcp://127.0.0.1:0", Options{Curve: keys}, func(m Message) { got <- string(m[0]) + string(m[1][:3]) })
	check(t, err)
	defer pull.Close()
	push, err := ConnectPush([]string{pull.Endpoint()}, Options{Curve: forClients(*keys), SndHWM: n, Linger: patience})
	check(t, err)
	for i := range n {
		check(t, push.Send(message(fmt.Sprint(i), "abc"+strings.Repeat("y", i%1000))))
	}
	check(t, push.Close())
	for i := range n {
		select {
		case m := <-got:
			if m != fmt.Sprint(i)+"abc" {
				t.Fatalf("message %d is %s", i, m)
			}
		case <-time.After(patience):
			t.Fatalf("message %d did not come", i)
		}
	}
}

// What each side says when the keys do not fit.
func TestCurveRefusals(t *testing.T) {
	t.Parallel()
	good, other := newKeys(t), newKeys(t)
	otherClient, otherServer := *good, *good
	otherClient.ClientPublic, otherClient.ClientSecret = other.ClientPublic, other.ClientSecret
	otherServer.ServerPublic, otherServer.ServerSecret = other.ServerPublic, curve.SecretKey{}
	for name, c := range map[string]struct {
		client, server *curve.Keys
		clientSays     string // and tries again slowly
		serverSays     string
	}{
		"another client key": {
			&otherClient, good, "the server does not accept our client key", "client key not accepted; give all nodes the same keys",
		},
		"another server key": {&otherServer, good, "the two sides have different server keys", "the two sides have different server keys"},
		"client without keys": {
			nil, good, `it demands \\\"CURVE\\\"; give this node the keys`, `does not know CURVE, it speaks \\\"NULL\\\"; give it the keys`,
		},
		"server without keys": {
			good, nil, `does not know CURVE, it speaks \\\"NULL\\\"`, `it demands \\\"CURVE\\\"; give this node the keys of the cluster`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			serverLog, serverLines := logged()
			clientLog, clientLines := logged()
			pull, err := BindPull("tcp://127.0.0.1:0", Options{Curve: c.server, Log: serverLog}, func(Message) { t.Error("a message came through") })
			check(t, err)
			defer pull.Close()
			quick := limits{retryMin: time.Millisecond, retryMax: 2 * time.Millisecond}
			push, err := ConnectPush([]string{pull.Endpoint()}, Options{Curve: c.client, Log: clientLog, Linger: -1, limits: quick})
			check(t, err)
			check(t, push.Send(message("x")))
			defer push.Close()
			serverLines.contains(t, "refused a peer")
			serverLines.contains(t, "peer=127.0.0.1:")
			serverLines.contains(t, strings.ReplaceAll(c.serverSays, `\\\"`, `\"`))
			clientLines.contains(t, "refused, trying again slowly")
			clientLines.contains(t, strings.ReplaceAll(c.clientSays, `\\\"`, `\"`))
			time.Sleep(100 * time.Millisecond) // some fifty attempts
			for _, lines := range []*events{serverLines, clientLines} {
				if list, _ := lines.all(); len(list) > 2 {
					t.Errorf("%d lines about one peer: %.500s", len(list), list)
				}
			}
		})
	}
}

func TestCurveKeysMustSuffice(t *testing.T) {
	t.Parallel()
	client, none := forClients(*newKeys(t)), &curve.Keys{}
	_, err := ListenBroker(BrokerOptions{Options: Options{Curve: client}, ListenXPub: "tcp://127.0.0.1:0", ListenXSub: "tcp://127.0.0.1:0"})
	wants(t, err, "cannot start the broker's XPUB: cannot listen with CURVE: the server's secret key is missing")
	_, err = BindPull("tcp://127.0.0.1:0", Options{Curve: client}, nil)
	wants(t, err, "the server's secret key is missing")
	_, err = ConnectXPub("tcp://127.0.0.1:1", Options{Curve: none}, XPubHandler{})
	wants(t, err, "cannot connect with CURVE: the server's public key is missing")
	_, err = ConnectXSub("tcp://127.0.0.1:1", Options{Curve: none}, XSubHandler{})
	wants(t, err, "cannot connect with CURVE")
	_, err = ConnectPush(nil, Options{Curve: none})
	wants(t, err, "cannot connect with CURVE")
}

func wants(t *testing.T, err error, text string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), text) {
		t.Errorf("got error %v, want %s", err, text)
	}
}

// A peer that has the keys can still do nothing that one without keys could not.
func TestCurveHostilePeer(t *testing.T) {
	t.Parallel()
	keys := newKeys(t)
	for name, c := range map[string]struct{ said, want string }{
		"not sealed":  {"\x00\x06\x01topic", "too short for CURVE"},
		"not MESSAGE": {"\x00\x26" + strings.Repeat("x", 38), "not a MESSAGE"},
		"flags":       {"\x01\x26" + strings.Repeat("x", 38), "are not CURVE"},
		"4 TB":        {"\x02\x00\x00\x04\x00\x00\x00\x00\x00", "makes its message longer than the limit"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log, lines := logged()
			b := startBroker(t, BrokerOptions{Options: Options{Curve: keys, Log: log}})
			nc := rawDial(t, b.XPubEndpoint())
			check(t, handshake(nc, zmq4.XSub, curve.New(*keys), false, patience))
			_, err := nc.Write([]byte(c.said))
			check(t, err)
			check(t, nc.SetDeadline(time.Now().Add(patience)))
			awaitClosed(t, nc)
			lines.contains(t, c.want)
		})
	}
}

// sealedPair is both ends of a CURVE connection over loopback.
func sealedPair(t testing.TB) (client, server *sealedConn) {
	t.Helper()
	keys := newKeys(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer ln.Close()
	from := rawDial(t, "tcp://"+ln.Addr().String())
	to, err := ln.Accept()
	check(t, err)
	t.Cleanup(func() { to.Close() })
	one, two := curve.New(*keys), curve.New(*keys)
	done := make(chan error)
	go func() { done <- handshake(to, zmq4.XSub, two, true, patience) }()
	check(t, errors.Join(handshake(from, zmq4.XPub, one, false, patience), <-done))
	client, server = secured(from, one).(*sealedConn), secured(to, two).(*sealedConn)
	client.max, server.max = 1<<20, 1<<20
	return client, server
}

func TestCurveBrokerRestart(t *testing.T) {
	t.Parallel()
	xpub, xsub := ipcPair(t)
	keys := newKeys(t)
	n := startNodeAt(t, xsub, xpub, Options{Curve: forClients(*keys)})
	check(t, n.sub.Subscribe("t"))
	for round := range 3 {
		b := startBroker(t, BrokerOptions{ListenXPub: xpub, ListenXSub: xsub, Options: Options{Curve: keys}})
		n.pubEvent.await(t, "+t", func(list []string) bool { return count(list, "+t") == round+1 })
		check(t, n.pub.Send(message("t", fmt.Sprint(round))))
		n.subEvent.has(t, fmt.Sprintf("t|%d", round))
		check(t, b.Close())
		n.pubEvent.await(t, "down", func(list []string) bool { return count(list, "down") == round+1 })
	}
}

// A subscriber that stops reading is found as under NULL.
func TestCurveStalledSubscriber(t *testing.T) {
	t.Parallel()
	keys := newKeys(t)
	log, lines := logged()
	opts := small
	opts.Curve, opts.Log, opts.limits = keys, log, limits{stall: 500 * time.Millisecond}
	b := startBroker(t, BrokerOptions{Options: opts})
	n := startNode(t, b, opts)
	subscriber := func() net.Conn {
		nc := rawDial(t, b.XPubEndpoint())
		check(t, nc.(*net.TCPConn).SetReadBuffer(64<<10))
		sec := curve.New(*keys)
		check(t, handshake(nc, zmq4.XSub, sec, false, patience))
		check(t, nc.SetDeadline(time.Now().Add(patience)))
		_, err := secured(nc, sec).Write(appendSubscription(nil, "t", true))
		check(t, err)
		return nc
	}
	stalled := subscriber()
	n.pubEvent.has(t, "+t")
	for soon := time.Now().Add(patience); time.Now().Before(soon); time.Sleep(100 * time.Microsecond) {
		_ = n.pub.Send(message("t", string(make([]byte, 10_000))))
		if list, _ := lines.all(); len(list) > 0 {
			break
		}
	}
	lines.contains(t, "the peer stalls: it took no byte for 500ms while its queue is full")
	awaitClosed(t, stalled)
}
