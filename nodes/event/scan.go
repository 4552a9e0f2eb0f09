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

// scanner checks a value in broker-bin-v1 and counts what is in it, so that
// [filler] can read it without checks into memory of the right size.
type scanner struct {
	in     []byte
	pos    int
	values int // seen so far
}

func (s *scanner) errorf(format string, args ...any) error {
	return fmt.Errorf("offset %d: %s", s.pos, fmt.Sprintf(format, args...))
}

// scan checks the whole input: one value and nothing behind it.
func (s *scanner) scan() error {
	if err := s.value(0); err != nil {
		return err
	}
	if left := len(s.in) - s.pos; left > 0 {
		return s.errorf("expected the end, got %d more bytes", left)
	}
	return nil
}

// value checks one value, nested depth deep.
func (s *scanner) value(depth int) error {
	if s.values++; s.values > maxValues {
		return s.errorf("expected at most %d values", maxValues)
	}
	if depth > maxDepth {
		return s.errorf("expected values nested at most %d deep", maxDepth)
	}
	if s.pos >= len(s.in) {
		return s.errorf("expected a value, got the end")
	}
	kind := Kind(s.in[s.pos])
	if int(kind) >= len(kinds) {
		return s.errorf("expected a value, got unknown tag %#02x", byte(kind))
	}
	s.pos++
	switch size := kinds[kind].size; size {
	case sizeText:
		n, err := s.length(1)
		s.pos += n
		return err
	case sizeElems:
		return s.elements(1, depth)
	case sizeEntries:
		return s.elements(2, depth)
	default:
		return s.body(kind, int(size))
	}
}

// body checks the n bytes of a scalar.
func (s *scanner) body(kind Kind, n int) error {
	if left := len(s.in) - s.pos; n > left {
		return s.errorf("expected the %d bytes of %s, got %d", n, kind, left)
	}
	last := s.pos + n - 1
	if kind == KindPort && s.in[last] > byte(ICMP) {
		return s.errorf("expected a protocol of 0 to 3, got %d", s.in[last])
	}
	if kind == KindSubnet && s.in[last] > 128 {
		return s.errorf("expected a prefix of at most 128 bits, got %d", s.in[last])
	}
	s.pos += n
	return nil
}

// elements checks the elements of a container, each of so many values.
func (s *scanner) elements(each, depth int) error {
	n, err := s.length(each)
	if err != nil {
		return err
	}
	for range n * each {
		if err := s.value(depth + 1); err != nil {
			return err
		}
	}
	return nil
}

// length reads a length: LEB128 of at most 32 bits (spec: wire 2.2). What it
// counts takes at least size bytes each, so that a length which the rest
// cannot hold is an error before anything is allocated.
func (s *scanner) length(size int) (int, error) {
	n, used := binary.Uvarint(s.in[s.pos:])
	if used <= 0 || used > 5 || n > math.MaxUint32 {
		return 0, s.errorf("expected a length of at most 32 bits")
	}
	s.pos += used
	if left := uint64(len(s.in) - s.pos); n > left/uint64(size) {
		return 0, s.errorf("expected what a length of %d says, got %d bytes", n, left)
	}
	return int(n), nil
}
