package layoutgen

import (
	"fmt"
	"strings"
	"time"
)

// ZeroMQ is the section [zeromq]: options of Zeek's ZeroMQ backend, by Zeek's names
// and in Zeek's units (spec: cluster-framework 1.11). Those that are set are
// rendered to cluster-backend.zeek, for nodes of both engines; an option that is not
// is left to Zeek's default. The endpoints and what else follows from the rest of
// the configuration are not among them.
//
// A high-water mark, in messages, of 0 is no limit; a buffer, in bytes, of -1 is the
// system's choice.
type ZeroMQ struct {
	// LingerMS is for how many milliseconds a process that ends goes on sending
	// what is queued; -1 is until all is sent. Zeek's default 500.
	LingerMS Setting[int] `toml:"linger_ms"`

	// XPubSndHWM is how many events wait for the broker before more are dropped.
	// Zeek's default 1000.
	XPubSndHWM Setting[int] `toml:"xpub_sndhwm"`
	// XPubSndBuf is the kernel's buffer for them. Zeek's default -1.
	XPubSndBuf Setting[int] `toml:"xpub_sndbuf"`
	// XSubRcvHWM is how many received events wait to be read. Zeek's default 1000.
	XSubRcvHWM Setting[int] `toml:"xsub_rcvhwm"`
	// XSubRcvBuf is the kernel's buffer for them. Zeek's default -1.
	XSubRcvBuf Setting[int] `toml:"xsub_rcvbuf"`
	// OnloopQueueHWM is how many events wait for their handlers before more are
	// dropped. Zeek's default 10000.
	OnloopQueueHWM Setting[int] `toml:"onloop_queue_hwm"`

	// LogImmediate makes a node queue log batches only for loggers that it is
	// connected to. Zeek's default F.
	LogImmediate Setting[bool] `toml:"log_immediate"`
	// LogSndHWM is how many log batches wait for a logger. Zeek's default 1000.
	LogSndHWM Setting[int] `toml:"log_sndhwm"`
	// LogRcvHWM is how many log batches wait in a logger. Zeek's default 1000.
	LogRcvHWM Setting[int] `toml:"log_rcvhwm"`
	// LogSndBuf is the kernel's buffer of who sends logs. Zeek's default -1.
	LogSndBuf Setting[int] `toml:"log_sndbuf"`
	// LogRcvBuf is the kernel's buffer of a logger. Zeek's default -1.
	LogRcvBuf Setting[int] `toml:"log_rcvbuf"`

	// ConnectXPubNodrop makes a node notice that the queue to the broker is full.
	// Zeek's default T.
	ConnectXPubNodrop Setting[bool] `toml:"connect_xpub_nodrop"`
	// ListenXPubNodrop makes the broker wait for a node that does not read,
	// instead of dropping its messages. Zeek's default T.
	ListenXPubNodrop Setting[bool] `toml:"listen_xpub_nodrop"`

	// HelloExpiration is how long a node waits for the second half of a handshake
	// before it warns. Zeek's default 10sec.
	HelloExpiration Setting[time.Duration] `toml:"hello_expiration"`

	// ProxyIOThreads is the threads of a Zeek broker; a Go one needs no number.
	// Zeek's default 2.
	ProxyIOThreads Setting[int] `toml:"proxy_io_threads"`
	// PollMaxMessages is how many messages of one socket a Zeek node takes before
	// it looks at the others; a Go node has a bound of its own. Zeek's default 100.
	PollMaxMessages Setting[int] `toml:"poll_max_messages"`
}

const zeroMQ = "Cluster::Backend::ZeroMQ::"

// zeroMQOption is one option of the section.
type zeroMQOption struct {
	name  string
	value value
	of    concern
}

// options is all of them, in the order in which they are rendered.
func (z *ZeroMQ) options() []zeroMQOption {
	return []zeroMQOption{
		{"linger_ms", whole{&z.LingerMS, -1}, (*Layout).onBus},
		{"xpub_sndhwm", whole{&z.XPubSndHWM, 0}, (*Layout).isNode},
		{"xpub_sndbuf", whole{&z.XPubSndBuf, -1}, (*Layout).isNode},
		{"xsub_rcvhwm", whole{&z.XSubRcvHWM, 0}, (*Layout).isNode},
		{"xsub_rcvbuf", whole{&z.XSubRcvBuf, -1}, (*Layout).isNode},
		{"onloop_queue_hwm", whole{&z.OnloopQueueHWM, 0}, (*Layout).isNode},
		{"log_immediate", yesNo{&z.LogImmediate}, (*Layout).sendsLogs},
		{"log_sndhwm", whole{&z.LogSndHWM, 0}, (*Layout).sendsLogs},
		{"log_rcvhwm", whole{&z.LogRcvHWM, 0}, (*Layout).TakesLogs},
		{"log_sndbuf", whole{&z.LogSndBuf, -1}, (*Layout).sendsLogs},
		{"log_rcvbuf", whole{&z.LogRcvBuf, -1}, (*Layout).TakesLogs},
		{"connect_xpub_nodrop", yesNo{&z.ConnectXPubNodrop}, (*Layout).isNode},
		{"listen_xpub_nodrop", yesNo{&z.ListenXPubNodrop}, (*Layout).RunsBroker},
		{"hello_expiration", span{&z.HelloExpiration}, (*Layout).isNode},
		{"proxy_io_threads", whole{&z.ProxyIOThreads, 1}, notInGo((*Layout).RunsBroker)},
		{"poll_max_messages", whole{&z.PollMaxMessages, 1}, notInGo((*Layout).isNode)},
	}
}

func (z *ZeroMQ) check(s *source) {
	for _, o := range z.options() {
		o.value.check(s, "zeromq."+o.name)
	}
}

// zeek is a redef of each option that is set.
func (z *ZeroMQ) zeek() string {
	var b strings.Builder
	for _, o := range z.options() {
		if literal := o.value.literal(); literal != "" {
			fmt.Fprintf(&b, "redef %s%s = %s;\n", zeroMQ, o.name, literal)
		}
	}
	return b.String()
}

// OptionsOf is the options of [zeromq] that are set and concern a process of the
// layout, as "xpub_sndhwm 5000". It reads them only when it starts.
func (l *Layout) OptionsOf(n Node) []string {
	var all []string
	for _, o := range l.Backend.Options.ZeroMQ.options() {
		if literal := o.value.literal(); literal != "" && o.of(l, n) {
			all = append(all, o.name+" "+literal)
		}
	}
	return all
}
