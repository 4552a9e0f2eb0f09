package websocket_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"zctl/nodes/cluster"
	"zctl/nodes/event"
	"zctl/nodes/websocket"
	"zctl/nodes/zmq"
)

// zmqBus is a real broker, and how to connect to it, as package nodes does.
func zmqBus(t testing.TB) cluster.Connect {
	t.Helper()
	broker, err := zmq.ListenBroker(zmq.BrokerOptions{ListenXPub: "tcp://127.0.0.1:*", ListenXSub: "tcp://127.0.0.1:*"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { broker.Close() })
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
// it and in order, and so does what others publish from then on.
func TestZeroMQ(t *testing.T) {
	t.Parallel()
	connect := zmqBus(t)
	var all happenings
	s := serveOn(t, connect, all.options(), websocket.ListenOptions{})
	h := newHost(t, connect, nodeID)
	until(t, func() bool { // the node's subscription has reached the server
		c := dial(t, s.addr, path)
		defer c.conn.Close()
		c.subscribe("[]")
		c.text(message("wsv/ping", "WSV::hello"))
		c.close(1000, "")
		c.closed()
		return len(h.got) > 0
	})
	for range 10 {
		c := dial(t, s.addr, path)
		c.subscribe(`["wsv/pong", "wsv/more"]`)
		const events = 100
		for n := range uint64(events) {
			c.text(ping("once", n))
		}
		id := all.added(t, `added ["wsv/more" "wsv/pong"]`)
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
		all.want(t, id+` lost 1000 ""`)
	}
}

// added is the id of the client of which that is said. Before it may be said what became
// of others.
func (h *happenings) added(t *testing.T, what string) (id string) {
	t.Helper()
	for {
		select {
		case got := <-h.all:
			if id, said, _ := strings.Cut(got, " "); said == what {
				return id
			}
		case <-time.After(patience):
			t.Fatalf("nothing happened, want %s", what)
		}
	}
}
