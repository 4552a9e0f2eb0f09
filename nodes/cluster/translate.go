package cluster

import "strings"

// conventions is all that the topics of a cluster have been called. Bro's had nothing
// behind the names of nodes, so that worker-1 heard what was for worker-10 (spec:
// cluster-framework 7).
var conventions = []Topics{ZeroMQTopics, BrokerTopics, broTopics}

var broTopics = func() Topics {
	t := newTopics("bro", "/")
	t.Suffix = ""
	return t
}()

// Translate is what a topic of any convention, Bro's included, is called in this
// one: bro/cluster/worker and zeek/cluster/worker are zeek.cluster.worker to
// [ZeroMQTopics]. Other topics of Bro itself, bro/control and bro/logs/, become
// zeek/…, as in Zeek 3; those of users are left as they are. It is for topics that
// come from old scripts and settings; nothing that is published or subscribed is
// translated.
func (t Topics) Translate(topic string) string {
	for _, from := range conventions {
		if there, ok := t.from(from, topic); ok {
			return there
		}
	}
	for _, prefix := range []string{"bro/cluster/", "bro/control", "bro/logs/"} {
		if strings.HasPrefix(topic, prefix) {
			return "zeek" + strings.TrimPrefix(topic, "bro")
		}
	}
	return topic
}

// from is Translate from one convention.
func (t Topics) from(from Topics, topic string) (string, bool) {
	if id, ok := from.name(topic, from.NodeIDPrefix); ok {
		return t.NodeID(id), true
	}
	if name, ok := from.name(topic, from.NodePrefix); ok {
		return t.Node(name), true
	}
	there := t.fields()
	for i, field := range from.fields() {
		if *field == topic && topic != from.Suffix {
			return *there[i], true
		}
	}
	return "", false
}

// name is what is between the prefix and the suffix of a topic, if there is
// anything. Older topics had no suffix.
func (t Topics) name(topic, prefix string) (string, bool) {
	name, ok := strings.CutPrefix(topic, prefix)
	name = strings.TrimSuffix(name, t.Suffix)
	return name, ok && name != ""
}
