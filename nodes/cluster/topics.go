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

// Topics is what a node subscribes at its start, in Zeek's order.
func Topics(self layoutgen.Node, id string, managerIsLogger bool) []string {
	topics := []string{supervisorTopic}
	switch {
	case self.Type == layoutgen.TypeLogger || self.Type == layoutgen.TypeManager && managerIsLogger:
		topics = append(topics, "zeek.cluster.pool.logger")
	case self.Type == layoutgen.TypeProxy:
		topics = append(topics, "zeek.cluster.pool.proxy")
	case self.Type == layoutgen.TypeWorker:
		topics = append(topics, "zeek.cluster.pool.worker")
	}
	return append(topics, "zeek.cluster."+string(self.Type), NodeIDTopic(id), NodeTopic(self.Name))
}
