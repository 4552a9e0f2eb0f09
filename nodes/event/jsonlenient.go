package event

import (
	"math"
	"math/big"
	"strings"
	"time"
)

// ParseObject reads a JSON object of several members, as the frames of Zeek's
// WebSocket API are: member is called with each that is a string, in order; and if
// there are "@data-type" and "data" among them, v is their value and typed is true.
// Other members are ignored. The texts and the value refer to in. As Zeek does it takes
// a port without a protocol for one of tcp, and others than it knows for unknown.
//
// With lenient it also reads what clients of that API write though Zeek refuses it
// (spec: websocket 16): a real without a fraction, and a timespan of days or with a
// fraction.
func ParseObject(in []byte, lenient bool, member func(key, text string)) (v Value, typed bool, err error) {
	r := readers.Get().(*jsonReader)
	defer r.release()
	r.jsonScanner, r.clients, r.lenient = jsonScanner{in: in}, true, lenient
	o := typedObject{beside: member}
	if err = r.members(func(key string) error { return r.member(&o, key) }); err == nil && o.known {
		err = r.finished(&v, &o)
	}
	if err == nil && (r.peek() != 0 || r.pos < len(in)) {
		err = r.expected("the end")
	}
	if err != nil {
		return Value{}, false, err
	}
	v, err = r.settle(v)
	return v, o.known, err
}

// lenientScalar reads a real that is written as a whole number.
func lenientScalar(kind Kind, word string) (v Value, ok bool) {
	if kind != KindReal || leadingZero(word) || strings.Trim(word, "+-0123456789") != "" {
		return v, false
	}
	f, ok := parseReal(word + ".0")
	return Real(f), ok
}

// clientsPort reads a port without a protocol, which is tcp, or with one that nobody
// knows.
func clientsPort(s string) (Value, bool) {
	number, _, has := strings.Cut(s, "/")
	p, ok := parsePort(number + "/tcp")
	if has {
		p.Protocol = Unknown
	}
	return PortValue(p), ok
}

// lenientSpan reads 2d and 1.5s, to the nanosecond.
func lenientSpan(s string) (time.Duration, bool) {
	number := strings.TrimRight(s, "abcdefghijklmnopqrstuvwxyz")
	unit, known := spanUnits[s[len(number):]]
	if s[len(number):] == "d" {
		unit, known = 24*time.Hour, true
	}
	const longest = 40 // digits, so that nobody makes us calculate
	if !known || len(number) > longest || strings.Trim(number, "+-.0123456789") != "" {
		return 0, false
	}
	r, ok := new(big.Rat).SetString(number)
	if !ok {
		return 0, false
	}
	r.Mul(r, new(big.Rat).SetInt64(int64(unit)))
	ns := new(big.Int).Quo(r.Num(), r.Denom())
	return time.Duration(ns.Int64()), ns.IsInt64() && ns.Int64() != math.MinInt64
}
