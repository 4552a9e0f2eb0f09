package zmq

import "github.com/go-zeromq/zmq4"

// First byte of a subscription sent as a message (spec: wire 1.6).
const (
	unsubscribeByte = 0
	subscribeByte   = 1
)

// subscription is a request to begin or to end receiving messages whose topic begins with topic.
type subscription struct {
	topic []byte
	add   bool
}

// subscription reads a packet as one. Both forms occur, even on one connection: a single frame that begins with 1 or 0,
// and the commands SUBSCRIBE and CANCEL (spec: wire 1.6, T29). ok is false for anything else.
func (p packet) subscription() (s subscription, ok bool) {
	if len(p.spans) != 1 {
		return s, false
	}
	body := p.frame(0)
	if p.command {
		name, topic, err := parseCommand(body)
		return subscription{topic, name == zmq4.CmdSubscribe},
			err == nil && (name == zmq4.CmdSubscribe || name == zmq4.CmdCancel)
	}
	if len(body) == 0 || body[0] > subscribeByte {
		return s, false
	}
	return subscription{body[1:], body[0] == subscribeByte}, true
}

// appendSubscription appends the plain message form, which every version understands.
func appendSubscription(dst []byte, topic string, add bool) []byte {
	first := byte(unsubscribeByte)
	if add {
		first = subscribeByte
	}
	return appendFrame(dst, 0, append([]byte{first}, topic...))
}
