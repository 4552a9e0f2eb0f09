package store

import (
	"fmt"
	"time"

	"zctl/nodes/event"
)

// Apply does what an operation asks for, as a master does (spec:
// cluster-framework 2.3), and says what changed, which is nothing or one thing,
// and what the result is, if the kind of operation has one. An error leaves
// everything as it was; it is or wraps one of [ErrNoKey], [ErrType], [ErrRange]
// and [ErrTooLarge]. An entry whose deadline is not after now is not there.
func (c *Contents) Apply(op Op, now time.Time) ([]Change, event.Value, error) {
	change, result, err := c.apply(op, now)
	if err != nil {
		return nil, event.Value{}, fmt.Errorf("cannot %s %s: %w", op.Kind, brief(op.Key), err)
	}
	if change.Kind == 0 {
		return nil, result, nil
	}
	return []Change{change}, result, nil
}

func (c *Contents) apply(op Op, now time.Time) (Change, event.Value, error) {
	switch op.Kind {
	case OpErase:
		return c.erase(op.Key), event.Value{}, nil
	case OpClear:
		if c.Len() == 0 {
			return Change{}, event.Value{}, nil
		}
		c.clear()
		return Change{Kind: ChangeClear}, event.Value{}, nil
	}
	return c.write(op, now)
}

func (c *Contents) erase(key event.Value) Change {
	e := c.find(key)
	if e == nil {
		return Change{}
	}
	c.remove(e)
	return Change{Kind: ChangeErase, Key: decodeKey(e.key)}
}

// write does the operations that give a key a value.
func (c *Contents) write(op Op, now time.Time) (Change, event.Value, error) {
	if op.Expiry < 0 {
		return Change{}, event.Value{}, fmt.Errorf("%w: it would have expired %s ago", ErrRange, -op.Expiry)
	}
	e := c.find(op.Key)
	if e != nil && e.deadline != 0 && e.deadline <= now.UnixNano() {
		e = nil
	}
	if op.Kind == OpPutUnique && e != nil {
		return Change{}, event.Boolean(false), nil
	}
	value, result, err := op.modify(e)
	if err == nil {
		err = checkSize(op.Key, value)
	}
	if err != nil {
		return Change{}, event.Value{}, err
	}
	e = c.put(op.Key, value, after(now, op.Expiry))
	return Change{Kind: ChangePut, Key: decodeKey(e.key), Value: e.value, Deadline: moment(e.deadline)}, result, nil
}

// modify is what becomes of an entry's value, nil if there is none, and the
// result of the operation. What it returns does not refer to the payload that
// the operation came in.
func (op Op) modify(e *entry) (value, result event.Value, err error) {
	switch op.Kind {
	case OpPut:
		return op.Value.Clone(), result, nil
	case OpPutUnique:
		return op.Value.Clone(), event.Boolean(true), nil
	case OpDecrement, OpPop, OpRemoveFrom:
		if e == nil {
			return value, result, ErrNoKey
		}
	}
	was := op.beginning()
	if e != nil {
		was = e.value
	}
	switch op.Kind {
	case OpIncrement:
		value, err = add(was, op.Value)
		result = value
	case OpDecrement:
		value, err = subtract(was, op.Value)
		result = value
	case OpAppend:
		value, err = appendText(was, op.Value)
	case OpPush:
		value, err = push(was, op.Value.Clone())
	case OpPop:
		value, result, err = pop(was)
	case OpInsertIntoSet:
		value, err = insertIntoSet(was, op.Index.Clone())
	case OpInsertIntoTable:
		value, err = insertIntoTable(was, op.Index.Clone(), op.Value.Clone())
	case OpRemoveFrom:
		value, err = removeFrom(was, op.Index)
	default:
		err = fmt.Errorf("%w: this master is older than who asks", ErrType)
	}
	return value, result, err
}

// beginning is what operations that create an entry take for its value before.
func (op Op) beginning() event.Value {
	switch op.Kind {
	case OpAppend:
		return event.String("")
	case OpPush:
		return event.List()
	case OpInsertIntoSet:
		return event.Set()
	case OpInsertIntoTable:
		return event.Table()
	}
	switch op.Value.Kind() { // of what is incremented
	case event.KindCount:
		return event.Count(0)
	case event.KindInteger:
		return event.Integer(0)
	case event.KindReal:
		return event.Real(0)
	}
	return event.Timespan(0)
}

// brief is a value for messages; a key may be very long.
func brief(v event.Value) string {
	const most = 80
	s := v.String()
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}
