package zmq

import (
	"log/slog"
	"time"

	"github.com/go-zeromq/zmq4"
	"github.com/go-zeromq/zmq4/security/null"

	"zctl/nodes/zmq/curve"
)

// Options of a socket. Zero values mean Zeek's defaults (spec: wire 1.2, cluster-framework 1.11).
type Options struct {
	// SndHWM is how many messages wait for one peer before Send returns ErrAgain: Zeek's xpub_sndhwm and log_sndhwm. Zero or
	// less: 1000. The batch that is just being written does not count. A queue is full, too, when it holds MaxMessage bytes.
	SndHWM int

	// RcvHWM is how many received messages wait for the handler before the socket stops reading: Zeek's xsub_rcvhwm and
	// log_rcvhwm. Zero or less: 1000. Its peers are told meanwhile that we live. The batch that is just being handled does not count. MaxMessage bounds its bytes likewise.
	RcvHWM int

	// SndBuf and RcvBuf are the kernel's buffers in bytes: Zeek's xpub_sndbuf, xsub_rcvbuf, log_sndbuf and log_rcvbuf. Zero
	// or less, as Zeek's -1: the system's choice.
	SndBuf, RcvBuf int

	// Linger bounds how long Close goes on sending what was queued: Zeek's linger_ms. Zero: 500 ms. Negative: Close does not wait at all.
	Linger time.Duration

	// Drop is about a peer whose queue is full. The default is libzmq's XPUB_NODROP and Zeek's connect_xpub_nodrop and
	// listen_xpub_nodrop: XPub.Send returns ErrAgain; a broker's publishers wait, and a subscriber that takes no byte for 10
	// seconds meanwhile is disconnected. With Drop the message is lost for that peer and counted, and nobody notices.
	Drop bool

	// Immediate makes a Push queue messages only for endpoints that it is connected to (libzmq's IMMEDIATE, Zeek's
	// log_immediate): Send returns ErrAgain while there is none. What was queued when a connection broke waits for the
	// next one all the same.
	Immediate bool

	// Heartbeat makes us notice that a peer's host is silent: a peer that sent nothing for so long is asked to say
	// something (ZMTP's PING), and disconnected after three times as long. It costs a timer per connection. Zero or less:
	// off, as with Zeek. TCP keepalive finds a host that vanished within 30 seconds, but not a process that hangs.
	Heartbeat time.Duration

	// Frames is how many frames a received message must have; others are counted as errors and not handed over. Zeek's are
	// 4 (spec: wire 1.4, 1.5). A broker passes on any. Zero or less: any number.
	Frames int

	// MaxMessage bounds one whole multipart message, headers included, in bytes; a peer that sends a longer one is
	// disconnected. Memory grows with the bytes really received. Zero or less: 128 MiB.
	MaxMessage int

	// RcvMemory bounds the receive buffers of all connections of a Pull together, in bytes: of messages under way, waiting, and
	// with a handler that is not done with them. One message may be beyond it, and 4 kB of each connection. A peer whose
	// message has no room waits, and one that keeps others waiting by sending next to nothing of a message is disconnected.
	// Zero or less: 64 MiB.
	RcvMemory int

	// Curve are the keys of a cluster that encrypts (spec: wire 4.3). Then the socket speaks only CURVE: one that listens
	// refuses every peer but those with the client's key, one that connects every server but the one with the server's key.
	// Nil: it speaks only NULL, ZeroMQ's name for neither encryption nor authentication.
	Curve *curve.Keys

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
	if o.RcvMemory <= 0 {
		o.RcvMemory = 64 << 20
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.limits = o.limits.withDefaults()
	return o
}

// security returns the mechanism for one connection. It is asked anew for each, since the library's mechanisms may keep
// state of a connection (spec: zmq4 5).
func (o Options) security() zmq4.Security {
	if o.Curve != nil {
		return curve.New(*o.Curve)
	}
	return null.Security()
}

// mayListen says whether the keys, if any, suffice for a server.
func (o Options) mayListen() error {
	if o.Curve == nil {
		return nil
	}
	return o.Curve.ToListen()
}

// mayConnect says whether the keys, if any, suffice for a client.
func (o Options) mayConnect() error {
	if o.Curve == nil {
		return nil
	}
	return o.Curve.ToConnect()
}
