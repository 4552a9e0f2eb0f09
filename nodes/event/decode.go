package event

import (
	"encoding/binary"
	"fmt"
	"math"
)

// What an event may hold, so that a payload cannot take much more memory than
// it has bytes, nor more stack than there is.
const (
	maxDepth  = 64
	maxValues = 1 << 20
)

// decoder reads values from a payload.
type decoder struct {
	in     []byte
	pos    int
	values int // read so far
}

func (d *decoder) errorf(format string, args ...any) error {
	return fmt.Errorf("offset %d: %s", d.pos, fmt.Sprintf(format, args...))
}

// value reads one value, nested depth deep.
func (d *decoder) value(depth int) (Value, error) {
	if d.values++; d.values > maxValues {
		return Value{}, d.errorf("more than %d values", maxValues)
	}
	if depth > maxDepth {
		return Value{}, d.errorf("values are nested more than %d deep", maxDepth)
	}
	if d.pos >= len(d.in) {
		return Value{}, d.errorf("expected a value, got the end")
	}
	kind := Kind(d.in[d.pos])
	d.pos++
	switch kind {
	case KindString, KindEnum:
		n, err := d.length(1)
		if err != nil {
			return Value{}, err
		}
		return d.body(kind, n)
	case KindSet, KindList:
		return d.elements(kind, 1, depth)
	case KindTable:
		return d.elements(kind, 2, depth)
	}
	n, known := bodySize[kind]
	if !known {
		d.pos--
		return Value{}, d.errorf("expected a value, got unknown tag %#02x", byte(kind))
	}
	return d.body(kind, n)
}

func (d *decoder) body(kind Kind, n int) (Value, error) {
	if n > len(d.in)-d.pos {
		return Value{}, d.errorf("expected %d bytes, got %d", n, len(d.in)-d.pos)
	}
	v := Value{kind: kind, body: d.in[d.pos : d.pos+n : d.pos+n]}
	d.pos += n
	return v, nil
}

// elements reads the elements of a container, each of so many values.
func (d *decoder) elements(kind Kind, each, depth int) (Value, error) {
	n, err := d.length(each)
	if err != nil {
		return Value{}, err
	}
	v := Value{kind: kind}
	for range n * each {
		elem, err := d.value(depth + 1)
		if err != nil {
			return Value{}, err
		}
		v.elems = append(v.elems, elem)
	}
	return v, nil
}

// length reads a length or count: LEB128 of at most 32 bits (spec: wire 2.2).
// What it counts takes at least size bytes each, so that a length which the
// rest cannot hold is an error before anything is allocated.
func (d *decoder) length(size int) (int, error) {
	n, used := binary.Uvarint(d.in[d.pos:])
	if used <= 0 || used > 5 || n > math.MaxUint32 {
		return 0, d.errorf("expected a length of at most 32 bits")
	}
	d.pos += used
	if left := uint64(len(d.in) - d.pos); n > left/uint64(size) {
		return 0, d.errorf("length %d, but only %d bytes follow", n, left)
	}
	return int(n), nil
}
