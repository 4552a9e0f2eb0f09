package event

import (
	"encoding/binary"
	"math"
	"net/netip"
	"time"
)

// None makes the value that stands for an unset field.
func None() Value { return Value{} }

// Boolean makes a bool.
func Boolean(b bool) Value {
	v := Value{kind: KindBoolean}
	if b {
		v.num = 1
	}
	return v
}

// Count makes a count, Zeek's unsigned number.
func Count(n uint64) Value { return Value{kind: KindCount, num: n} }

// Integer makes an int, Zeek's signed number.
func Integer(n int64) Value { return Value{kind: KindInteger, num: uint64(n)} }

// Real makes a double. There is one NaN.
func Real(f float64) Value {
	if f != f {
		f = math.NaN()
	}
	return Value{kind: KindReal, num: math.Float64bits(f)}
}

// String makes a string, of any bytes.
func String(s string) Value { return text(KindString, s) }

// Enum is the full name of an enum value: "Cluster::WORKER"; those of the
// global module have no prefix.
type Enum string

// EnumValue makes an enum value.
func EnumValue(name Enum) Value { return text(KindEnum, string(name)) }

// Address makes an addr. IPv4 and IPv4 mapped into IPv6 are the same address; a
// zone is dropped. The zero Addr is none.
func Address(a netip.Addr) Value {
	if !a.IsValid() {
		return None()
	}
	b := a.As16()
	return Value{kind: KindAddress, n: binary.BigEndian.Uint64(b[:8]), num: binary.BigEndian.Uint64(b[8:])}
}

// v4bits is what the prefix of an IPv4 subnet is longer by on the wire, where
// it is relative to 128 bits (spec: wire 2.2).
const v4bits = 96

// Subnet makes a subnet; bits of the address behind the prefix are cleared. An
// invalid Prefix is none.
func Subnet(p netip.Prefix) Value {
	if !p.IsValid() {
		return None()
	}
	bits := p.Bits()
	if p.Addr().Is4() {
		bits += v4bits
	}
	return subnet(Address(p.Addr()), uint8(bits))
}

// subnet makes a subnet of the first bits of an address; at most 128.
func subnet(a Value, bits uint8) Value {
	a.kind, a.aux = KindSubnet, bits
	if bits < 64 {
		a.n &^= math.MaxUint64 >> bits
		a.num = 0
	} else {
		a.num &^= math.MaxUint64 >> (bits - 64)
	}
	return a
}

// PortValue makes a port. A protocol that Zeek has no name for is [Unknown].
func PortValue(p Port) Value {
	if p.Protocol > ICMP {
		p.Protocol = Unknown
	}
	return Value{kind: KindPort, num: uint64(p.Number), aux: uint8(p.Protocol)}
}

// Timestamp makes a time, to the nanosecond. What is before 1677 or after 2262
// becomes the first or last time there is on the wire.
func Timestamp(t time.Time) Value {
	switch {
	case t.Before(time.Unix(0, math.MinInt64)):
		return timestamp(math.MinInt64)
	case t.After(time.Unix(0, math.MaxInt64)):
		return timestamp(math.MaxInt64)
	}
	return timestamp(t.UnixNano())
}

// timestamp makes a time of nanoseconds since 1970.
func timestamp(ns int64) Value { return Value{kind: KindTimestamp, num: uint64(ns)} }

// Timespan makes an interval, to the nanosecond.
func Timespan(d time.Duration) Value { return Value{kind: KindTimespan, num: uint64(d)} }

// List makes a list, which is Zeek's vector and record. It keeps elems, which
// must not be changed afterwards.
func List(elems ...Value) Value { return container(KindList, elems) }

// Set makes a set. Elements that occur several times count once. Elements in
// canonical order are kept and must not be changed afterwards.
func Set(elems ...Value) Value { return container(KindSet, canonical(elems, Value.Compare)) }

// Table makes a table. Of entries with the same key the last one counts.
// Entries in canonical order are kept and must not be changed afterwards.
func Table(entries ...Entry) Value { return table(canonical(entries, Entry.compareKeys)) }
