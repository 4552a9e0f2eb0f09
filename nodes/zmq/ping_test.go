package zmq

import (
	"net"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"
	"github.com/go-zeromq/zmq4/security/null"
)

const (
	pingWire = "\x04\x0a\x04PING\x00\x0actx"
	pongWire = "\x04\x08\x04PONGctx"
)

// pinged pings a peer and demands its answer, which may come behind other packets.
func pinged(t *testing.T, name string, nc net.Conn) {
	t.Helper()
	if _, err := nc.Write([]byte(pingWire)); err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	in := newReader(nc, 1<<20)
	for {
		p, err := in.next()
		if err != nil {
			t.Errorf("%s: no PONG: %v", name, err)
			return
		}
		if string(p.wire) == pongWire {
			return
		}
	}
}

func TestListenersAnswerPing(t *testing.T) {
	t.Parallel()
	b := startBroker(t, BrokerOptions{})
	pull, err := BindPull("tcp://127.0.0.1:0", Options{}, func(Message) {})
	check(t, err)
	defer pull.Close()
	pinged(t, "broker's XPUB", rawPeer(t, b.XPubEndpoint(), zmq4.XSub))
	pinged(t, "broker's XSUB", rawPeer(t, b.XSubEndpoint(), zmq4.XPub))
	pinged(t, "PULL", rawPeer(t, pull.Endpoint(), zmq4.Push))
}

func TestClientsAnswerPing(t *testing.T) {
	t.Parallel()
	for _, server := range []zmq4.SocketType{zmq4.XSub, zmq4.XPub, zmq4.Pull} {
		done := make(chan struct{}, 1000)
		endpoint, _ := fakeServer(t, func(nc net.Conn) {
			if err := handshake(nc, server, null.Security(), true, patience); err != nil {
				return
			}
			_ = nc.SetDeadline(time.Now().Add(patience))
			pinged(t, "client of "+string(server), nc)
			done <- struct{}{}
		})
		n := startNodeAt(t, endpoint, endpoint, Options{})
		push, err := ConnectPush([]string{endpoint}, Options{})
		check(t, err)
		<-done
		push.Close()
		n.close()
	}
}

// A publisher that waits for a full subscriber cannot be read, so its PINGs cannot be seen. It is told that we live all
// the same (zmq4 7.4).
func TestWaitingPublisherIsKeptAlive(t *testing.T) {
	t.Parallel()
	b := startBroker(t, BrokerOptions{Options: Options{SndHWM: 2, SndBuf: 64 << 10, RcvBuf: 64 << 10}})
	witness := startNode(t, b, Options{})
	stuck := rawPeer(t, b.XPubEndpoint(), zmq4.XSub)
	_, err := stuck.Write(appendSubscription(nil, "t", true))
	check(t, err)
	witness.pubEvent.has(t, "+t")

	publisher := rawPeer(t, b.XSubEndpoint(), zmq4.XPub)
	flooded := make(chan struct{})
	go func() {
		defer close(flooded)
		wire := appendMessage(nil, Message{[]byte("t"), make([]byte, 10_000)})
		for {
			if _, err := publisher.Write(wire); err != nil {
				return
			}
		}
	}()
	in := newReader(publisher, 1<<20)
	for pongs := 0; pongs < 5; {
		p, err := in.next()
		check(t, err)
		if string(p.wire) == "\x04\x05\x04PONG" {
			pongs++
		}
	}
	publisher.Close()
	<-flooded
}

// Whoever waits often but never long is kept alive, too, and not flooded.
func TestBreatheIsPaced(t *testing.T) {
	t.Parallel()
	c := &conn{out: newOutq(Options{}.withDefaults()), connOptions: connOptions{breath: time.Hour}}
	for range 10 {
		if !c.wait(closedChan, nil) {
			t.Fatal("gave up")
		}
	}
	if got := string(c.out.control); got != "\x04\x05\x04PONG" {
		t.Errorf("sent %q", got)
	}
}
