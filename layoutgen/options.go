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
	ZeroMQ

	// Of Cluster::Backend::ZeroMQ, too, but not for zctl.toml to set.
	RunProxyThread      Setting[bool] // F: the manager does not run the broker
	NodeTopicPrefix     Setting[string]
	NodeIDTopicPrefix   Setting[string]
	InternalTopicPrefix Setting[string]

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
	readers := map[string]func(*parser) error{
		zeroMQ + "run_proxy_thread":      truth(&o.RunProxyThread),
		zeroMQ + "xpub_nodrop":           truth(&o.ConnectXPubNodrop), // its name in 7.1
		zeroMQ + "node_topic_prefix":     text(&o.NodeTopicPrefix),
		zeroMQ + "nodeid_topic_prefix":   text(&o.NodeIDTopicPrefix),
		zeroMQ + "internal_topic_prefix": text(&o.InternalTopicPrefix),
		"Cluster::logger_topic":          text(&o.LoggerTopic),
		"Cluster::manager_topic":         text(&o.ManagerTopic),
		"Cluster::proxy_topic":           text(&o.ProxyTopic),
		"Cluster::worker_topic":          text(&o.WorkerTopic),
		"Cluster::event_serializer":      tag(&o.EventSerializer, "EVENT_SERIALIZER_", "BROKER_BIN_V1", "BROKER_JSON_V1"),

		"EventMetadata::add_network_timestamp": truth(&o.AddNetworkTimestamp),

		zeroMQ + "ipv6":                       truth(new(Setting[bool])), // always
		zeroMQ + "debug_flags":                number(new(Setting[int]), 0),
		"Cluster::retry_interval":             interval(new(Setting[time.Duration])), // of the Broker backend
		"Cluster::enable_round_robin_logging": truth(new(Setting[bool])),             // of the Broker backend
	}
	for _, option := range o.ZeroMQ.options() {
		readers[zeroMQ+option.name] = option.value.read
	}
	return readers
}
