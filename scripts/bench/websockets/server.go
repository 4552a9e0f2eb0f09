package main

import (
	"context"
	"errors"
	"log"
	"os/signal"
	"syscall"
	"time"

	"zctl/nodes/cluster"
	"zctl/nodes/event"
	"zctl/nodes/websocket"
	"zctl/nodes/zmq"
)

// runBus is a broker, and who publishes.
func runBus(events, rate int) error {
	const anyPort = "tcp://127.0.0.1:0"
	broker, err := zmq.ListenBroker(zmq.BrokerOptions{ListenXPub: anyPort, ListenXSub: anyPort})
	if err != nil {
		return err
	}
	xpub, err := zmq.ConnectXPub(broker.XSubEndpoint(), zmq.Options{}, zmq.XPubHandler{})
	if err != nil {
		return err
	}
	say(broker.XSubEndpoint(), broker.XPubEndpoint())
	return lines(func() error { return publish(xpub, events, rate) })
}

// publish publishes events at the rate: those that are due, every 100 µs or so.
func publish(xpub *zmq.XPub, events, rate int) error {
	begin := time.Now()
	for n := 0; n < events; {
		due := min(events, int(time.Since(begin).Seconds()*float64(rate)))
		for ; n < due; n++ {
			m := zmq.Message{[]byte(topic), []byte("publisher"), []byte(event.FormatBin), newEvent(n).Append(nil)}
			for xpub.Send(m) != nil {
				time.Sleep(time.Millisecond)
			}
		}
		time.Sleep(100 * time.Microsecond)
	}
	return nil
}

// serve is our server.
func serve(xsubEndpoint, xpubEndpoint string) error {
	s := websocket.New(websocket.Options{NodeID: "server"})
	addr, err := s.Listen(websocket.ListenOptions{Address: "127.0.0.1:0"})
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	ctx, cancel := context.WithCancel(ctx)
	defer stop()
	go func() {
		defer cancel()
		if err := lines(func() error { return nil }); err != nil {
			log.Print(err)
		}
	}()
	say(addr)
	return s.Run(ctx, func(r cluster.Receiver) (cluster.Backend, error) { return join(r, xsubEndpoint, xpubEndpoint) })
}

// member is who joined the bus, as package nodes does it.
type member struct {
	xpub *zmq.XPub
	xsub *zmq.XSub
}

func join(r cluster.Receiver, xsubEndpoint, xpubEndpoint string) (cluster.Backend, error) {
	xsub, err := zmq.ConnectXSub(xpubEndpoint, zmq.Options{}, zmq.XSubHandler{
		Message: func(m zmq.Message) { r.Message(m[0], m[1], m[2], m[3]) },
	})
	if err != nil {
		return nil, err
	}
	xpub, err := zmq.ConnectXPub(xsubEndpoint, zmq.Options{}, zmq.XPubHandler{
		Subscribed: func(topic []byte) { r.Subscribed(string(topic)) },
	})
	return member{xpub, xsub}, err
}

func (m member) Publish(topic, sender, format string, payload []byte) error {
	return m.xpub.Send(zmq.Message{[]byte(topic), []byte(sender), []byte(format), payload})
}
func (m member) Subscribe(topic string) error   { return m.xsub.Subscribe(topic) }
func (m member) Unsubscribe(topic string) error { return m.xsub.Unsubscribe(topic) }
func (m member) Close() error                   { return errors.Join(m.xsub.Close(), m.xpub.Close()) }
