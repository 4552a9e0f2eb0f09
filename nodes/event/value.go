package event

import (
	"encoding/binary"
	"fmt"
)

// Kind is the type of a value: its tag on the wire (spec: wire 2.2).
type Kind byte

const (
	KindNone      Kind = 0x00
	KindBoolean   Kind = 0x01
	KindCount     Kind = 0x02
	KindInteger   Kind = 0x03
	KindReal      Kind = 0x04
	KindString    Kind = 0x05
	KindAddress   Kind = 0x06
	KindSubnet    Kind = 0x07
	KindPort      Kind = 0x08
	KindTimestamp Kind = 0x09
	KindTimespan  Kind = 0x0a
	KindEnum      Kind = 0x0b
	KindSet       Kind = 0x0c
	KindTable     Kind = 0x0d
	KindList      Kind = 0x0e // Zeek's vector, record and pattern, too
)

// bodySize is the size in bytes of what follows the tag, for kinds that have
// one; the others begin with a length.
var bodySize = map[Kind]int{
	KindNone: 0, KindBoolean: 1, KindCount: 8, KindInteger: 8, KindReal: 8, KindAddress: 16, KindSubnet: 17,
	KindPort: 3, KindTimestamp: 8, KindTimespan: 8,
}

// Value is one value of Zeek's data model. The zero Value is none.
type Value struct {
	kind Kind
	// body is the encoded value without tag and length, for kinds without
	// elements.
	body []byte
	// elems is the elements of a set or list, or the keys and values of a
	// table in turn.
	elems []Value
}

// Kind is the type of the value.
func (v Value) Kind() Kind { return v.kind }

// Elems is the elements of a list or set, or the keys and values of a table in
// turn; nil for other kinds.
func (v Value) Elems() []Value { return v.elems }

// Text is the text of a string, and whether the value is one.
func (v Value) Text() (string, bool) { return string(v.body), v.kind == KindString }

// Count is the number of a count, and whether the value is one.
func (v Value) Count() (uint64, bool) {
	if v.kind != KindCount {
		return 0, false
	}
	return binary.BigEndian.Uint64(v.body), true
}

// Format makes messages readable: kind and length, not contents.
func (v Value) Format(f fmt.State, _ rune) {
	if n, ok := v.Count(); ok {
		fmt.Fprintf(f, "count %d", n)
		return
	}
	fmt.Fprintf(f, "a value of kind %#02x", byte(v.kind))
}

// String makes a string.
func String(s string) Value { return Value{kind: KindString, body: []byte(s)} }

// Count makes a count.
func Count(n uint64) Value {
	return Value{kind: KindCount, body: binary.BigEndian.AppendUint64(nil, n)}
}

// List makes a list, which is Zeek's vector and record, too.
func List(elems ...Value) Value { return Value{kind: KindList, elems: elems} }

// Append appends the encoded value. Sets and tables are written in the order
// they have.
func (v Value) Append(dst []byte) []byte {
	dst = append(dst, byte(v.kind))
	switch v.kind {
	case KindString, KindEnum:
		dst = binary.AppendUvarint(dst, uint64(len(v.body)))
	case KindSet, KindList:
		dst = binary.AppendUvarint(dst, uint64(len(v.elems)))
	case KindTable:
		dst = binary.AppendUvarint(dst, uint64(len(v.elems)/2))
	}
	dst = append(dst, v.body...)
	for _, elem := range v.elems {
		dst = elem.Append(dst)
	}
	return dst
}
