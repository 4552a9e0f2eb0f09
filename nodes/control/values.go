package control

import (
	"context"
	"errors"
	"fmt"
	"time"

	"zctl/nodes/event"
)

// Register makes a value that can be asked for by id ("My::threshold"). value is called
// when somebody does, and returns what [event.Of] takes, which is answered as Zeek prints
// it; nil is answered by [NoValue].
//
// It is called on a goroutine of its own, while handlers run: what both use needs a lock.
// It is never called twice at a time. If it takes long, or never returns, whoever asks for
// this value waits, and nobody else.
func (ce *Controllee) Register(id string, value func() any) error {
	if id == "" || value == nil {
		return errors.New("cannot register a value without an id and a function")
	}
	if _, known := ce.o.Option(id); known {
		return fmt.Errorf("cannot register a value as %s: that is an option of the node", id)
	}
	ce.mu.Lock()
	defer ce.mu.Unlock()
	if ce.values[id] != nil {
		return fmt.Errorf("cannot register a value as %s: there is one already", id)
	}
	ce.values[id] = &questions{ask: func() string { return ce.valueText(id, value()) }}
	return nil
}

func (ce *Controllee) valueText(id string, value any) string {
	if value == nil {
		return NoValue
	}
	v, err := event.Of(value)
	switch {
	case err != nil:
		ce.o.Log.Warn("cannot answer with a value that Zeek has no type for", "id", id, "err", err)
		return NoValue
	case v.Kind() == event.KindNone:
		return NoValue
	}
	return v.Describe()
}

// AddPacketSource makes the packets of a source count in what the node answers to
// [NetStats]: the sum of all of them. Without any it answers 0.
func (ce *Controllee) AddPacketSource(s PacketSource) {
	ce.mu.Lock()
	defer ce.mu.Unlock()
	ce.sources = append(ce.sources, s)
}

// value answers what an id stands for.
func (ce *Controllee) value(ctx context.Context, r request) {
	ce.mu.Lock()
	registered := ce.values[r.id]
	ce.mu.Unlock()
	if registered != nil {
		ce.later(ctx, registered, r)
		return
	}
	value, known := ce.o.Option(r.id)
	if !known {
		value = UnknownID
	}
	ce.reply(ctx, r, value)
}

// later answers when a function has said what.
func (ce *Controllee) later(ctx context.Context, q *questions, r request) {
	if !q.put(waiting{r.reply, func(said string) { ce.reply(ctx, r, said) }}) {
		ce.dropped.Add(1)
	}
}

func (ce *Controllee) netStats() string {
	all, _ := ce.Packets()
	return netStatsText(time.Now(), all)
}

// Packets is what all sources of packets have counted, and whether there are any. It may
// take as long as they do.
func (ce *Controllee) Packets() (all Packets, any bool) {
	ce.mu.Lock()
	sources := ce.sources[:len(ce.sources):len(ce.sources)]
	ce.mu.Unlock()
	for _, s := range sources {
		all = all.plus(s.PacketStats())
	}
	return all, len(sources) > 0
}
