package cluster

import (
	"fmt"
	"slices"
	"strings"
)

// Subscribe asks for all messages whose topics begin with that one, byte for
// byte (Cluster::subscribe). Before Run it is remembered. What somebody publishes
// before the subscription has reached him is not received.
func (c *Cluster) Subscribe(topic string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if slices.Contains(c.topics, topic) {
		return nil
	}
	if backend := c.backend.Load(); backend != nil {
		if err := (*backend).Subscribe(topic); err != nil {
			return fmt.Errorf("cannot subscribe %q: %w", topic, err)
		}
	}
	c.topics = append(c.topics, topic)
	return nil
}

// Unsubscribe takes back a Subscribe (Cluster::unsubscribe). Messages that are
// under way are still received.
func (c *Cluster) Unsubscribe(topic string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.Index(c.topics, topic)
	if i < 0 {
		return nil
	}
	c.topics = slices.Delete(c.topics, i, i+1)
	if slices.Contains(c.ownTopics(), topic) {
		return nil // the node itself needs it
	}
	if backend := c.backend.Load(); backend != nil {
		if err := (*backend).Unsubscribe(topic); err != nil {
			return fmt.Errorf("cannot unsubscribe %q: %w", topic, err)
		}
	}
	return nil
}

// ownTopics is what every node of that type subscribes, and the topics of the
// pools it is in.
func (c *Cluster) ownTopics() []string {
	if !c.IsEnabled() {
		return []string{c.members.SelfTopic()}
	}
	self, _ := c.members.layout.Node(c.o.Node)
	topics := []string{supervisorTopic}
	topics = append(topics, c.pools.TopicsOf(c.o.Node)...)
	return append(topics, c.o.Topics.Role(self.Type), c.members.SelfTopic(), c.NodeTopic(c.o.Node))
}

// Hears says whether messages of a topic come here: whether the node subscribes a
// beginning of it.
func (c *Cluster) Hears(topic string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	hears := func(prefix string) bool { return strings.HasPrefix(topic, prefix) }
	return slices.ContainsFunc(c.topics, hears) || slices.ContainsFunc(c.ownTopics(), hears)
}
