package event

import (
	"cmp"
	"math"
)

// Equal says whether two values are the same: of one kind and with the same
// contents. NaN is the same as NaN, and -0.0 as 0.0; so is a denormal, which
// becomes 0 on the wire (spec: wire 2.3).
func (v Value) Equal(w Value) bool { return v.Compare(w) == 0 }

// Compare orders values as Zeek writes them into sets and tables (spec: wire
// 2.2): by kind, then numbers by size, texts by bytes, addresses by their 16
// bytes, subnets by network and length, ports by number and protocol,
// containers element by element and a beginning before what it begins. NaN
// comes before all other reals.
func (v Value) Compare(w Value) int {
	if v.kind != w.kind {
		return cmp.Compare(v.kind, w.kind)
	}
	switch v.kind {
	case KindInteger, KindTimestamp, KindTimespan:
		return cmp.Compare(int64(v.num), int64(w.num))
	case KindReal:
		return cmp.Compare(math.Float64frombits(flush(v.num)), math.Float64frombits(flush(w.num)))
	case KindString, KindEnum:
		return cmp.Compare(v.text(), w.text())
	case KindSet, KindTable, KindList:
		return compareElems(v.elems(), w.elems())
	}
	// none and bool, count, address, subnet, port: what a kind has no use for is 0
	if c := cmp.Compare(v.n, w.n); c != 0 {
		return c
	}
	if c := cmp.Compare(v.num, w.num); c != 0 {
		return c
	}
	return cmp.Compare(v.aux, w.aux)
}

func compareElems(v, w []Value) int {
	for i := range min(len(v), len(w)) {
		if c := v[i].Compare(w[i]); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(v), len(w))
}

func (e Entry) compareKeys(f Entry) int { return e.Key.Compare(f.Key) }
