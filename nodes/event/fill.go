package event

import (
	"encoding/binary"
	"fmt"
)

// decodeBin reads one value in broker-bin-v1. The value refers to in.
func decodeBin(in []byte) (Value, error) {
	s := scanner{in: in}
	if err := s.scan(); err != nil {
		return Value{}, err
	}
	f := filler{in: in}
	if s.values > 1 {
		f.free = make([]Value, s.values-1)
	}
	var v Value
	err := f.value(&v)
	return v, err
}

// filler reads values that [scanner] found in order.
type filler struct {
	in  []byte
	pos int
	// free is memory for the values that are still to be read, all of it in one
	// piece: the only allocation of decoding.
	free []Value
}

// next is the next n bytes.
func (f *filler) next(n int) []byte {
	b := f.in[f.pos : f.pos+n]
	f.pos += n
	return b
}

func (f *filler) length() int {
	if b := f.in[f.pos]; b < 0x80 {
		f.pos++
		return int(b)
	}
	n, used := binary.Uvarint(f.in[f.pos:])
	f.pos += used
	return int(n)
}

func (f *filler) value(v *Value) error {
	kind := Kind(f.in[f.pos])
	f.pos++
	v.kind = kind
	switch kind {
	case KindBoolean:
		if f.next(1)[0] != 0 {
			v.num = 1
		}
	case KindCount, KindInteger, KindTimestamp, KindTimespan:
		v.num = binary.BigEndian.Uint64(f.next(8))
	case KindReal:
		v.num = fromWire(binary.BigEndian.Uint64(f.next(8)))
	case KindString, KindEnum:
		*v = textIn(kind, f.next(f.length()))
	case KindAddress:
		f.addr(v)
	case KindSubnet:
		f.addr(v)
		*v = subnet(*v, f.next(1)[0])
	case KindPort:
		v.num = uint64(binary.BigEndian.Uint16(f.next(2)))
		v.aux = f.next(1)[0]
	case KindSet, KindTable, KindList:
		return f.container(v)
	}
	return nil
}

func (f *filler) addr(v *Value) {
	b := f.next(16)
	v.n, v.num = binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])
}

// container reads the elements of a container, which lie side by side.
func (f *filler) container(v *Value) error {
	at := f.pos - 1
	n := f.length()
	if v.kind == KindTable {
		n *= 2
	}
	elems := f.free[:n:n]
	f.free = f.free[n:]
	for i := range elems {
		if err := f.value(&elems[i]); err != nil {
			return err
		}
	}
	*v = container(v.kind, elems)
	switch {
	case v.kind == KindSet && !sortUnique(elems, Value.Compare):
		return fmt.Errorf("offset %d: expected a set of different elements, got one twice", at)
	case v.kind == KindTable && !sortUnique(v.entries(), Entry.compareKeys):
		return fmt.Errorf("offset %d: expected a table of different keys, got one twice", at)
	}
	return nil
}
