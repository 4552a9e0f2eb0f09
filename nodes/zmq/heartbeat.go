package zmq

import (
	"errors"
	"fmt"
	"time"

	"github.com/go-zeromq/zmq4"
)

// silentBeats is how many heartbeats without a byte from the peer end a connection.
const silentBeats = 3

// errSilent is what a silent peer's connection fails with.
var errSilent = errors.New("the peer is silent")

// heart watches that a peer lives, on a timer instead of a goroutine.
type heart struct {
	conn   *conn
	every  time.Duration
	silent int // beats in a row
	timer  *time.Timer
}

// startHeart begins to watch a connection. Zero means that nobody watches.
func startHeart(c *conn, every time.Duration) {
	if every <= 0 {
		return
	}
	h := &heart{conn: c, every: every}
	h.timer = time.AfterFunc(time.Hour, h.beat)
	c.heart = h
	h.timer.Reset(every) // not before all is set, which a beat looks at
}

// stop lets go of the connection, which the timer would keep in memory for as long as a beat.
func (h *heart) stop() {
	if h != nil {
		h.timer.Stop()
	}
}

// beat asks a peer that was silent for a while for a PONG, and gives up after some times. While we are the ones who do not
// read, the peer is not to blame.
func (h *heart) beat() {
	select {
	case <-h.conn.done:
		return
	default:
	}
	if h.silent++; h.conn.in.heard.Swap(false) || h.conn.waiting.Load() {
		h.silent = 0
	}
	switch {
	case h.silent >= silentBeats:
		h.conn.fail(fmt.Errorf("%w: it sent nothing for %v, PONGs neither; check its host and the network", errSilent,
			time.Duration(h.silent)*h.every))
		return
	case h.silent > 0:
		if err := h.conn.out.putControl(pingFrame); err != nil {
			h.conn.fail(err)
			return
		}
	}
	h.timer.Reset(h.every)
}

// pingFrame is a PING without a time to live and context.
var pingFrame = appendCommand(nil, zmq4.CmdPing, make([]byte, pingTTL))
