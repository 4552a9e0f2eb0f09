package zmq

import (
	"cmp"
	"time"
)

// limits are the bounds that nobody needs to choose; a test sets some of them smaller. They exist so that no peer,
// broken or hostile, can grow memory or stop the others (spec: zmq4 7.4, 7.6).
type limits struct {
	handshake time.Duration // dialling, and then greeting and READY, may take this long each
	retryMin  time.Duration // first wait before connecting again
	retryMax  time.Duration // longest wait before connecting again
	stall     time.Duration // a full subscriber that takes no byte for so long is disconnected (NODROP)
	slow      time.Duration // others wait so long for the memory that a slow sender's message holds
	breath    time.Duration // a waiting publisher is told so often that we live

	pending   int // connections in handshake per listener
	conns     int // connections per listener
	topics    int // topics one connection may hold
	allTopics int // distinct topics the broker, or one XPub, may know
	topicLen  int // bytes of one topic
	control   int // bytes of subscriptions and PONGs waiting for one peer
}

func (l limits) withDefaults() limits {
	return limits{
		handshake: cmp.Or(l.handshake, 10*time.Second),
		retryMin:  cmp.Or(l.retryMin, 5*time.Millisecond),
		retryMax:  cmp.Or(l.retryMax, time.Second),
		stall:     cmp.Or(l.stall, 10*time.Second),
		slow:      cmp.Or(l.slow, 2*time.Second),
		breath:    cmp.Or(l.breath, 50*time.Millisecond),
		pending:   cmp.Or(l.pending, 256),
		conns:     cmp.Or(l.conns, 4096),
		topics:    cmp.Or(l.topics, 1<<16),
		allTopics: cmp.Or(l.allTopics, 1<<18),
		topicLen:  cmp.Or(l.topicLen, 1024),
		control:   cmp.Or(l.control, 16<<20),
	}
}

// upstream bounds a packet from a peer that has only subscriptions and commands to say: a topic and its framing.
func (l limits) upstream() int { return l.topicLen + 64 }
