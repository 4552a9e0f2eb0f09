package event

import (
	"encoding/binary"
	"math"
	"net/netip"
	"time"
)

// Kind is the type of the value.
func (v Value) Kind() Kind { return v.kind }

// IsNone says whether the value is none, as unset fields are.
func (v Value) IsNone() bool { return v.kind == KindNone }

// Boolean is the truth of a bool, and whether the value is one. The accessors
// below are alike: of a value of another kind they return zero and false.
func (v Value) Boolean() (b, ok bool) {
	if v.kind != KindBoolean {
		return false, false
	}
	return v.num != 0, true
}

// Count is the number of a count.
func (v Value) Count() (uint64, bool) {
	if v.kind != KindCount {
		return 0, false
	}
	return v.num, true
}

// Integer is the number of an int.
func (v Value) Integer() (int64, bool) {
	if v.kind != KindInteger {
		return 0, false
	}
	return int64(v.num), true
}

// Real is the number of a double.
func (v Value) Real() (float64, bool) {
	if v.kind != KindReal {
		return 0, false
	}
	return math.Float64frombits(v.num), true
}

// Text is the contents of a string, which may be any bytes. Of a decoded value
// it refers to the payload.
func (v Value) Text() (string, bool) {
	if v.kind != KindString {
		return "", false
	}
	return v.text(), true
}

// Enum is the name of an enum value. Of a decoded value it refers to the
// payload.
func (v Value) Enum() (Enum, bool) {
	if v.kind != KindEnum {
		return "", false
	}
	return Enum(v.text()), true
}

// Address is the address of an addr; IPv4 is never mapped into IPv6.
func (v Value) Address() (netip.Addr, bool) {
	if v.kind != KindAddress {
		return netip.Addr{}, false
	}
	return v.addr(), true
}

func (v Value) addr() netip.Addr {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], v.n)
	binary.BigEndian.PutUint64(b[8:], v.num)
	return netip.AddrFrom16(b).Unmap()
}

// Subnet is the network of a subnet.
func (v Value) Subnet() (netip.Prefix, bool) {
	if v.kind != KindSubnet {
		return netip.Prefix{}, false
	}
	a, bits := v.addr(), int(v.aux)
	if a.Is4() { // of less than 96 bits no mapped IPv4 address is left
		bits -= v4bits
	}
	return netip.PrefixFrom(a, bits), true
}

// Port is the number and protocol of a port.
func (v Value) Port() (Port, bool) {
	if v.kind != KindPort {
		return Port{}, false
	}
	return Port{Number: uint16(v.num), Protocol: Protocol(v.aux)}, true
}

// Time is the time of a time, in UTC.
func (v Value) Time() (time.Time, bool) {
	if v.kind != KindTimestamp {
		return time.Time{}, false
	}
	return time.Unix(0, int64(v.num)).UTC(), true
}

// Timespan is the length of an interval.
func (v Value) Timespan() (time.Duration, bool) {
	if v.kind != KindTimespan {
		return 0, false
	}
	return time.Duration(v.num), true
}

// Elems is the elements of a list or set, or the keys and values of a table in
// turn; nil for other kinds. They must not be changed.
func (v Value) Elems() []Value {
	switch v.kind {
	case KindSet, KindTable, KindList:
		return v.elems()
	}
	return nil
}

// Entries is the entries of a table; nil for other kinds. They must not be
// changed.
func (v Value) Entries() []Entry {
	if v.kind != KindTable {
		return nil
	}
	return v.entries()
}
