package store

import (
	"fmt"
	"slices"
	"strings"

	"zctl/nodes/event"
)

// Values do not change: each of these makes another container. One that grows by
// an element at a time therefore takes time by its length squared, as it does
// to tell all copies about it.

// expect is an error unless v is of a kind.
func expect(v event.Value, kinds ...event.Kind) error {
	if slices.Contains(kinds, v.Kind()) {
		return nil
	}
	return fmt.Errorf("%w: it is %s", ErrType, v.Kind())
}

func appendText(v, more event.Value) (event.Value, error) {
	if err := expect(v, event.KindString); err != nil {
		return v, err
	}
	b, ok := more.Text()
	if !ok {
		return v, fmt.Errorf("%w: %s is no string", ErrType, more.Kind())
	}
	a, _ := v.Text()
	return event.String(a + strings.Clone(b)), nil // which is b if a is empty
}

func push(v, elem event.Value) (event.Value, error) {
	if err := expect(v, event.KindList); err != nil {
		return v, err
	}
	return event.List(append(slices.Clip(v.Elems()), elem)...), nil
}

func pop(v event.Value) (rest, last event.Value, err error) {
	if err := expect(v, event.KindList); err != nil {
		return v, last, err
	}
	elems := v.Elems()
	if len(elems) == 0 {
		return v, last, nil
	}
	end := len(elems) - 1
	return event.List(elems[:end]...), elems[end], nil
}

func insertIntoSet(v, elem event.Value) (event.Value, error) {
	if err := expect(v, event.KindSet); err != nil {
		return v, err
	}
	i, there := slices.BinarySearchFunc(v.Elems(), elem, event.Value.Compare)
	if there {
		return v, nil
	}
	return event.Set(slices.Insert(slices.Clip(v.Elems()), i, elem)...), nil
}

func insertIntoTable(v, index, value event.Value) (event.Value, error) {
	if err := expect(v, event.KindTable); err != nil {
		return v, err
	}
	i, there := findEntry(v, index)
	entries := slices.Clone(v.Entries())
	if there {
		entries[i].Value = value
	} else {
		entries = slices.Insert(entries, i, event.Entry{Key: index, Value: value})
	}
	return event.Table(entries...), nil
}

func removeFrom(v, index event.Value) (event.Value, error) {
	if err := expect(v, event.KindSet, event.KindTable); err != nil {
		return v, err
	}
	if v.Kind() == event.KindSet {
		if i, there := slices.BinarySearchFunc(v.Elems(), index, event.Value.Compare); there {
			return event.Set(slices.Delete(slices.Clone(v.Elems()), i, i+1)...), nil
		}
		return v, nil
	}
	if i, there := findEntry(v, index); there {
		return event.Table(slices.Delete(slices.Clone(v.Entries()), i, i+1)...), nil
	}
	return v, nil
}

// findEntry is where a table has an index, or would have it.
func findEntry(table, index event.Value) (int, bool) {
	return slices.BinarySearchFunc(table.Entries(), index, func(e event.Entry, index event.Value) int {
		return e.Key.Compare(index)
	})
}

// Index is Broker's get_index_from_value: what a table or vector has at an
// index, or, as a bool, whether a set has it. Vectors count from 0, by count or
// int. The error is [ErrNoKey] for an index that is not there, and [ErrType].
func Index(v, index event.Value) (event.Value, error) {
	switch v.Kind() {
	case event.KindSet:
		_, there := slices.BinarySearchFunc(v.Elems(), index, event.Value.Compare)
		return event.Boolean(there), nil
	case event.KindTable:
		if i, there := findEntry(v, index); there {
			return v.Entries()[i].Value, nil
		}
		return event.Value{}, fmt.Errorf("cannot get index %s: %w", brief(index), ErrNoKey)
	case event.KindList:
		return element(v.Elems(), index)
	}
	return event.Value{}, fmt.Errorf("cannot get index %s: %w: %s is no container", brief(index), ErrType, v.Kind())
}

func element(elems []event.Value, index event.Value) (event.Value, error) {
	at, ok := index.Count()
	if n, isInt := index.Integer(); isInt && n >= 0 {
		at, ok = uint64(n), true
	}
	if !ok {
		return event.Value{}, fmt.Errorf("cannot get index %s: %w: vectors count from 0", brief(index), ErrType)
	}
	if at >= uint64(len(elems)) {
		return event.Value{}, fmt.Errorf("cannot get index %d of %d: %w", at, len(elems), ErrNoKey)
	}
	return elems[at], nil
}
