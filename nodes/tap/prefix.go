package tap

import (
	"bytes"
	"slices"
	"strings"

	"zctl/nodes/zmq"
)

// delicate is beginnings of topics to which a subscription means something by
// itself: that a node is there, or that one may publish. Zeek says hello to
// whoever subscribes one of the first, and learns that a node has left only when
// its last subscriber has (spec: wire T4, 1.6, 1.7).
var delicate = []string{"zeek.cluster.nodeid.", "zeek.zeromq.internal."}

// subscriptions is what to subscribe to hear all topics with these prefixes:
// the prefixes themselves, and in place of one that is delicate the harmless
// one that is shorter by the dot.
func subscriptions(prefixes []string) []string {
	var topics []string
	for _, p := range prefixes {
		for _, d := range delicate {
			if strings.HasPrefix(p, d) {
				p = d[:len(d)-1]
			}
		}
		if !slices.Contains(topics, p) {
			topics = append(topics, p)
		}
	}
	return topics
}

// asked says whether somebody asked for the topic of a message: a wider prefix
// may have been subscribed.
func asked(prefixes []string, frames zmq.Message) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return bytes.HasPrefix(frames[0], []byte(p)) })
}
