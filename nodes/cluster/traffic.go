package cluster

import (
	"cmp"
	"regexp"
	"slices"
	"sync"
	"sync/atomic"
)

// TrafficDetail is how finely events are counted: Zeek's Cluster::Telemetry::Type. How
// many there are in all is always counted.
type TrafficDetail int

const (
	// TrafficInfo counts no more than that (Cluster::Telemetry::INFO).
	TrafficInfo TrafficDetail = iota
	// TrafficVerbose counts by topic and event, too (Cluster::Telemetry::VERBOSE).
	TrafficVerbose
	// TrafficDebug also counts how large they are (Cluster::Telemetry::DEBUG).
	TrafficDebug
)

// TopicNormalization replaces topics that match, which would be too many to count each
// by itself.
type TopicNormalization struct {
	Pattern *regexp.Regexp
	Topic   string
}

// DefaultTopicNormalizations is Zeek's, with what its ZeroMQ backend adds
// (Cluster::Telemetry::topic_normalizations; spec: wire 1.9).
func DefaultTopicNormalizations() []TopicNormalization {
	return []TopicNormalization{
		{regexp.MustCompile(`^zeek/cluster/nodeid/.*`), "zeek/cluster/nodeid/__normalized__"},
		{regexp.MustCompile(`^zeek\.cluster\.nodeid\..*`), "zeek.cluster.nodeid.__normalized__"},
	}
}

// DefaultMessageSizeBounds is Zeek's, in bytes (Cluster::Telemetry::message_size_bounds).
func DefaultMessageSizeBounds() []float64 {
	return []float64{10, 50, 100, 500, 1000, 5000, 10000, 50000}
}

// Traffic is the events of one name on one topic.
type Traffic struct {
	Topic, Event string
	Count        uint64
	// Bytes and Sizes are only there with [TrafficDebug]: what their messages have in
	// all, and how many of them are as large as each of the bounds, or smaller.
	Bytes uint64
	Sizes []uint64
}

// maxTraffic is how many topics and names are counted by themselves; others make those
// that there are.
const (
	maxTraffic   = 1000
	otherTraffic = "__other__"
)

// traffic counts one direction.
type traffic struct {
	normalize []TopicNormalization
	bounds    []float64 // nil: sizes are not counted

	mu  sync.RWMutex // guards all; what is in it counts by itself
	all map[trafficKey]*trafficCounts
}

type trafficKey struct{ topic, event string }

type trafficCounts struct {
	count, bytes atomic.Uint64
	sizes        []atomic.Uint64 // in the bucket of each bound alone
}

// newTraffic is nil where nothing is to be counted.
func (o Options) newTraffic() *traffic {
	if o.CoreMetrics == TrafficInfo {
		return nil
	}
	t := &traffic{normalize: o.TopicNormalizations, all: map[trafficKey]*trafficCounts{}}
	if o.CoreMetrics == TrafficDebug {
		t.bounds = o.MessageSizeBounds
	}
	return t
}

// note counts an event whose message has so many bytes. It does nothing for nil.
func (t *traffic) note(topic, event string, size int) {
	if t == nil {
		return
	}
	for _, n := range t.normalize {
		if n.Pattern.MatchString(topic) {
			topic = n.Topic
			break
		}
	}
	c := t.counts(trafficKey{topic, event})
	c.count.Add(1)
	if t.bounds == nil {
		return
	}
	c.bytes.Add(uint64(size))
	if i, _ := slices.BinarySearch(t.bounds, float64(size)); i < len(c.sizes) {
		c.sizes[i].Add(1)
	}
}

func (t *traffic) counts(key trafficKey) *trafficCounts {
	t.mu.RLock()
	c := t.all[key]
	t.mu.RUnlock()
	if c != nil {
		return c
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.all[key] == nil && len(t.all) >= maxTraffic {
		key = trafficKey{otherTraffic, otherTraffic}
	}
	if t.all[key] == nil {
		t.all[key] = &trafficCounts{sizes: make([]atomic.Uint64, len(t.bounds))}
	}
	return t.all[key]
}

// read is what was counted, in the order of topics.
func (t *traffic) read() []Traffic {
	if t == nil {
		return nil
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	var all []Traffic
	for key, c := range t.all {
		one := Traffic{Topic: key.topic, Event: key.event, Count: c.count.Load(), Bytes: c.bytes.Load()}
		below := uint64(0)
		for i := range c.sizes {
			below += c.sizes[i].Load()
			one.Sizes = append(one.Sizes, below)
		}
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b Traffic) int {
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Event, b.Event))
	})
	return all
}

// Traffic is what was counted by topic and event, if [Options.CoreMetrics] wants that:
// what came and what was published. The sizes are by [Options.MessageSizeBounds].
func (c *Cluster) Traffic() (incoming, outgoing []Traffic, bounds []float64) {
	return c.incoming.read(), c.outgoing.read(), c.o.MessageSizeBounds
}
