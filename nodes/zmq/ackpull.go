package zmq

import (
	"slices"
	"time"

	"github.com/go-zeromq/zmq4"
)

// pulled is what a Pull's connections hand to its handler: a message, or what to do when all before it was handled.
type pulled struct {
	message Message
	answer  func()
}

// answerLater answers a PING when all that came before it was handled.
//
// An AckPush begins with a PING. If that comes when we have left already, as from anybody who does not ask, nothing can be
// answered any more: it will send again what follows, so none of that may be handled.
func answerLater(c *conn, in *intake[pulled], context []byte) error {
	if !c.acking.Swap(true) && c.left.Load() {
		return ErrClosed
	}
	pong := appendCommand(nil, zmq4.CmdPong, context)
	in.items = append(in.items, pulled{answer: func() {
		if err := c.out.putControl(pong); err != nil {
			c.fail(err)
		}
	}})
	return nil
}

// answerAll waits until a peer that has hung up was answered for all that it sent.
func answerAll(c *conn, in *intake[pulled]) {
	c.answering.Store(true)
	handled := make(chan struct{})
	in.items = append(in.items, pulled{answer: func() { close(handled) }})
	in.flush()
	select {
	case <-handled:
	case <-c.done:
		return
	}
	c.out.close()
	select {
	case <-c.written:
	case <-c.done:
	}
}

// newcomer is how long a peer that wants answers has to say so, when all are told to leave.
const newcomer = 100 * time.Millisecond

// awaitFirstPings waits until it is clear which of the newest connections want answers.
func awaitFirstPings(current func() []*conn) {
	const look = time.Millisecond
	unclear := func(c *conn) bool { return !c.acking.Load() && time.Since(c.since) < newcomer }
	for slices.ContainsFunc(current(), unclear) {
		time.Sleep(look)
	}
}
