package store

import "zctl/nodes/event"

func numbers(n ...uint64) []event.Value {
	values := make([]event.Value, len(n), len(n)+4)
	for i, n := range n {
		values[i] = event.Count(n)
	}
	return values
}

func (m alive) event() event.Event {
	return event.Event{Name: eventAlive, Args: numbers(m.epoch, m.version, m.oldest, m.answers)}
}

func (m changed) event() event.Event {
	return event.Event{Name: eventChanged, Args: append(numbers(m.epoch, m.first), changeList(m.changes))}
}

func (m chunk) event() event.Event {
	args := append(numbers(m.epoch, m.transfer, m.reading, m.number, m.version), event.Boolean(m.last), changeList(m.entries))
	return event.Event{Name: eventChunk, Args: args}
}

func (m done) event() event.Event {
	outcomes := make([]event.Value, len(m.outcomes))
	for i, o := range m.outcomes {
		outcomes[i] = event.List(event.Count(o.seq), event.Count(uint64(o.code)))
	}
	args := append(numbers(m.epoch, m.seq, m.known, m.version), event.Boolean(m.gap), event.List(outcomes...))
	return event.Event{Name: eventDone, Args: args}
}

func (m claim) event() event.Event {
	return event.Event{Name: eventClaim, Args: numbers(m.epoch)}
}

func (m attach) event() event.Event {
	args := append(numbers(m.epoch, m.transfer, m.reading, m.number), event.Boolean(m.again), event.String(m.clone))
	return event.Event{Name: eventAttach, Args: args}
}

func (m repeat) event() event.Event {
	return event.Event{Name: eventRepeat, Args: append(numbers(m.epoch, m.version), event.String(m.clone))}
}

func (m write) event() event.Event {
	args := append(numbers(m.epoch, m.first, m.settled), event.String(m.clone), opList(m.ops))
	return event.Event{Name: eventWrite, Args: args}
}

// changeList is a list of lists: kind, key, value, deadline, without those at the end
// that are none.
func changeList(changes []Change) event.Value {
	slab := make([]event.Value, 0, 4*len(changes))
	all := make([]event.Value, len(changes))
	for i := range changes {
		ch, begin := &changes[i], len(slab)
		slab = append(slab, event.Count(uint64(ch.Kind)), ch.Key, ch.Value, deadline(ch.Deadline))
		all[i] = trimmed(slab[begin:])
	}
	return event.List(all...)
}

// opList is a list of lists: kind, key, value, index, expiry, without those at the end
// that are none.
func opList(ops []Op) event.Value {
	slab := make([]event.Value, 0, 5*len(ops))
	all := make([]event.Value, len(ops))
	for i := range ops {
		op, begin := &ops[i], len(slab)
		slab = append(slab, event.Count(uint64(op.Kind)), op.Key, op.Value, op.Index, event.None())
		if op.Expiry != 0 {
			slab[len(slab)-1] = event.Timespan(op.Expiry)
		}
		all[i] = trimmed(slab[begin:])
	}
	return event.List(all...)
}

// trimmed is a list without the last values, as far as they are none.
func trimmed(values []event.Value) event.Value {
	for len(values) > 0 && values[len(values)-1].IsNone() {
		values = values[:len(values)-1]
	}
	return event.List(values[:len(values):len(values)]...)
}
