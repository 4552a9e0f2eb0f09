package table

import (
	"context"
	"errors"
	"fmt"
	"time"

	"zctl/nodes/event"
)

// changed applies the changes of one event of somebody else's (spec:
// cluster-framework 1.14). The error is logged.
func (p *publisher[K, V]) changed(_ context.Context, ev event.Event) error {
	if tableID(ev) != p.id || p.isClosed() {
		return nil
	}
	h, infos, err := decode(ev)
	if err != nil {
		return err
	}
	if h.NodeID == p.cluster.NodeID() {
		return fmt.Errorf("ignoring changes of table %s that somebody published with our own node id", p.id)
	}
	changes, wrong := p.read(h, infos)
	if p.o.Policy != nil && !p.o.Policy(h, changes) {
		p.stats.vetoed.Add(uint64(len(changes)))
		return wrong
	}
	return errors.Join(wrong, p.apply(changes))
}

// maxWrong is how many of an event's changes that are wrong are named.
const maxWrong = 3

// read makes of what an event says changes of this table. What is wrong with a change
// leaves the others as they are.
func (p *publisher[K, V]) read(h Header, infos []changeInfo) (changes []Change[K, V], err error) {
	var wrong []error
	n := 0
	for i, info := range infos {
		change, err := p.readOne(info)
		if err == nil {
			change.Node = h.NodeID
			changes = append(changes, change)
			continue
		}
		if n++; n <= maxWrong {
			wrong = append(wrong, fmt.Errorf("change %d: %w", i+1, err))
		}
	}
	if n == 0 {
		return changes, nil
	}
	p.stats.refused.Add(uint64(n))
	return changes, fmt.Errorf("ignoring %d changes of table %s by %s: %w", n, p.id, h.NodeID, errors.Join(wrong...))
}

func (p *publisher[K, V]) readOne(info changeInfo) (c Change[K, V], err error) {
	c.Kind, c.At = kindOf(info.Change), info.TS
	if c.Kind == 0 {
		return c, fmt.Errorf("there is no change %q", info.Change)
	}
	if c.Key, err = p.codec.keyOf(info.Index); err != nil {
		return c, err
	}
	if !info.Previous.IsNone() && c.Kind != ElementChanged {
		return c, fmt.Errorf("%s with a previous value", c.Kind)
	}
	if c.Kind.gone() {
		if !p.codec.set && !info.Value.IsNone() {
			c.Value, _ = p.codec.valueOf(info.Value) // which may be of any kind: it is gone
		}
		return c, nil
	}
	c.Value, err = p.codec.valueOf(info.Value)
	if err == nil && c.Kind == ElementChanged && !info.Previous.IsNone() {
		c.Previous, _ = p.codec.valueOf(info.Previous)
	}
	return c, err
}

// apply puts changes of others into the table, and tells of what they changed here.
func (p *publisher[K, V]) apply(changes []Change[K, V]) error {
	defer p.watch.tell()
	p.write.Lock()
	defer p.write.Unlock()
	if p.closed {
		return nil
	}
	now, refused := time.Now(), 0
	for _, change := range changes {
		if !change.Kind.gone() && p.full(change.Key) {
			refused++
			continue
		}
		p.stats.applied.Add(1)
		p.follow(change, now)
	}
	if refused == 0 {
		return nil
	}
	p.stats.refused.Add(uint64(refused))
	return fmt.Errorf("ignoring %d changes of table %s: %w", refused, p.id, ErrFull)
}

// follow does to the map what somebody else did to his.
func (t *Table[K, V]) follow(change Change[K, V], now time.Time) {
	if change.Kind.gone() {
		value, had := t.unset(change.Key)
		if change.Value = value; had {
			t.watch.note(change)
		}
		return
	}
	previous, had := t.set(change.Key, change.Value, now)
	change.Kind, change.Previous = ElementNew, previous
	if had {
		change.Kind = ElementChanged
	}
	t.watch.note(change)
}
