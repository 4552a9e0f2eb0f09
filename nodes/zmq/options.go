package zmq

import (
	"log/slog"
	"time"

	"github.com/go-zeromq/zmq4"
	"github.com/go-zeromq/zmq4/security/null"
)

// Options of a socket. Zero values mean Zeek's defaults (spec: wire 1.2, cluster-framework 1.11).
type Options struct {
	// SndHWM is how many messages wait for one peer before Send returns ErrAgain. Zero or less: 1000.
	// The batch that is just being written does not count. A queue is full, too, when it holds MaxMessage bytes.
	SndHWM int

	// RcvHWM is how many received messages wait for the handler before the socket stops reading. Zero or less: 1000.
	// The batch that is just being handled does not count. MaxMessage bounds its bytes likewise.
	RcvHWM int

	// SndBuf and RcvBuf are the kernel's buffers in bytes. Zero or less: the system's choice.
	SndBuf, RcvBuf int

	// Linger bounds how long Close goes on sending what was queued. Zero: 500 ms. Negative: Close does not wait at all.
	Linger time.Duration

	// MaxMessage bounds one whole multipart message, headers included, in bytes; a peer that sends a longer one is
	// disconnected. Memory grows with the bytes really received. Zero or less: 128 MiB.
	MaxMessage int

	// Log is told what an operator should know: refused peers, stalled peers, unreachable endpoints. Nil: nothing.
	Log *slog.Logger

	limits limits
}

// withDefaults replaces everything unset.
func (o Options) withDefaults() Options {
	if o.SndHWM <= 0 {
		o.SndHWM = 1000
	}
	if o.RcvHWM <= 0 {
		o.RcvHWM = 1000
	}
	if o.Linger == 0 {
		o.Linger = 500 * time.Millisecond
	}
	if o.MaxMessage <= 0 {
		o.MaxMessage = 128 << 20
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.limits = o.limits.withDefaults()
	return o
}

// security returns the mechanism for one connection. It is asked anew for each, since the library's mechanisms may keep
// state of a connection (spec: zmq4 5). CURVE will be chosen here.
func (o Options) security() zmq4.Security {
	return null.Security()
}
