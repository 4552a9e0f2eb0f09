package zmq

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
)

// table is the broker's knowledge: who subscribes to what, and which publishers have to hear of it.
//
// Everything that changes it runs under one lock, and so does queueing the news for the publishers. Therefore each
// publisher hears subscriptions in the order in which they happened, on which membership depends (spec: wire 1.7).
// Lock order: table.mu, then outq.mu.
type table struct {
	limits     limits
	news       *flow         // counts what publishers hear
	generation atomic.Uint64 // counts changes of routes; what was matched before the last one is out of date

	mu         sync.RWMutex // guards what follows, and the topics of subscribers
	routes     prefixMap[[]*subscriber]
	publishers map[*publisher]struct{}
}

func newTable(l limits, news *flow) *table {
	return &table{limits: l, news: news, publishers: make(map[*publisher]struct{})}
}

// subscribe adds a topic and passes the request on, be the topic new or not (libzmq's XPUB_VERBOSER).
func (t *table) subscribe(s *subscriber, topic string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, ok := s.topics[topic]; !ok {
		holders, _ := t.routes.get(topic)
		if err := t.admit(s, topic, len(holders) == 0); err != nil {
			return err
		}
		s.topics[topic] = struct{}{}
		t.routes.set(topic, append(holders, s))
		t.generation.Add(1)
	}
	t.announce(topic, true)
	return nil
}

func (t *table) admit(s *subscriber, topic string, isNew bool) error {
	switch {
	case len(topic) > t.limits.topicLen:
		return misbehaved("a topic of %d bytes, the limit is %d", len(topic), t.limits.topicLen)
	case len(s.topics) >= t.limits.topics:
		return misbehaved("more than %d topics on one connection", t.limits.topics)
	case isNew && t.routes.len() >= t.limits.allTopics:
		return misbehaved("more than %d topics on the broker", t.limits.allTopics)
	}
	return nil
}

// unsubscribe removes a topic. The request is passed on only when nobody holds the topic any more: libzmq's XSUB does
// likewise, but counts requests instead of holders, and so never ends a topic that one connection asked for twice
// (spec: wire 1.6, T5; zmq4 6).
func (t *table) unsubscribe(s *subscriber, topic string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, ok := s.topics[topic]; ok {
		t.drop(s, topic)
	}
}

// remove unsubscribes all topics of a subscriber that is gone.
func (t *table) remove(s *subscriber) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, topic := range slices.Sorted(maps.Keys(s.topics)) {
		t.drop(s, topic)
	}
}

func (t *table) drop(s *subscriber, topic string) {
	t.generation.Add(1)
	delete(s.topics, topic)
	holders, _ := t.routes.get(topic)
	at := slices.Index(holders, s)
	holders = slices.Delete(holders, at, at+1)
	if len(holders) > 0 {
		t.routes.set(topic, holders)
		return
	}
	t.routes.delete(topic)
	t.announce(topic, false)
}

func (t *table) announce(topic string, add bool) {
	t.news.add(1, 1+len(topic))
	frame := appendSubscription(nil, topic, add)
	for p := range t.publishers {
		if err := p.out.putControl(frame); err != nil {
			p.fail(err)
		}
	}
}

// topics is how many there are.
func (t *table) topics() int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.routes.len()
}

// addPublisher makes p hear of all topics and then of every change.
func (t *table) addPublisher(p *publisher) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var frames []byte
	for _, topic := range slices.Sorted(maps.Keys(t.routes.values)) {
		frames = appendSubscription(frames, topic, true)
	}
	p.out.preload(frames)
	t.publishers[p] = struct{}{}
}

func (t *table) removePublisher(p *publisher) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.publishers, p)
}

// match appends to dst each subscriber that holds a prefix of topic, once.
func (t *table) match(topic []byte, dst []*subscriber) []*subscriber {
	t.mu.RLock()
	defer t.mu.RUnlock()
	lists := 0
	for holders := range t.routes.matches(topic) {
		dst = append(dst, holders...)
		lists++
	}
	if lists > 1 {
		slices.SortFunc(dst, func(a, b *subscriber) int { return cmp.Compare(a.id, b.id) })
		dst = slices.Compact(dst)
	}
	return dst
}

// held returns some topics of a subscriber for a log line: an address tells an operator little, topics name the node.
func (t *table) held(s *subscriber) []string {
	const enough = 4
	t.mu.RLock()
	defer t.mu.RUnlock()
	topics := slices.Sorted(maps.Keys(s.topics))
	return topics[:min(enough, len(topics))]
}
