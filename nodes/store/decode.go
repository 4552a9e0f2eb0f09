package store

import (
	"errors"
	"fmt"

	"zctl/nodes/event"
)

// errMalformed is the error of an event that is no message of a store.
var errMalformed = errors.New("malformed message of a store")

// decode reads a message. It refers to the event.
func decode(ev event.Event) (message, error) {
	a := &args{values: ev.Args}
	var m message
	switch ev.Name {
	case eventAlive:
		m = alive{epoch: a.number(), version: a.number(), oldest: a.number(), answers: a.number()}
	case eventChanged:
		m = changed{epoch: a.number(), first: a.number(), changes: a.changes()}
	case eventChunk:
		m = chunk{epoch: a.number(), transfer: a.number(), reading: a.number(), number: a.number(), version: a.number(), last: a.boolean(), entries: a.entries()}
	case eventDone:
		m = done{epoch: a.number(), seq: a.number(), known: a.number(), version: a.number(), gap: a.boolean(), outcomes: a.outcomes()}
	case eventClaim:
		m = claim{epoch: a.number()}
	case eventAttach:
		m = attach{epoch: a.number(), transfer: a.number(), reading: a.number(), number: a.number(), again: a.boolean(), clone: a.text(maxID)}
	case eventRepeat:
		m = repeat{epoch: a.number(), version: a.number(), clone: a.text(maxID)}
	case eventWrite:
		m = write{epoch: a.number(), first: a.number(), settled: a.number(), clone: a.text(maxID), ops: a.ops()}
	default:
		a.bad = true
	}
	if a.bad || a.next != len(ev.Args) {
		return nil, fmt.Errorf("%w: %s", errMalformed, ev.Name)
	}
	return m, nil
}

// args takes the arguments of an event one after the other, and remembers whether one
// was not what it should be.
type args struct {
	values []event.Value
	next   int
	bad    bool
}

// one is the next argument, none if there is none.
func (a *args) one() (v event.Value) {
	if a.next < len(a.values) {
		v = a.values[a.next]
	}
	a.next++
	return v
}

func (a *args) check(ok bool) { a.bad = a.bad || !ok }

func (a *args) number() uint64 {
	n, ok := a.one().Count()
	a.check(ok && n < maxNumber)
	return n
}

func (a *args) boolean() bool {
	b, ok := a.one().Boolean()
	a.check(ok)
	return b
}

func (a *args) text(most int) string {
	s, ok := a.one().Text()
	a.check(ok && len(s) <= most)
	return s
}

// list is the elements of the next argument.
func (a *args) list() []event.Value {
	v := a.one()
	a.check(v.Kind() == event.KindList)
	return v.Elems()
}

func (a *args) changes() []Change {
	list := a.list()
	if a.bad {
		return nil
	}
	changes := make([]Change, len(list))
	for i, v := range list {
		a.check(v.Kind() == event.KindList && decodeChange(v.Elems(), &changes[i]))
	}
	return changes
}

// entries is changes that are all of what there is.
func (a *args) entries() []Change {
	entries := a.changes()
	for i := range entries {
		a.check(entries[i].Kind == ChangePut)
	}
	return entries
}

// decodeChange reads kind, key, value, deadline, and says whether it is so.
func decodeChange(parts []event.Value, ch *Change) bool {
	var all [4]event.Value
	if copy(all[:], parts) < len(parts) {
		return false
	}
	kind, ok := all[0].Count()
	if !ok || kind < uint64(ChangePut) || kind > uint64(ChangeClear) {
		return false
	}
	ch.Kind, ch.Key, ch.Value = ChangeKind(kind), all[1], all[2]
	if all[3].IsNone() {
		return true
	}
	ch.Deadline, ok = all[3].Time()
	return ok
}

func (a *args) ops() []Op {
	list := a.list()
	if a.bad {
		return nil
	}
	ops := make([]Op, len(list))
	for i, v := range list {
		a.check(v.Kind() == event.KindList && decodeOp(v.Elems(), &ops[i]))
	}
	return ops
}

// decodeOp reads kind, key, value, index, expiry, and says whether it is so. A kind
// that is not known here is the master's to refuse, or no later operation of its
// writer would ever be applied.
func decodeOp(parts []event.Value, op *Op) bool {
	var all [5]event.Value
	if copy(all[:], parts) < len(parts) {
		return false
	}
	kind, ok := all[0].Count()
	if !ok || kind > 0xff {
		return false
	}
	op.Kind, op.Key, op.Value, op.Index = OpKind(kind), all[1], all[2], all[3]
	if all[4].IsNone() {
		return true
	}
	op.Expiry, ok = all[4].Timespan()
	return ok
}

func (a *args) outcomes() []outcome {
	list := a.list()
	if a.bad || len(list) == 0 {
		return nil
	}
	outcomes := make([]outcome, len(list))
	for i, v := range list {
		parts := &args{values: v.Elems()}
		outcomes[i] = outcome{seq: parts.number(), code: code(min(parts.number(), 0xff))}
		a.check(!parts.bad && len(parts.values) == 2)
	}
	return outcomes
}
