package layoutgen

import "time"

// Setting is the value of an option that a script may set.
type Setting[T any] struct {
	Value T
	Set   bool
}

// Or is the value, or that one if no script sets it.
func (s Setting[T]) Or(otherwise T) T {
	if s.Set {
		return s.Value
	}
	return otherwise
}

// BackendOptions is what a script sets besides the broker's endpoints, by the names
// of Zeek's options and with their units (spec: cluster-framework 1.11). What it does
// not set is Zeek's default.
type BackendOptions struct {
	// Of Cluster::Backend::ZeroMQ. A high-water mark of 0 is no limit, a buffer of
	// -1 the system's choice, a linger below 0 forever.
	Linger                 Setting[time.Duration] // linger_ms
	RunProxyThread         Setting[bool]          // F: the manager does not run the broker
	XPubSndHWM, XPubSndBuf Setting[int]
	XSubRcvHWM, XSubRcvBuf Setting[int]
	LogSndHWM, LogSndBuf   Setting[int]
	LogRcvHWM, LogRcvBuf   Setting[int]
	OnloopQueueHWM         Setting[int]
	LogImmediate           Setting[bool]
	ConnectXPubNodrop      Setting[bool]
	ListenXPubNodrop       Setting[bool]
	HelloExpiration        Setting[time.Duration]
	NodeTopicPrefix        Setting[string]
	NodeIDTopicPrefix      Setting[string]
	InternalTopicPrefix    Setting[string]

	// Of Cluster.
	LoggerTopic, ManagerTopic Setting[string]
	ProxyTopic, WorkerTopic   Setting[string]
	// EventSerializer is the tag's name, without EVENT_SERIALIZER_.
	EventSerializer Setting[string]

	// AddNetworkTimestamp is of EventMetadata.
	AddNetworkTimestamp Setting[bool]
}

// readers is how the value of each option is read, by its full name. Options that
// mean nothing to a node in Go, or to Zeek with ZeroMQ, have to be right all the
// same.
func (o *BackendOptions) readers() map[string]func(*parser) error {
	const zmq = "Cluster::Backend::ZeroMQ::"
	return map[string]func(*parser) error{
		zmq + "linger_ms":             milliseconds(&o.Linger),
		zmq + "run_proxy_thread":      truth(&o.RunProxyThread),
		zmq + "xpub_sndhwm":           number(&o.XPubSndHWM, 0),
		zmq + "xpub_sndbuf":           number(&o.XPubSndBuf, -1),
		zmq + "xsub_rcvhwm":           number(&o.XSubRcvHWM, 0),
		zmq + "xsub_rcvbuf":           number(&o.XSubRcvBuf, -1),
		zmq + "log_sndhwm":            number(&o.LogSndHWM, 0),
		zmq + "log_sndbuf":            number(&o.LogSndBuf, -1),
		zmq + "log_rcvhwm":            number(&o.LogRcvHWM, 0),
		zmq + "log_rcvbuf":            number(&o.LogRcvBuf, -1),
		zmq + "onloop_queue_hwm":      number(&o.OnloopQueueHWM, 0),
		zmq + "log_immediate":         truth(&o.LogImmediate),
		zmq + "connect_xpub_nodrop":   truth(&o.ConnectXPubNodrop),
		zmq + "xpub_nodrop":           truth(&o.ConnectXPubNodrop), // its name in 7.1
		zmq + "listen_xpub_nodrop":    truth(&o.ListenXPubNodrop),
		zmq + "hello_expiration":      interval(&o.HelloExpiration),
		zmq + "node_topic_prefix":     text(&o.NodeTopicPrefix),
		zmq + "nodeid_topic_prefix":   text(&o.NodeIDTopicPrefix),
		zmq + "internal_topic_prefix": text(&o.InternalTopicPrefix),
		"Cluster::logger_topic":       text(&o.LoggerTopic),
		"Cluster::manager_topic":      text(&o.ManagerTopic),
		"Cluster::proxy_topic":        text(&o.ProxyTopic),
		"Cluster::worker_topic":       text(&o.WorkerTopic),
		"Cluster::event_serializer":   tag(&o.EventSerializer, "EVENT_SERIALIZER_", "BROKER_BIN_V1", "BROKER_JSON_V1"),

		"EventMetadata::add_network_timestamp": truth(&o.AddNetworkTimestamp),

		zmq + "ipv6":                          truth(new(Setting[bool])), // always
		zmq + "proxy_io_threads":              number(new(Setting[int]), 1),
		zmq + "poll_max_messages":             number(new(Setting[int]), 1),
		zmq + "debug_flags":                   number(new(Setting[int]), 0),
		"Cluster::retry_interval":             interval(new(Setting[time.Duration])), // of the Broker backend
		"Cluster::enable_round_robin_logging": truth(new(Setting[bool])),             // of the Broker backend
	}
}
