package websocket_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"zctl/nodes/cluster"
	"zctl/nodes/event"
	"zctl/nodes/websocket"
	"zctl/nodes/zmq"
)

// zmqBroker is a real broker.
func zmqBroker(t testing.TB, xpub, xsub string) *zmq.Broker {
	t.Helper()
	broker, err := zmq.ListenBroker(zmq.BrokerOptions{ListenXPub: xpub, ListenXSub: xsub})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { broker.Close() })
	return broker
}

const anyPort = "tcp://127.0.0.1:*"

// zmqBus is how to connect to a broker, as package nodes does.
func zmqBus(broker *zmq.Broker) cluster.Connect {
	return func(r cluster.Receiver) (cluster.Backend, error) {
		xsub, err := zmq.ConnectXSub(broker.XPubEndpoint(), zmq.Options{}, zmq.XSubHandler{
			Message: func(m zmq.Message) { r.Message(m[0], m[1], m[2], m[3]) },
		})
		if err != nil {
			return nil, err
		}
		xpub, err := zmq.ConnectXPub(broker.XSubEndpoint(), zmq.Options{}, zmq.XPubHandler{
			Subscribed:   func(topic []byte) { r.Subscribed(string(topic)) },
			Unsubscribed: func(topic []byte) { r.Unsubscribed(string(topic)) },
			Disconnected: r.Lost,
		})
		return zmqMember{xpub, xsub}, err
	}
}

type zmqMember struct {
	xpub *zmq.XPub
	xsub *zmq.XSub
}

func (m zmqMember) Publish(topic, sender, format string, payload []byte) error {
	return m.xpub.Send(zmq.Message{[]byte(topic), []byte(sender), []byte(format), payload})
}
func (m zmqMember) Subscribe(topic string) error   { return m.xsub.Subscribe(topic) }
func (m zmqMember) Unsubscribe(topic string) error { return m.xsub.Unsubscribe(topic) }
func (m zmqMember) Close() error                   { return errors.Join(m.xsub.Close(), m.xpub.Close()) }

// On a real broker, too, what a client publishes at once after its ack arrives, all of
// it and in order, and so does what others publish once they have heard of the client,
// which the broker tells each of them on a connection of its own.
func TestZeroMQ(t *testing.T) {
	t.Parallel()
	connect := zmqBus(zmqBroker(t, anyPort, anyPort))
	var all happenings
	s := serveOn(t, connect, all.options(), websocket.ListenOptions{})
	h := newHost(t, connect, nodeID)
	first := 0
	until(t, func() bool { // the node's subscription has reached the server
		c := dial(t, s.addr, path)
		defer c.conn.Close()
		c.subscribe("[]")
		c.text(message("wsv/ping", "WSV::hello"))
		c.close(1000, "")
		c.closed()
		all.want(t, fmt.Sprintf("-websocket-%d added []", first))
		all.want(t, fmt.Sprintf(`-websocket-%d lost 1000 ""`, first))
		first++
		return len(h.got) > 0
	})
	for round := range 10 {
		c := dial(t, s.addr, path)
		c.subscribe(`["wsv/pong", "wsv/more"]`)
		until(t, func() bool { return h.knows("wsv/pong") && h.knows("wsv/more") })
		const events = 100
		for n := range uint64(events) {
			c.text(ping("once", n))
		}
		id := fmt.Sprintf("-websocket-%d", first+round)
		for n := range uint64(events) {
			got := h.next()
			for strings.HasSuffix(got, "WSV::hello()") { // of the beginning
				got = h.next()
			}
			if want := fmt.Sprintf(`wsv/ping %s WSV::ping("once", %d)`, id, n); got != want {
				t.Fatalf("got %s, want %s", got, want)
			}
			c.want(pong("once", n+1))
		}
		h.publish("wsv/more", event.Event{Name: "WSV::more"})
		c.want(message("wsv/more", "WSV::more"))
		c.close(1000, "")
		c.closed()
		all.want(t, id+` added ["wsv/more" "wsv/pong"]`)
		all.want(t, id+` lost 1000 ""`)
		until(t, func() bool { return !h.knows("wsv/pong") && !h.knows("wsv/more") })
	}
}

// When the broker comes back clients that were there hear the others again, and new
// ones get their ack, also those that came while it was away.
func TestBrokerComesBack(t *testing.T) {
	t.Parallel()
	broker := zmqBroker(t, anyPort, anyPort)
	connect := zmqBus(broker)
	s := serveOn(t, connect, websocket.Options{}, websocket.ListenOptions{})
	old := dial(t, s.addr, path)
	old.subscribe(`["wsv/pong"]`)
	broker.Close()
	between := dial(t, s.addr, path)
	between.text(`["wsv/pong"]`)
	zmqBroker(t, broker.XPubEndpoint(), broker.XSubEndpoint())
	if ack := between.hear(); !strings.Contains(ack, `"type":"ack"`) {
		t.Errorf("got %s, want an ack", ack)
	}
	h := newHost(t, connect, nodeID)
	over := make(chan struct{})
	var publishing sync.WaitGroup
	publishing.Go(func() {
		for tick := time.Tick(10 * time.Millisecond); ; {
			h.publish("wsv/pong", event.Event{Name: "WSV::back"})
			select {
			case <-over:
				return
			case <-tick:
			}
		}
	})
	old.want(message("wsv/pong", "WSV::back"))
	between.want(message("wsv/pong", "WSV::back"))
	close(over)
	publishing.Wait()
}
