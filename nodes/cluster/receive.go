package cluster

import (
	"slices"
	"time"

	"zctl/nodes/event"
)

// receiver is what the Cluster shows its Backend.
type receiver struct{ *Cluster }

func (c receiver) Malformed() { c.stats.malformed.Add(1) }

// Message takes an event from the bus. Those of the handshake are handled at
// once, so that a slow handler does not make its node look dead; the others wait
// for their handlers, and are dropped where too many do (spec: wire 1.3, T6). Who
// intercepts an event sees it first.
func (c receiver) Message(topic, sender, format, payload []byte) {
	if string(sender) == c.o.NodeID {
		return // our own
	}
	ev, err := event.Decode(string(format), payload)
	if err != nil {
		c.stats.malformed.Add(1)
		c.o.Log.Debug("ignoring a message that is no event", "topic", string(topic), "sender", string(sender), "err", err)
		return
	}
	c.stats.incoming.Add(1)
	if c.incoming != nil {
		c.incoming.note(string(topic), ev.Name, len(payload))
	}
	if c.hello(ev) {
		return
	}
	byTopic, byName := c.sooner.of(topic), c.soonerByName.named(ev.Name)
	wanted := c.handlers.wants(ev.Name)
	if !wanted && byTopic == nil && byName == nil {
		c.stats.unknown.Add(1)
		return
	}
	r := Received{Event: ev, Topic: string(topic), Sender: string(sender), size: len(payload)}
	for _, interceptors := range [][]*interceptor{byTopic, byName} {
		for _, i := range interceptors {
			i.f(r)
		}
	}
	if wanted && !c.queue.put(r) {
		c.stats.dropped.Add(1)
	}
}

// hello handles the events of the handshake, and says whether it was one.
func (c *Cluster) hello(ev event.Event) (was bool) {
	if ev.Name != backendHello && ev.Name != clusterHello {
		return false
	}
	if !c.IsEnabled() {
		return true
	}
	c.membership(func(m *Membership) Effects {
		effects, _ := m.Event(ev, time.Now())
		if effects.Stranger && c.reread() {
			effects, _ = m.Event(ev, time.Now())
		}
		return effects
	})
	return true
}

func (c receiver) Subscribed(topic string) {
	c.membership(func(m *Membership) Effects { return m.Subscribed(topic, time.Now()) })
	c.raise(eventSubscription, event.String(topic))
}

func (c receiver) Unsubscribed(topic string) {
	c.membership(func(m *Membership) Effects { return m.Unsubscribed(topic, time.Now()) })
	c.raise(eventUnsubscription, event.String(topic))
}

func (c receiver) Lost(err error) {
	c.o.Log.Warn("lost the broker", "err", err)
	c.membership(func(m *Membership) Effects { return m.BusLost() })
}

// membership does something to the membership, and what follows from it.
func (c *Cluster) membership(do func(*Membership) Effects) {
	c.mu.Lock()
	e := do(c.members)
	c.follow(e)
	c.mu.Unlock()
	if e.Changed {
		c.o.Changed()
	}
}

// follow does what follows from something the bus showed. c.mu is held, so that
// the others see it in the order in which it happened.
func (c *Cluster) follow(e Effects) {
	for _, m := range e.Publish {
		c.send(m.Topic, m.Event)
	}
	c.notes.add(false, e.Log...) // before what handlers have to say about it
	c.notes.add(true, e.Warn...)
	for _, change := range e.Peers {
		c.pools.Mark(change.Name, change.Up)
		c.since[change.Name] = time.Now()
		name := eventNodeDown
		if change.Up {
			name = eventNodeUp
		}
		c.raise(name, event.String(change.Name), event.String(change.ID))
	}
	if e.Joined {
		c.o.Log.Info("joined the bus")
		if !c.joined {
			c.joined = true
			close(c.ready)
		}
	}
	if e.Left {
		c.reread()
	}
}

// reread takes the layout that a deploy changed and says whether there is one.
// Pools get the nodes that the new layout gives them; with a layout that cannot
// satisfy them they keep those they have.
func (c *Cluster) reread() bool {
	layout := c.o.Reread()
	if layout == nil {
		return false
	}
	c.members.SetLayout(layout)
	before := c.pools.TopicsOf(c.o.Node)
	if err := c.pools.Assign(layout, c.o.Node); err != nil {
		c.o.Log.Warn("cannot assign the nodes of the changed layout to pools; going on with the old ones", "err", err)
		return true
	}
	c.resubscribe(before, c.pools.TopicsOf(c.o.Node))
	return true
}

// resubscribe changes which topics are subscribed for pools, but none that the user
// subscribed, too. c.mu is held, and the node is on the bus.
func (c *Cluster) resubscribe(before, now []string) {
	backend := *c.backend.Load()
	for _, topic := range now {
		if !slices.Contains(before, topic) {
			backend.Subscribe(topic)
		}
	}
	for _, topic := range before {
		if !slices.Contains(now, topic) && !slices.Contains(c.topics, topic) {
			backend.Unsubscribe(topic)
		}
	}
}

// raise queues an event of our own, if anybody handles it.
func (c *Cluster) raise(name string, args ...event.Value) {
	if !c.handlers.wants(name) {
		return
	}
	if !c.queue.put(Received{Event: event.Event{Name: name, Args: args}, local: true}) {
		c.stats.dropped.Add(1)
	}
}
