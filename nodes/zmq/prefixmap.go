package zmq

import (
	"iter"
	"slices"
)

// prefixMap maps topics to values and finds those topics that another one begins with. A look-up costs one hash look-up
// per distinct length of topic, of which a cluster has few.
type prefixMap[V any] struct {
	values  map[string]V
	counts  map[int]int // topics per length
	lengths []int       // the keys of counts, ascending
}

func (m *prefixMap[V]) get(topic string) (V, bool) {
	v, ok := m.values[topic]
	return v, ok
}

func (m *prefixMap[V]) len() int { return len(m.values) }

func (m *prefixMap[V]) set(topic string, v V) {
	if m.values == nil {
		m.values, m.counts = make(map[string]V), make(map[int]int)
	}
	if _, ok := m.values[topic]; !ok {
		n := len(topic)
		if m.counts[n]++; m.counts[n] == 1 {
			at, _ := slices.BinarySearch(m.lengths, n)
			m.lengths = slices.Insert(m.lengths, at, n)
		}
	}
	m.values[topic] = v
}

func (m *prefixMap[V]) delete(topic string) {
	if _, ok := m.values[topic]; !ok {
		return
	}
	delete(m.values, topic)
	n := len(topic)
	if m.counts[n]--; m.counts[n] == 0 {
		delete(m.counts, n)
		at, _ := slices.BinarySearch(m.lengths, n)
		m.lengths = slices.Delete(m.lengths, at, at+1)
	}
}

// matches yields the values of all topics that are a prefix of topic, shortest first.
func (m *prefixMap[V]) matches(topic []byte) iter.Seq[V] {
	return func(yield func(V) bool) {
		for _, n := range m.lengths {
			if n > len(topic) {
				return
			}
			if v, ok := m.values[string(topic[:n])]; ok && !yield(v) {
				return
			}
		}
	}
}

// hasPrefixOf says whether matches yields anything.
func (m *prefixMap[V]) hasPrefixOf(topic []byte) bool {
	for range m.matches(topic) {
		return true
	}
	return false
}
