package store

import (
	"iter"

	"zctl/nodes/event"
)

// keyError is what went wrong with a key. It is put into words when somebody asks.
type keyError struct {
	what string
	key  event.Value
	err  error
}

func (e *keyError) Error() string {
	return "cannot " + e.what + " " + brief(e.key) + ": " + e.err.Error()
}
func (e *keyError) Unwrap() error { return e.err }

// readable is the contents, or why they cannot be read.
func (s *Store) readable() (*Contents, error) {
	if c := s.contents.Load(); c != nil {
		return c, nil
	}
	if s.IsClosed() {
		return nil, ErrClosed
	}
	return nil, ErrStale
}

// Get is the value of a key in this node's copy (Broker::get). Its error is or wraps
// [ErrNoKey], [ErrStale] or [ErrClosed].
func (s *Store) Get(key event.Value) (event.Value, error) {
	c, err := s.readable()
	if err != nil {
		return event.Value{}, &keyError{"get", key, err}
	}
	s.mu.RLock()
	v, ok := c.Get(key)
	s.mu.RUnlock()
	if !ok {
		return event.Value{}, &keyError{"get", key, ErrNoKey}
	}
	return v, nil
}

// Lookup is Get with the deadline, which is zero for never.
func (s *Store) Lookup(key event.Value) (Entry, error) {
	c, err := s.readable()
	if err != nil {
		return Entry{}, &keyError{"get", key, err}
	}
	s.mu.RLock()
	e, ok := c.Lookup(key)
	s.mu.RUnlock()
	if !ok {
		return Entry{}, &keyError{"get", key, ErrNoKey}
	}
	return e, nil
}

// Exists says whether there is a key (Broker::exists). Its error is or wraps [ErrStale] or
// [ErrClosed].
func (s *Store) Exists(key event.Value) (bool, error) {
	c, err := s.readable()
	if err != nil {
		return false, &keyError{"look for", key, err}
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return c.Exists(key), nil
}

// GetIndex is what a key's value has at an index: what a table maps it to, whether a set
// has it, or the element of a vector, from 0 (Broker::get_index_from_value). Its error is
// or wraps [ErrNoKey], if there is no key or index, [ErrType], [ErrStale] or [ErrClosed].
func (s *Store) GetIndex(key, index event.Value) (event.Value, error) {
	v, err := s.Get(key)
	if err != nil {
		return v, err
	}
	v, err = Index(v, index)
	if err != nil {
		return v, &keyError{"get an index of", key, err}
	}
	return v, nil
}

// Keys is all keys, in no order (Broker::keys).
func (s *Store) Keys() ([]event.Value, error) {
	c, err := s.readable()
	if err != nil {
		return nil, s.failed("read", err)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return c.Keys(), nil
}

// Len is the number of keys.
func (s *Store) Len() (int, error) {
	c, err := s.readable()
	if err != nil {
		return 0, s.failed("read", err)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return c.Len(), nil
}

// All is all entries, as they are when it is called, in no order.
func (s *Store) All() (iter.Seq2[event.Value, Entry], error) {
	c, err := s.readable()
	if err != nil {
		return nil, s.failed("read", err)
	}
	type pair struct {
		key event.Value
		e   Entry
	}
	s.mu.RLock()
	all := make([]pair, 0, c.Len())
	for key, e := range c.All() {
		all = append(all, pair{key, e})
	}
	s.mu.RUnlock()
	return func(yield func(event.Value, Entry) bool) {
		for i := range all {
			if !yield(all[i].key, all[i].e) {
				return
			}
		}
	}, nil
}
