package cluster

import (
	"strings"

	"zctl/layoutgen"
)

// Topics of the ZeroMQ backend (spec: wire 5.1, 5.5). The dot at the end of
// node and node id topics keeps worker-1 from hearing what is for worker-10.
const (
	nodeTopicPrefix   = "zeek.cluster.node."
	nodeIDTopicPrefix = "zeek.cluster.nodeid."
	supervisorTopic   = "zeek/supervisor"
	poolTopicPrefix   = "zeek.cluster.pool."

	// internalTopicPrefix is of topics that nobody but their subscriber minds.
	internalTopicPrefix = "zeek.zeromq.internal."
)

// NodeTopic is the topic that only the node of that name subscribes.
func NodeTopic(name string) string { return nodeTopicPrefix + name + "." }

// NodeIDTopic is the topic that only the process with that id subscribes.
func NodeIDTopic(id string) string { return nodeIDTopicPrefix + id + "." }

// nodeIDOf is the id in a node id topic, without its prefix and its last byte,
// as Zeek takes it apart.
func nodeIDOf(topic string) (string, bool) {
	id, ok := strings.CutPrefix(topic, nodeIDTopicPrefix)
	if !ok || id == "" {
		return "", false
	}
	return id[:len(id)-1], true
}

// roleTopic is the topic that all nodes of a type subscribe.
func roleTopic(t layoutgen.NodeType) string { return "zeek.cluster." + string(t) }
