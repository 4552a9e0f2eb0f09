package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	"zctl/nodes/event"
)

var (
	// ErrNotRunning is the error of publishing before Run.
	ErrNotRunning = errors.New("the node is not on the bus")
	// ErrNoNode is the error of publishing to a pool of which no node is up.
	// Zeek's functions return F.
	ErrNoNode = errors.New("no node of the pool is up")
)

// MakeEvent makes an event of plain Go values (Cluster::make_event). See
// [event.Of] for what becomes of them: an int an int, a uint64 a count, a
// netip.Addr an addr, a struct a record.
func MakeEvent(name string, args ...any) (event.Event, error) {
	if name == "" {
		return event.Event{}, errors.New("cannot make an event without a name")
	}
	e := event.Event{Name: name, Args: make([]event.Value, len(args))}
	for i, arg := range args {
		v, err := event.Of(arg)
		if err != nil {
			return event.Event{}, fmt.Errorf("cannot make event %s: argument %d: %w", name, i+1, err)
		}
		e.Args[i] = v
	}
	return e, nil
}

// Publish sends an event to all nodes that subscribed the topic or a beginning
// of it (Cluster::publish). The node itself never gets it back. No error says
// that it was handed to the bus, not that anybody has got it: delivery is at
// most once, and in order from one node to another.
//
// In a handler, with the handler's ctx, the event takes on the time of the event
// that is being handled.
func (c *Cluster) Publish(ctx context.Context, topic, name string, args ...any) error {
	ev, err := MakeEvent(name, args...)
	if err != nil {
		return err
	}
	return c.PublishEvent(ctx, topic, ev)
}

// PublishEvent is [Cluster.Publish] for an event that is made already.
func (c *Cluster) PublishEvent(ctx context.Context, topic string, ev event.Event) error {
	if c.o.AddNetworkTimestamp {
		if _, has := ev.Timestamp(); !has {
			ev.SetMeta(event.MetaTimestamp, event.Timestamp(eventTime(ctx)))
		}
	}
	return c.send(topic, ev)
}

// Raise hands an event to this node's own handlers, as "event X();" does in Zeek: it waits
// for its turn with those that came, and nobody else hears of it. Handlers of "*" do not
// get it.
func (c *Cluster) Raise(name string, args ...any) error {
	ev, err := MakeEvent(name, args...)
	if err == nil {
		c.raise(ev.Name, ev.Args...)
	}
	return err
}

// eventTime is the time of the event that is being handled, or the present.
func eventTime(ctx context.Context) time.Time {
	if r, ok := FromContext(ctx); ok {
		if at, ok := r.Event.Timestamp(); ok {
			return at
		}
	}
	return time.Now()
}

// send encodes an event and hands it to the bus.
func (c *Cluster) send(topic string, ev event.Event) error {
	backend := c.backend.Load()
	if backend == nil {
		return fmt.Errorf("cannot publish %s: %w", ev.Name, ErrNotRunning)
	}
	var payload []byte
	if c.o.EventSerializer == event.FormatJSON {
		payload = ev.AppendJSON(nil)
	} else {
		payload = ev.Append(nil)
	}
	c.stats.outgoing.Add(1)
	c.outgoing.note(topic, ev.Name, len(payload))
	if err := (*backend).Publish(topic, c.o.NodeID, c.o.EventSerializer, payload); err != nil {
		c.stats.unsent.Add(1)
		return fmt.Errorf("cannot publish %s: %w", ev.Name, err)
	}
	return nil
}

// PublishHRW sends an event to the one node of the pool that is responsible for
// the key, as long as it is up (Cluster::publish_hrw). See [KeyOf] for keys.
func (c *Cluster) PublishHRW(ctx context.Context, pool *Pool, key any, name string, args ...any) error {
	topic, err := c.HRWTopic(pool, key)
	if err == nil && topic == "" {
		err = ErrNoNode
	}
	if err != nil {
		return fmt.Errorf("cannot publish %s: %w", name, err)
	}
	return c.Publish(ctx, topic, name, args...)
}

// PublishRR sends an event to the next node of the pool that is up
// (Cluster::publish_rr). Every key has a turn of its own.
func (c *Cluster) PublishRR(ctx context.Context, pool *Pool, key string, name string, args ...any) error {
	topic := c.RRTopic(pool, key)
	if topic == "" {
		return fmt.Errorf("cannot publish %s: %w", name, ErrNoNode)
	}
	return c.Publish(ctx, topic, name, args...)
}
