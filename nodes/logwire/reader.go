package logwire

import (
	"encoding/binary"
	"fmt"
	"math"
	"net/netip"
)

// Reader reads the values of a batch, one after the other: for each of Records
// records, one value for each field. After an error every call returns zero
// values; Err says what it was.
type Reader struct {
	Records int

	in  []byte
	pos int
	err error
}

// Value is one value of a record. Which fields mean something follows from
// Type.
type Value struct {
	Type Type
	Set  bool // false: the field is unset, and there is nothing else

	Int    int64   // bool (0 or 1), int
	Count  uint64  // count; the number of a port; the elements of a set or vector
	Double float64 // double, time and interval, in seconds
	Bytes  []byte  // string, enum, func, file
	Addr   netip.Addr
	Bits   int // of a subnet, as people count them
}

// NewReader reads n records that stand alone, without their header.
func NewReader(records []byte, n int) *Reader { return &Reader{Records: n, in: records} }

// Rest is what has not been read: behind [Parse], the bytes of all records.
func (r *Reader) Rest() []byte { return r.in[r.pos:] }

// Offset is where in the payload Rest begins.
func (r *Reader) Offset() int { return r.pos }

// Err is the first error, an [*Error], nil if there was none.
func (r *Reader) Err() error { return r.err }

// Next reads the next value. Behind a set or vector its elements follow, as
// many as its Count says.
func (r *Reader) Next() Value {
	v := Value{Type: Type(r.u32())}
	r.u32() // the subtype, which means nothing (spec: wire 3.4)
	v.Set = r.flag()
	if r.err != nil || !v.Set {
		return v
	}
	switch v.Type {
	case TypeBool, TypeInt:
		v.Int = int64(r.u64())
	case TypeCount:
		v.Count = r.u64()
	case TypeDouble, TypeTime, TypeInterval:
		v.Double = math.Float64frombits(r.u64())
	case TypeString, TypeEnum, TypeFunc, TypeFile:
		v.Bytes = r.bytes()
	case TypePort:
		v.Count = r.u64()
		if proto := r.u32(); r.err == nil && proto > 3 {
			r.fail("unknown protocol %d of a port", proto)
		}
	case TypeAddr:
		v.Addr = r.addr()
	case TypeSubnet:
		r.subnet(&v)
	case TypeSet, TypeVector:
		v.Count = r.u64()
		if left := len(r.Rest()); r.err == nil && v.Count > uint64(left/valueHeader) {
			r.fail("%d elements, but only %d bytes follow", v.Count, left)
		}
	default:
		r.fail("unknown type %d", v.Type)
	}
	if r.err != nil {
		return Value{}
	}
	return v
}

// End reports bytes behind the last record.
func (r *Reader) End() error {
	if r.err == nil && len(r.Rest()) > 0 {
		r.fail("%d bytes behind the last record", len(r.Rest()))
	}
	return r.err
}

func (r *Reader) field() Field {
	if r.flag() {
		r.bytes() // a secondary name, which logs do not have
	}
	return Field{Name: r.name(), Type: Type(r.u32()), Subtype: Type(r.u32()), Optional: r.flag()}
}

func (r *Reader) addr() netip.Addr {
	switch family := r.u8(); family {
	case 4:
		if b := r.take(4); r.err == nil {
			return netip.AddrFrom4([4]byte(b))
		}
	case 6:
		if b := r.take(16); r.err == nil {
			return netip.AddrFrom16([16]byte(b))
		}
	default:
		r.fail("unknown address family %d", family)
	}
	return netip.Addr{}
}

// subnet reads length, then address; the length counts from 128 bits for IPv4,
// too (spec: wire T13).
func (r *Reader) subnet(v *Value) {
	v.Bits = int(r.u8())
	v.Addr = r.addr()
	if v.Addr.Is4() {
		v.Bits -= 96
	}
	if r.err == nil && (v.Bits < 0 || v.Bits > v.Addr.BitLen()) {
		r.fail("a subnet of %d bits", v.Bits)
	}
}

func (r *Reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = &Error{Offset: r.pos, Reason: fmt.Sprintf(format, args...)}
	}
}

// take is the next n bytes, nil after an error.
func (r *Reader) take(n int) []byte {
	if r.err == nil && n > len(r.Rest()) {
		r.fail("expected %d bytes, got %d", n, len(r.Rest()))
	}
	if r.err != nil {
		return nil
	}
	b := r.in[r.pos : r.pos+n : r.pos+n]
	r.pos += n
	return b
}

func (r *Reader) u8() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *Reader) flag() bool { return r.u8() == 1 }

func (r *Reader) u32() uint32 {
	if b := r.take(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

func (r *Reader) u64() uint64 {
	if b := r.take(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

// name reads a string of the header.
func (r *Reader) name() string {
	b := r.bytes()
	if len(b) > maxHeader {
		r.fail("a name of %d bytes", len(b))
		return ""
	}
	return string(b)
}

func (r *Reader) bytes() []byte { return r.take(int(r.u32())) }

func appendDouble(dst []byte, f float64) []byte {
	return binary.BigEndian.AppendUint64(dst, math.Float64bits(f))
}

// Error is what is wrong with a batch, and where in its bytes.
type Error struct {
	Offset int
	Reason string // what was expected, what is there
}

func (e *Error) Error() string {
	return fmt.Sprintf("cannot decode log batch: offset %d: %s", e.Offset, e.Reason)
}
