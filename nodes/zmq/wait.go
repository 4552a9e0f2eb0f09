package zmq

import (
	"time"

	"github.com/go-zeromq/zmq4"
)

// wait waits until ready is closed, while the connection is not read. It returns false when gone is closed or the
// connection has failed.
//
// From time to time it tells the peer that we live: the peer's PINGs cannot be seen now, and libzmq hangs up on who does
// not answer. It takes any traffic for an answer, so what we send is a PONG; peers without heartbeats ignore that as they
// ignore every unknown command (spec: zmq4 7.4).
func (c *conn) wait(ready, gone <-chan struct{}) bool {
	c.waiting.Store(true)
	defer c.waiting.Store(false)
	for {
		c.breathe()
		breath := time.NewTimer(c.breath)
		select {
		case <-ready:
			breath.Stop()
			return true
		case <-gone:
			breath.Stop()
			return false
		case <-c.done:
			breath.Stop()
			return false
		case <-breath.C:
		}
	}
}

// breathe sends a PONG, unless the last one is not long ago.
func (c *conn) breathe() {
	now := time.Now()
	if now.Sub(c.breathed) < c.breath {
		return
	}
	c.breathed = now
	if err := c.out.putControl(appendCommand(nil, zmq4.CmdPong, nil)); err != nil {
		c.fail(err)
	}
}
