package websocket

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// The table matches as comparing all prefixes does, and the bus is told of each prefix
// once, whoever wants it.
func TestSubscriptions(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	topics := []string{"", "a", "ab", "abc", "b", "ba", "/x/", "/x/y"}
	var s subscriptions
	wants := map[*client][]string{}
	onBus := map[string]int{}
	for range 2000 {
		if c := (&client{}); random.IntN(2) == 0 {
			for _, topic := range topics {
				if random.IntN(4) == 0 {
					wants[c] = append(wants[c], topic)
				}
			}
			s.add(c, wants[c], func(topic string) error { onBus[topic]++; return nil })
		}
		for c, topics := range wants { // some one
			if random.IntN(2) == 0 {
				s.remove(c, topics, func(topic string) error { onBus[topic]--; return nil })
				delete(wants, c)
			}
			break
		}
		checkSubscriptions(t, &s, wants, onBus)
	}
}

func checkSubscriptions(t *testing.T, s *subscriptions, wants map[*client][]string, onBus map[string]int) {
	t.Helper()
	union := map[string]int{}
	for _, topics := range wants {
		for _, topic := range topics {
			union[topic] = 1
		}
	}
	for topic, n := range onBus {
		if n != union[topic] {
			t.Fatalf("%q is subscribed %d times, want %d", topic, n, union[topic])
		}
	}
	for _, topic := range []string{"", "abcd", "b", "/x/z", "/x/yy"} {
		got := s.match(topic)
		for c, prefixes := range wants {
			want := slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(topic, p) })
			if slices.Contains(got, c) != want {
				t.Fatalf("%q: a client of %q gets it: %v", topic, prefixes, !want)
			}
		}
		if len(got) > len(wants) {
			t.Fatalf("%q: %d clients get it, there are %d", topic, len(got), len(wants))
		}
	}
}

// What the bus refuses is not noted, and what was noted before can be taken back.
func TestSubscriptionRefused(t *testing.T) {
	t.Parallel()
	var s subscriptions
	c, refused := &client{}, errors.New("no")
	topics := []string{"a", "b", "c"}
	err := s.add(c, topics, func(topic string) error {
		if topic == "b" {
			return refused
		}
		return nil
	})
	if !errors.Is(err, refused) {
		t.Errorf("got %v", err)
	}
	var off []string
	s.remove(c, topics, func(topic string) error { off = append(off, topic); return nil })
	if fmt.Sprint(off) != "[a]" || len(s.match("abc")) > 0 {
		t.Errorf("unsubscribed %q", off)
	}
}
