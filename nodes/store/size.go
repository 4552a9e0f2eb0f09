package store

import (
	"fmt"

	"zctl/nodes/event"
)

// What a key and its value may be together. A message of the bus holds at most
// 2²⁰ values nested 64 deep (package event), and everything in a store must go
// into one; that of an operation that grows a value by a little bit, too.
const (
	maxBytes  = 8 << 20
	maxValues = 1 << 18
	maxDepth  = 48
)

// extent is how large values are: roughly in bytes, encoded; with what is in
// them; and how deep it is nested.
type extent struct{ bytes, values, depth int }

// add adds a value that is nested depth deep.
func (e *extent) add(v event.Value, depth int) {
	e.values++
	e.depth = max(e.depth, depth)
	e.bytes += 16
	switch v.Kind() {
	case event.KindString:
		s, _ := v.Text()
		e.bytes += len(s)
	case event.KindEnum:
		s, _ := v.Enum()
		e.bytes += len(s)
	}
	if depth > maxDepth {
		return
	}
	for _, elem := range v.Elems() {
		e.add(elem, depth+1)
	}
}

func checkSize(key, value event.Value) error {
	var e extent
	e.add(key, 0)
	e.add(value, 0)
	if e.bytes > maxBytes || e.values > maxValues || e.depth > maxDepth {
		return fmt.Errorf("%w: %d bytes, %d values, nested %d deep; a store takes %d, %d, %d",
			ErrTooLarge, e.bytes, e.values, e.depth, maxBytes, maxValues, maxDepth)
	}
	return nil
}
