package zmq

import (
	"fmt"
	"maps"
	"slices"
)

// topicList is the topics of one subscriber, in the order they were subscribed.
type topicList struct {
	order map[string]uint64
	next  uint64
}

// update adds or removes a topic. changed is false where there is nothing to do.
func (t *topicList) update(topic string, add bool, l limits) (changed bool, err error) {
	_, known := t.order[topic]
	if known == add {
		return false, nil
	}
	if !add {
		delete(t.order, topic)
		return true, nil
	}
	if len(topic) > l.topicLen {
		return false, fmt.Errorf("cannot subscribe to a topic of %d bytes: the limit is %d", len(topic), l.topicLen)
	}
	if len(t.order) >= l.topics {
		return false, fmt.Errorf("cannot subscribe to %q: the limit of %d topics is reached, unsubscribe some", topic, l.topics)
	}
	if t.order == nil {
		t.order = make(map[string]uint64)
	}
	t.order[topic] = t.next
	t.next++
	return true, nil
}

// encode returns the frames that subscribe to all topics.
func (t *topicList) encode() []byte {
	topics := slices.SortedFunc(maps.Keys(t.order), func(a, b string) int {
		return int(int64(t.order[a]) - int64(t.order[b]))
	})
	var frames []byte
	for _, topic := range topics {
		frames = appendSubscription(frames, topic, true)
	}
	return frames
}
