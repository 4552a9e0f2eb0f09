package zmq

import (
	"bytes"
	"math/rand"
	"slices"
	"testing"
)

func TestPrefixMapAgainstScan(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewSource(3))
	topic := func() string {
		s := make([]byte, random.Intn(5))
		for i := range s {
			s[i] = "ab"[random.Intn(2)]
		}
		return string(s)
	}
	var m prefixMap[string]
	model := map[string]bool{}
	for range 20_000 {
		switch s := topic(); random.Intn(3) {
		case 0:
			m.set(s, s)
			model[s] = true
		case 1:
			m.delete(s)
			delete(model, s)
		default:
			var want []string
			for k := range model {
				if bytes.HasPrefix([]byte(s), []byte(k)) {
					want = append(want, k)
				}
			}
			slices.Sort(want) // prefixes of one string: by length
			if got := slices.Collect(m.matches([]byte(s))); !slices.Equal(got, want) {
				t.Fatalf("%q: got %q, want %q", s, got, want)
			}
			if got := m.hasPrefixOf([]byte(s)); got != (len(want) > 0) {
				t.Fatalf("%q: hasPrefixOf is %v", s, got)
			}
		}
		if m.len() != len(model) || len(m.lengths) != len(m.counts) {
			t.Fatalf("%d topics, want %d; lengths %v, counts %v", m.len(), len(model), m.lengths, m.counts)
		}
	}
}

func TestTopicList(t *testing.T) {
	t.Parallel()
	var l topicList
	small := limits{topics: 3, topicLen: 3}
	for _, c := range []struct {
		topic        string
		add, changed bool
		fails        bool
	}{
		{"c", true, true, false},
		{"c", true, false, false}, // wire T5: never twice
		{"a", true, true, false},
		{"", true, true, false},
		{"d", true, false, true}, // the fourth
		{"a", false, true, false},
		{"a", false, false, false},
		{"long", true, false, true},
		{"b", true, true, false},
	} {
		changed, err := l.update(c.topic, c.add, small)
		if changed != c.changed || (err != nil) != c.fails {
			t.Errorf("%q %v: got %v, %v", c.topic, c.add, changed, err)
		}
	}
	if got, want := string(l.encode()), "\x00\x02\x01c\x00\x01\x01\x00\x02\x01b"; got != want {
		t.Errorf("encoded %q, want %q", got, want)
	}
}
