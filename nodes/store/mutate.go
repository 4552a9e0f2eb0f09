package store

import (
	"time"

	"zctl/nodes/event"
)

// Put sets the value of a key (Broker::put). It goes away after expiry, if there is one;
// without, it stays, and a deadline that the key had is taken away. So for all writes.
func (s *Store) Put(key, value event.Value, expiry ...time.Duration) *Write {
	return s.submit(Op{Kind: OpPut, Key: key, Value: value}, expiry)
}

// PutUnique sets the value of a key that does not exist (Broker::put_unique). Ask
// [Write.Result] whether it did not.
func (s *Store) PutUnique(key, value event.Value, expiry ...time.Duration) *Write {
	return s.submit(Op{Kind: OpPutUnique, Key: key, Value: value}, expiry)
}

// Erase removes a key (Broker::erase). That there is none is no error.
func (s *Store) Erase(key event.Value) *Write { return s.submit(Op{Kind: OpErase, Key: key}, nil) }

// Clear removes all keys (Broker::clear).
func (s *Store) Clear() *Write { return s.submit(Op{Kind: OpClear}, nil) }

// Increment adds to a number, a time or an interval (Broker::increment); a missing key
// becomes the amount. Decrement subtracts from one that exists (Broker::decrement).
func (s *Store) Increment(key, amount event.Value, expiry ...time.Duration) *Write {
	return s.submit(Op{Kind: OpIncrement, Key: key, Value: amount}, expiry)
}

// Decrement is described at Increment.
func (s *Store) Decrement(key, amount event.Value, expiry ...time.Duration) *Write {
	return s.submit(Op{Kind: OpDecrement, Key: key, Value: amount}, expiry)
}

// Append appends to a string (Broker::append); a missing key becomes the text.
func (s *Store) Append(key event.Value, text string, expiry ...time.Duration) *Write {
	return s.submit(Op{Kind: OpAppend, Key: key, Value: event.String(text)}, expiry)
}

// Push appends an element to a vector (Broker::push); a missing key becomes one of it.
func (s *Store) Push(key, value event.Value, expiry ...time.Duration) *Write {
	return s.submit(Op{Kind: OpPush, Key: key, Value: value}, expiry)
}

// Pop removes the last element of a vector (Broker::pop).
func (s *Store) Pop(key event.Value, expiry ...time.Duration) *Write {
	return s.submit(Op{Kind: OpPop, Key: key}, expiry)
}

// InsertIntoSet inserts an element into a set (Broker::insert_into_set); a missing key
// becomes a set of it.
func (s *Store) InsertIntoSet(key, index event.Value, expiry ...time.Duration) *Write {
	return s.submit(Op{Kind: OpInsertIntoSet, Key: key, Index: index}, expiry)
}

// InsertIntoTable has a table map index to value (Broker::insert_into_table); a missing
// key becomes such a table.
func (s *Store) InsertIntoTable(key, index, value event.Value, expiry ...time.Duration) *Write {
	return s.submit(Op{Kind: OpInsertIntoTable, Key: key, Index: index, Value: value}, expiry)
}

// RemoveFrom removes an element from a set, or an index from a table (Broker::remove_from).
func (s *Store) RemoveFrom(key, index event.Value, expiry ...time.Duration) *Write {
	return s.submit(Op{Kind: OpRemoveFrom, Key: key, Index: index}, expiry)
}

// Do asks for any operation.
func (s *Store) Do(op Op) *Write { return s.submit(op, nil) }

// submit checks an operation and hands it to run. It waits for nothing.
func (s *Store) submit(op Op, expiry []time.Duration) *Write {
	for _, e := range expiry {
		op.Expiry = e
	}
	w := &Write{op: op, at: time.Now(), size: op.size()}
	err := op.check()
	if err == nil {
		err = s.refusing()
	}
	first := false
	if err == nil {
		first, err = s.intake.put(w)
	}
	if err != nil {
		w.fail(err)
		w.resolve()
		s.counters.refused.Add(1)
		return w
	}
	if first {
		s.poke()
	}
	return w
}

// check says what no master would accept, and whether it could be told.
func (op *Op) check() error {
	if op.Kind == 0 || op.Kind > OpClear {
		return ErrRefused
	}
	if op.Expiry < 0 {
		return ErrRange
	}
	if err := checkSize(op.Key, op.Value); err != nil {
		return err
	}
	return checkSize(op.Key, op.Index)
}

// refusing is why writes are refused at the moment, nil if they are not.
func (s *Store) refusing() error {
	if r := s.refuses.Load(); r != nil {
		return *r
	}
	return nil
}
