package zmq

import (
	"net"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"
	"github.com/go-zeromq/zmq4/security/null"
)

func TestBrokerStats(t *testing.T) {
	t.Parallel()
	b := startBroker(t, BrokerOptions{})
	witness := startNode(t, b, Options{})
	sub := rawPeer(t, b.XPubEndpoint(), zmq4.XSub)
	_, err := sub.Write(appendSubscription(appendSubscription(nil, "a.topic", true), "a.", true))
	check(t, err)
	witness.pubEvent.has(t, "+a.topic", "+a.")
	pub := rawPeer(t, b.XSubEndpoint(), zmq4.XPub)
	events := appendMessage(nil, message("a.topic", "id", "format", "payload"))
	wanted := len(events)
	events = appendMessage(events, message("nobody's", "id", "format", ""))
	_, err = pub.Write(events)
	check(t, err)
	eventually(t, "two events of four frames", func() bool { return b.Stats().Frontend.Received.Messages == 8 })
	_, err = sub.Write(appendSubscription(nil, "a.", false))
	check(t, err)
	witness.pubEvent.has(t, "-a.")

	bytes := uint64(len("a.topic"+"id"+"format"+"payload") + len("nobody's"+"id"+"format"))
	requests := Traffic{3, uint64(len("+a.topic" + "+a." + "-a."))}
	want := BrokerStats{
		Frontend:  SideStats{Received: Traffic{8, bytes}, Sent: requests, Connections: 2},
		Backend:   SideStats{Received: requests, Sent: Traffic{8, bytes}, Connections: 2},
		Delivered: Traffic{1, uint64(wanted)},
		Topics:    1,
	}
	if !soon(func() bool { return b.Stats() == want }) { // some is counted a moment after it is seen
		t.Errorf("got  %+v\nwant %+v", b.Stats(), want)
	}
}

func TestSocketStats(t *testing.T) {
	t.Parallel()
	b := startBroker(t, BrokerOptions{})
	n := startNode(t, b, Options{Frames: 4})
	check(t, n.sub.Subscribe("t"))
	n.ready(t)
	good, bad := message("t", "id", "format", "payload"), message("t", "too few")
	for _, m := range []Message{bad, good, message("nobody's", "", "", "")} {
		check(t, n.pub.Send(m))
	}
	n.subEvent.has(t, "t|id|format|payload")
	size := uint64(good.wireSize())
	if got, want := n.pub.Stats(), (Stats{Messages: 2, Bytes: size + uint64(bad.wireSize())}); got != want {
		t.Errorf("XPub: got %+v, want %+v", got, want)
	}
	if got, want := n.sub.Stats(), (Stats{Messages: 1, Bytes: size, Errors: 1}); got != want {
		t.Errorf("XSub: got %+v, want %+v", got, want)
	}

	got := make(chan Message, 10)
	pull, err := BindPull("tcp://127.0.0.1:0", Options{Frames: 4}, func(m Message) { got <- m })
	check(t, err)
	defer pull.Close()
	push := startPush(t, Options{}, pull.Endpoint())
	check(t, push.Send(bad))
	check(t, push.Send(good))
	<-got
	if got, want := push.Stats(), n.pub.Stats(); got != want {
		t.Errorf("Push: got %+v, want %+v", got, want)
	}
	if got, want := pull.Stats(), n.sub.Stats(); got != want {
		t.Errorf("Pull: got %+v, want %+v", got, want)
	}
}

// A PING that asks for an acknowledgement goes the way of the messages, but is none.
func TestPingsAreNoMessages(t *testing.T) {
	t.Parallel()
	pull, err := BindPull("tcp://127.0.0.1:0", Options{}, func(Message) {})
	check(t, err)
	defer pull.Close()
	s := startAckSender(t, Options{}, pull.Endpoint())
	s.sendAll(t, 20, 100)
	if got, want := pull.Stats(), s.Stats(); got.Messages != 20 || got.Bytes != want.Bytes {
		t.Errorf("Pull: got %+v, sent %+v", got, want)
	}
}

// What does not fit is counted, and with Drop not reported.
func TestDropsOfSenders(t *testing.T) {
	t.Parallel()
	for _, drop := range []bool{false, true} {
		endpoint, _ := fakeServer(t, func(nc net.Conn) { // subscribes, sends what is no subscription, and reads nothing
			if handshake(nc, zmq4.XSub, null.Security(), true, patience) == nil {
				_, _ = nc.Write(appendMessage(appendSubscription(nil, "", true), message("two", "frames")))
				_ = nc.SetReadDeadline(time.Now().Add(patience))
				_ = nc.(*net.TCPConn).SetReadBuffer(8 << 10)
				<-t.Context().Done()
			}
		})
		opts := small
		opts.SndHWM, opts.Drop, opts.Linger = 2, drop, -1
		n := startNodeAt(t, endpoint, endpoint, opts)
		n.pubEvent.has(t, "+")
		eventually(t, "an error", func() bool { return n.pub.Stats().Errors == 1 })
		refused := uint64(0)
		eventually(t, "drops", func() bool {
			if err := n.pub.Send(Message{make([]byte, 50_000)}); err != nil {
				refused++
			}
			return n.pub.Stats().Drops > 10
		})
		if drop != (refused == 0) {
			t.Errorf("drop %v: %d of %d refused", drop, refused, n.pub.Stats().Drops)
		}
	}
	a, _ := ipcPair(t)
	p := startPush(t, Options{SndHWM: 1, Linger: -1}, a)
	check(t, p.Send(message("m")))
	if err := p.Send(message("m")); err != ErrAgain || p.Stats().Drops != 1 {
		t.Errorf("Push: %v, %d drops", err, p.Stats().Drops)
	}
}

// IMMEDIATE=1: nothing is queued for whom there is no connection to.
func TestPushImmediate(t *testing.T) {
	t.Parallel()
	up, down := ipcPair(t)
	p := startPush(t, Options{Immediate: true}, up, down)
	if err := p.Send(message("m")); err != ErrAgain {
		t.Errorf("got %v, want ErrAgain", err)
	}
	c := startCounter(t, up)
	eventually(t, "the first", func() bool { return p.Send(message("m")) == nil })
	for range 20 { // none waits for who is down
		check(t, p.Send(message("m")))
	}
	eventually(t, "all", func() bool { return c.got.Load() == 21 })
}
