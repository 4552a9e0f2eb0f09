package cluster

import (
	"strings"

	"zctl/layoutgen"
)

// Topics is what the topics of a cluster are called. All its nodes have to agree.
// An empty field is that of [ZeroMQTopics].
type Topics struct {
	// Logger, Manager, Proxy and Worker are what all nodes of the type subscribe
	// (Cluster::logger_topic and so on).
	Logger, Manager, Proxy, Worker string
	// LoggerPool, ProxyPool and WorkerPool are what the nodes of the pools that
	// there are always subscribe (the topics of Cluster::logger_pool_spec and so
	// on).
	LoggerPool, ProxyPool, WorkerPool string
	// NodePrefix is before the name in the topic of one node, NodeIDPrefix before
	// the id in that of one process; Suffix is behind both. It keeps worker-1 from
	// hearing what is for worker-10 (Cluster::node_topic_prefix,
	// Cluster::nodeid_topic_prefix).
	NodePrefix, NodeIDPrefix, Suffix string
	// InternalPrefix is before topics that nobody but their subscriber minds
	// (Cluster::Backend::ZeroMQ::internal_topic_prefix).
	InternalPrefix string
}

// The two conventions: Zeek's with ZeroMQ, and Zeek's with Broker, which is that of
// most documentation (spec: cluster-framework 1.1, 1.5; wire 5.1, 5.5).
var (
	ZeroMQTopics = newTopics("zeek", ".")
	BrokerTopics = newTopics("zeek", "/")
)

// supervisorTopic is the same in both.
const supervisorTopic = "zeek/supervisor"

// newTopics is the topics below root, their parts separated by sep.
func newTopics(root, sep string) Topics {
	base := root + sep + "cluster" + sep
	return Topics{
		Logger: base + "logger", Manager: base + "manager", Proxy: base + "proxy", Worker: base + "worker",
		LoggerPool: base + "pool" + sep + "logger", ProxyPool: base + "pool" + sep + "proxy", WorkerPool: base + "pool" + sep + "worker",
		NodePrefix: base + "node" + sep, NodeIDPrefix: base + "nodeid" + sep, Suffix: sep,
		InternalPrefix: "zeek.zeromq.internal.",
	}
}

func (t Topics) withDefaults() Topics {
	defaults := ZeroMQTopics.fields()
	for i, field := range t.fields() {
		if *field == "" {
			*field = *defaults[i]
		}
	}
	return t
}

func (t *Topics) fields() []*string {
	return []*string{
		&t.Logger, &t.Manager, &t.Proxy, &t.Worker, &t.LoggerPool, &t.ProxyPool, &t.WorkerPool,
		&t.NodePrefix, &t.NodeIDPrefix, &t.Suffix, &t.InternalPrefix,
	}
}

// Node is the topic that only the node of that name subscribes
// (Cluster::node_topic).
func (t Topics) Node(name string) string { return t.NodePrefix + name + t.Suffix }

// NodeID is the topic that only the process with that id subscribes
// (Cluster::nodeid_topic).
func (t Topics) NodeID(id string) string { return t.NodeIDPrefix + id + t.Suffix }

// Role is the topic that all nodes of a type subscribe, "" for types that have none.
func (t Topics) Role(typ layoutgen.NodeType) string {
	switch typ {
	case layoutgen.TypeLogger:
		return t.Logger
	case layoutgen.TypeManager:
		return t.Manager
	case layoutgen.TypeProxy:
		return t.Proxy
	case layoutgen.TypeWorker:
		return t.Worker
	}
	return ""
}

// Pool is the topic of the pool of all nodes of a type, "" for types that have none.
func (t Topics) Pool(typ layoutgen.NodeType) string {
	switch typ {
	case layoutgen.TypeLogger:
		return t.LoggerPool
	case layoutgen.TypeProxy:
		return t.ProxyPool
	case layoutgen.TypeWorker:
		return t.WorkerPool
	}
	return ""
}

// Broadcast is the topics of all types. There is none that all nodes subscribe
// (Cluster::broadcast_topics).
func (t Topics) Broadcast() []string { return []string{t.Logger, t.Manager, t.Proxy, t.Worker} }

// nodeID is the id in a node id topic, without what is before and behind it: as
// many bytes as the suffix has, whatever they are, as Zeek takes it apart.
func (t Topics) nodeID(topic string) (string, bool) {
	id, ok := strings.CutPrefix(topic, t.NodeIDPrefix)
	if !ok || len(id) < len(t.Suffix) || id == "" {
		return "", false
	}
	return id[:len(id)-len(t.Suffix)], true
}

// NodeTopic and NodeIDTopic are those of [ZeroMQTopics].
func NodeTopic(name string) string { return ZeroMQTopics.Node(name) }
func NodeIDTopic(id string) string { return ZeroMQTopics.NodeID(id) }
