package nodes

import (
	"errors"

	"zctl/layoutgen"
	"zctl/nodes/cluster"
	"zctl/nodes/zmq"
)

// bus is the cluster's ZeroMQ bus, as one node is on it: an XPUB and an XSUB
// socket that are connected to the central broker (spec: wire 1.1).
type bus struct {
	xpub *zmq.XPub
	xsub *zmq.XSub
}

// connectBus makes a [cluster.Connect] of the broker's endpoints. It fails only
// for endpoints that cannot exist; the broker may come later. The XSUB is first: as
// long as nothing is subscribed it has nothing to say to r, which may be busy with this
// call, and can be closed.
func connectBus(b layoutgen.Backend, o sockets) cluster.Connect {
	return func(r cluster.Receiver) (cluster.Backend, error) {
		xsub, err := zmq.ConnectXSub(b.ConnectXSub, o.xsub, zmq.XSubHandler{Message: func(m zmq.Message) {
			if len(m) != 4 {
				r.Malformed()
				return
			}
			r.Message(m[0], m[1], m[2], m[3])
		}})
		if err != nil {
			return nil, err
		}
		xpub, err := zmq.ConnectXPub(b.ConnectXPub, o.xpub, zmq.XPubHandler{
			Subscribed:   func(topic []byte) { r.Subscribed(string(topic)) },
			Unsubscribed: func(topic []byte) { r.Unsubscribed(string(topic)) },
			Disconnected: r.Lost,
		})
		if err != nil {
			return nil, errors.Join(err, xsub.Close())
		}
		return &bus{xpub, xsub}, nil
	}
}

func (b *bus) Publish(topic, sender, format string, payload []byte) error {
	return b.xpub.Send(zmq.Message{[]byte(topic), []byte(sender), []byte(format), payload})
}

func (b *bus) Subscribe(topic string) error   { return b.xsub.Subscribe(topic) }
func (b *bus) Unsubscribe(topic string) error { return b.xsub.Unsubscribe(topic) }

// Close first closes what makes the others see us leave.
func (b *bus) Close() error { return errors.Join(b.xsub.Close(), b.xpub.Close()) }
