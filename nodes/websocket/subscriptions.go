package websocket

import (
	"slices"
	"sync"
	"sync/atomic"
)

// subscriptions is which clients want which topics, by their beginnings.
type subscriptions struct {
	changes atomic.Uint64 // how often they changed

	mu       sync.RWMutex // guards what follows; also held while the bus is told
	prefixes map[string][]*client
	longest  int // length of a prefix, now or earlier
}

// add notes the topics of a client, and calls subscribe for those that nobody had.
func (s *subscriptions) add(c *client, topics []string, subscribe func(string) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.prefixes == nil {
		s.prefixes = map[string][]*client{}
	}
	for _, topic := range topics {
		if s.prefixes[topic] == nil {
			if err := subscribe(topic); err != nil {
				return err
			}
		}
		s.prefixes[topic] = append(s.prefixes[topic], c)
		s.longest = max(s.longest, len(topic))
	}
	s.changes.Add(1)
	return nil
}

// remove forgets a client, and calls unsubscribe for topics that nobody has any more.
// Of the topics some may never have been added.
func (s *subscriptions) remove(c *client, topics []string, unsubscribe func(string) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, topic := range topics {
		clients := s.prefixes[topic]
		i := slices.Index(clients, c)
		if i < 0 {
			continue
		}
		if clients = slices.Delete(clients, i, i+1); len(clients) > 0 {
			s.prefixes[topic] = clients
			continue
		}
		delete(s.prefixes, topic)
		unsubscribe(topic)
	}
	s.changes.Add(1)
}

// match is the clients that want a topic, each once.
func (s *subscriptions) match(topic string) (clients []*client) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for n := range min(len(topic), s.longest) + 1 {
		for _, c := range s.prefixes[topic[:n]] {
			if !slices.Contains(clients, c) {
				clients = append(clients, c)
			}
		}
	}
	return clients
}
