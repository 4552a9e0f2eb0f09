package table

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"zctl/nodes/cluster"
	"zctl/nodes/event"
)

// publisher is the way of tables that are published on change. Table.write guards it.
type publisher[K comparable, V any] struct {
	*Table[K, V]
	cluster *cluster.Cluster
	batching
	waiting map[string][]event.Value // changes by topic
	timer   *time.Timer              // set while something waits
	stays   func()                   // takes back that what waits is published when the node leaves
}

// publishOnChange makes a table one that is published, and follows those of others.
func publishOnChange[K comparable, V any](t *Table[K, V], c *cluster.Cluster) (way[K, V], error) {
	if c == nil {
		return nil, errors.New("it needs a node to be published by")
	}
	p := &publisher[K, V]{
		Table: t, cluster: c, waiting: map[string][]event.Value{},
		batching: batching{size: t.o.MaxBatchSize, delay: t.o.MaxBatchDelay},
	}
	err := errors.Join(
		cluster.Handle(c, changeEvent, p.changed),
		cluster.Handle(c, forwardEvent, p.forwarded),
		c.Subscribe(topicPrefix),
	)
	p.stays = c.OnLeave(func() { p.sync(context.Background()) })
	return p, err
}

func (p *publisher[K, V]) put(key K, value V) error {
	if p.full(key) {
		return ErrFull
	}
	index, err := p.codec.index(key)
	if err != nil {
		return err
	}
	v, err := p.codec.wire(value)
	if err != nil {
		return err
	}
	now := time.Now()
	previous, had := p.set(key, value, now)
	info := changeInfo{Change: ElementNew.enum(), TS: now, Index: index, Value: v}
	if had {
		info.Change = ElementChanged.enum()
		info.Previous, _ = p.codec.wire(previous) // it was one of Zeek's when it came
	}
	p.queue(key, info)
	return nil
}

func (p *publisher[K, V]) remove(key K) error {
	value, had := p.unset(key)
	if had {
		p.gone(ElementRemoved, key, value, time.Now())
	}
	return nil
}

func (p *publisher[K, V]) expired(key K, value V, now time.Time) {
	p.gone(ElementExpired, key, value, now)
}

// gone queues that an entry is not there any more.
func (p *publisher[K, V]) gone(kind ChangeKind, key K, value V, now time.Time) {
	index, err := p.codec.index(key)
	if err != nil {
		return // it never was there
	}
	v, _ := p.codec.wire(value)
	p.queue(key, changeInfo{Change: kind.enum(), TS: now, Index: index, Value: v})
}

// queue has a change published, if it is one of those that are, in its batch.
func (p *publisher[K, V]) queue(key K, info changeInfo) {
	if p.o.Changes&kindOf(info.Change) == 0 {
		return
	}
	topic := p.o.Topic
	if p.o.TopicOf != nil {
		topic = p.o.TopicOf(key)
	}
	p.waiting[topic] = append(p.waiting[topic], info.value())
	wait := p.add(info.TS)
	switch {
	case wait <= 0:
		p.flush(info.TS)
	case p.timer == nil:
		p.timer = time.AfterFunc(wait, p.late)
	}
}

// late publishes what has waited long enough, unless that was published meanwhile.
func (p *publisher[K, V]) late() {
	p.write.Lock()
	defer p.write.Unlock()
	if now := time.Now(); p.timer != nil && now.Sub(p.last) >= p.delay {
		p.flush(now)
	}
}

// flush publishes all that waits.
func (p *publisher[K, V]) flush(now time.Time) {
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
	for _, topic := range slices.Sorted(maps.Keys(p.waiting)) {
		p.publish(context.Background(), topic, p.waiting[topic], now)
	}
	clear(p.waiting)
	p.published(now)
}

// publish publishes one event.
func (p *publisher[K, V]) publish(ctx context.Context, topic string, infos []event.Value, now time.Time) error {
	h := Header{ID: p.id, TS: now, NodeID: p.cluster.NodeID()}
	ev := event.Event{Name: changeEvent, Args: []event.Value{h.value(), event.List(infos...)}}
	err := p.cluster.PublishEvent(ctx, topic, ev)
	if err != nil {
		p.stats.unpublished.Add(uint64(len(infos)))
		return err
	}
	p.stats.published.Add(uint64(len(infos)))
	return nil
}

// sync hands what waits to the bus.
func (p *publisher[K, V]) sync(context.Context) error {
	p.write.Lock()
	defer p.write.Unlock()
	if len(p.waiting) > 0 {
		p.flush(time.Now())
	}
	return nil
}

func (p *publisher[K, V]) close() (wait func(), err error) {
	p.stays()
	if len(p.waiting) > 0 {
		p.flush(time.Now())
	}
	return func() {}, nil
}
