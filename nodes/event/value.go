package event

import "unsafe"

// Value is one value of Zeek's data model. It is immutable and small (32
// bytes); handing it on copies no contents. The zero Value is none. Values are
// compared by [Value.Equal] and [Value.Compare], not by ==, which does not
// compile.
//
// Sets and tables are always in canonical order (spec: wire 2.2) and free of
// duplicates: constructors and decoders see to that.
type Value struct {
	_    [0]func() // forbids ==
	kind Kind
	// aux is the prefix length of a subnet, relative to 128, and the protocol
	// of a port.
	aux uint8
	// num is what scalars hold: a bool as 0 or 1, the bits of a real, the number
	// of a port, the nanoseconds of a time, the lower half of an address.
	num uint64
	// n is the length of a text, the number of elements of a container (two for
	// each entry of a table), and the upper half of an address.
	n uint64
	// ptr is where n bytes of text or n elements lie. This package's use of
	// unsafe is all in this file: it makes building and decoding a value free of
	// allocations, and a Value half as large as one with a string and a slice.
	ptr unsafe.Pointer
}

func text(kind Kind, s string) Value {
	return Value{kind: kind, n: uint64(len(s)), ptr: unsafe.Pointer(unsafe.StringData(s))}
}

// textIn makes a text that refers to b instead of copying it.
func textIn(kind Kind, b []byte) Value {
	return Value{kind: kind, n: uint64(len(b)), ptr: unsafe.Pointer(unsafe.SliceData(b))}
}

// text is the contents of a string or enum value; callers check the kind.
func (v Value) text() string { return unsafe.String((*byte)(v.ptr), int(v.n)) }

func container(kind Kind, elems []Value) Value {
	if len(elems) == 0 { // an entry may not lie where there is room for less than one
		return Value{kind: kind}
	}
	return Value{kind: kind, n: uint64(len(elems)), ptr: unsafe.Pointer(unsafe.SliceData(elems))}
}

// elems is the elements of a container, for a table keys and values in turn;
// callers check the kind.
func (v Value) elems() []Value { return unsafe.Slice((*Value)(v.ptr), int(v.n)) }

// Entry is a key of a table and what it maps to.
type Entry struct{ Key, Value Value }

// entries is what a table holds; callers check the kind. An Entry lies in
// memory as two values do.
func (v Value) entries() []Entry { return unsafe.Slice((*Entry)(v.ptr), int(v.n/2)) }

func table(entries []Entry) Value {
	return Value{kind: KindTable, n: 2 * uint64(len(entries)), ptr: unsafe.Pointer(unsafe.SliceData(entries))}
}

// stringIn is b as a string that refers to it instead of copying it.
func stringIn(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// bytesOf is s as bytes, which must not be changed, without copying it.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }
