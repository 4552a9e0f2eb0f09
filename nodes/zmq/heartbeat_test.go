package zmq

import (
	"errors"
	"net"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"
	"github.com/go-zeromq/zmq4/security/null"
)

const beat = 30 * time.Millisecond

// A peer whose host is silent is asked, and then left.
func TestSilentPeerIsLeft(t *testing.T) {
	t.Parallel()
	pinged := make(chan struct{}, 1000)
	endpoint, _ := fakeServer(t, func(nc net.Conn) {
		if handshake(nc, zmq4.XPub, null.Security(), true, patience) != nil {
			return
		}
		_ = nc.SetDeadline(time.Now().Add(patience))
		in := newReader(nc, 1000)
		for {
			p, err := in.next()
			if err != nil {
				return
			}
			if string(p.wire) == string(pingFrame) {
				pinged <- struct{}{}
			}
		}
	})
	down := make(chan error, 1000)
	sub, err := ConnectXSub(endpoint, Options{Heartbeat: beat}, XSubHandler{Disconnected: func(err error) { down <- err }})
	check(t, err)
	defer sub.Close()
	if err := <-down; !errors.Is(err, errSilent) {
		t.Errorf("got %v", err)
	}
	<-pinged
}

// A broker leaves a silent node, too, says so, and everybody hears of it.
func TestBrokerLeavesSilentPeer(t *testing.T) {
	t.Parallel()
	log, lines := logged()
	const beat = 500 * time.Millisecond // time to answer even on a busy machine
	b := startBroker(t, BrokerOptions{Options: Options{Heartbeat: beat, Log: log}})
	n := startNode(t, b, Options{Heartbeat: beat})
	n.ready(t)
	silent := rawPeer(t, b.XPubEndpoint(), zmq4.XSub)
	_, err := silent.Write(appendSubscription(nil, "id.silent", true))
	check(t, err)
	n.pubEvent.has(t, "+id.silent", "-id.silent")
	awaitClosed(t, silent)
	lines.contains(t, "the peer is silent")
	n.pubEvent.never(t, "down") // who answers stays
	n.subEvent.never(t, "down")
}

// A heartbeat of an hour does not keep a connection for an hour after its end.
func TestHeartEndsWithTheConnection(t *testing.T) {
	t.Parallel()
	ours, theirs := net.Pipe()
	defer theirs.Close()
	c := startConn(ours, newOutq(Options{}.withDefaults()), connOptions{maxPacket: 1000, heartbeat: time.Hour})
	_ = c.end(ErrClosed)
	if c.heart.timer.Stop() {
		t.Error("the timer still runs")
	}
}

// libzmq answers our PINGs.
func TestLibzmqAnswersPing(t *testing.T) {
	t.Parallel()
	log, lines := logged()
	const beat = 500 * time.Millisecond
	b := startBroker(t, BrokerOptions{Options: Options{Heartbeat: beat, Log: log}})
	theirs := startLibzmqPinging(t, 0, "node", b.XSubEndpoint(), b.XPubEndpoint())
	theirs.do(t, "+id")
	theirs.has(t, "+id")
	time.Sleep((silentBeats + 2) * beat) // what is tested is that nothing happens in that time
	theirs.never(t, "lost")
	if list, _ := lines.all(); len(list) > 0 {
		t.Errorf("logged %q", list)
	}
}

// While a handler is busy and the inbox full, nobody reads PINGs. Peers are told that we live all the same.
func TestBusyReceiverKeepsItsPeers(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	defer close(release)
	busy := func(Message) { <-release }
	opts := Options{RcvHWM: 2, Heartbeat: beat}
	pull, err := BindPull("tcp://127.0.0.1:0", opts, busy)
	check(t, err)
	t.Cleanup(func() { pull.Close() })
	floodAndHear(t, rawPeer(t, pull.Endpoint(), zmq4.Push))

	heard := make(chan struct{}, 1)
	endpoint, _ := fakeServer(t, func(nc net.Conn) {
		if handshake(nc, zmq4.XPub, null.Security(), true, patience) == nil {
			_ = nc.SetDeadline(time.Now().Add(patience))
			floodAndHear(t, nc)
			heard <- struct{}{}
		}
	})
	sub, err := ConnectXSub(endpoint, opts, XSubHandler{Message: busy})
	check(t, err)
	t.Cleanup(func() { sub.Close() })
	<-heard
}

// floodAndHear sends until it has got some PONGs that are no answers.
func floodAndHear(t *testing.T, nc net.Conn) {
	go func() {
		wire := appendMessage(nil, Message{[]byte("t"), make([]byte, 10_000)})
		for {
			if _, err := nc.Write(wire); err != nil {
				return
			}
		}
	}()
	in := newReader(nc, 1<<20)
	for pongs := 0; pongs < 5; {
		p, err := in.next()
		if err != nil {
			t.Error("no PONG: ", err)
			return
		}
		if string(p.wire) == "\x04\x05\x04PONG" {
			pongs++
		}
	}
	nc.Close()
}
