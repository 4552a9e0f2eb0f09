package nodes

import (
	"log/slog"
	"math"
	"time"

	"zctl/layoutgen"
	"zctl/nodes/cluster"
	"zctl/nodes/event"
	"zctl/nodes/zmq"
)

// What cluster-backend.zeek sets holds where the program's own options say nothing.

// sockets is the options of each of a node's sockets. Zeek's are of one socket each
// (spec: wire 1.2).
type sockets struct{ xpub, xsub, push, pull, broker zmq.Options }

// logTo is where the sockets say what happens to them.
func (s *sockets) logTo(log *slog.Logger) {
	for _, o := range []*zmq.Options{&s.xpub, &s.xsub, &s.push, &s.pull, &s.broker} {
		o.Log = log
	}
}

// socketOptions completes the program's options by the script's.
func socketOptions(program zmq.Options, script layoutgen.BackendOptions) sockets {
	unset(&program.Linger, linger(script.LingerMS))
	s := sockets{program, program, program, program, program}
	unset(&s.xpub.SndHWM, noLimit(script.XPubSndHWM, math.MaxInt32))
	unset(&s.xpub.SndBuf, script.XPubSndBuf)
	unset(&s.xsub.RcvHWM, noLimit(script.XSubRcvHWM, math.MaxInt32))
	unset(&s.xsub.RcvBuf, script.XSubRcvBuf)
	unset(&s.push.SndHWM, noLimit(script.LogSndHWM, math.MaxInt32))
	unset(&s.push.SndBuf, script.LogSndBuf)
	unset(&s.push.Immediate, script.LogImmediate)
	unset(&s.pull.RcvHWM, noLimit(script.LogRcvHWM, math.MaxInt32))
	unset(&s.pull.RcvBuf, script.LogRcvBuf)
	unset(&s.xpub.Drop, not(script.ConnectXPubNodrop))
	unset(&s.broker.Drop, not(script.ListenXPubNodrop))
	return s
}

// clusterOptions completes the program's options by the script's.
func clusterOptions(o cluster.Options, script layoutgen.BackendOptions) cluster.Options {
	unset(&o.Linger, linger(script.LingerMS))
	unset(&o.OnloopQueueHWM, noLimit(script.OnloopQueueHWM, -1))
	unset(&o.HelloExpiration, expiration(script.HelloExpiration))
	unset(&o.AddNetworkTimestamp, script.AddNetworkTimestamp)
	if o.EventSerializer == "" && script.EventSerializer.Or("") == "BROKER_JSON_V1" {
		o.EventSerializer = event.FormatJSON
	}
	unset(&o.Topics.Logger, script.LoggerTopic)
	unset(&o.Topics.Manager, script.ManagerTopic)
	unset(&o.Topics.Proxy, script.ProxyTopic)
	unset(&o.Topics.Worker, script.WorkerTopic)
	unset(&o.Topics.NodePrefix, dotted(script.NodeTopicPrefix))
	unset(&o.Topics.NodeIDPrefix, dotted(script.NodeIDTopicPrefix))
	unset(&o.Topics.InternalPrefix, script.InternalTopicPrefix)
	return o
}

// unset sets what the program left unset.
func unset[T comparable](option *T, script layoutgen.Setting[T]) {
	var zero T
	if *option == zero {
		*option = script.Or(zero)
	}
}

// noLimit turns the high-water mark 0 into ours of that meaning.
func noLimit(hwm layoutgen.Setting[int], ours int) layoutgen.Setting[int] {
	if hwm.Value == 0 {
		hwm.Value = ours
	}
	return hwm
}

// linger turns libzmq's 0, not at all, and -1, forever, into ours of that meaning.
func linger(ms layoutgen.Setting[int]) layoutgen.Setting[time.Duration] {
	s := layoutgen.Setting[time.Duration]{Value: time.Duration(ms.Value) * time.Millisecond, Set: ms.Set}
	switch {
	case ms.Value == 0:
		s.Value = -1
	case ms.Value < 0:
		s.Value = math.MaxInt64
	}
	return s
}

// expiration is of half a handshake: Zeek's 0 is at once, and below it is never.
func expiration(s layoutgen.Setting[time.Duration]) layoutgen.Setting[time.Duration] {
	switch {
	case s.Value == 0:
		s.Value = 1
	case s.Value < 0:
		s.Value = math.MaxInt64
	}
	return s
}

func not(s layoutgen.Setting[bool]) layoutgen.Setting[bool] {
	s.Value = !s.Value
	return s
}

// dotted is a prefix of topics with the dot that Zeek writes behind it.
func dotted(s layoutgen.Setting[string]) layoutgen.Setting[string] {
	s.Value += "."
	return s
}
