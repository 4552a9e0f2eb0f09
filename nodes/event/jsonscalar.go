package event

import (
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// forms says how the data of a type is written, for messages.
var forms = [...]string{
	KindBoolean:   "true or false",
	KindCount:     "a whole number of at least 0",
	KindInteger:   "a whole number",
	KindReal:      "a number with a fraction or exponent, as 5.0",
	KindAddress:   `an address, as "10.0.0.1"`,
	KindSubnet:    `a subnet, as "10.0.0.0/8"`,
	KindPort:      `a port, as "443/tcp"`,
	KindTimestamp: `a time from 1677 to 2262, as "2020-09-01T15:58:42.372"`,
	KindTimespan:  `a timespan, as "1500ms"`,
}

// parseScalar reads the data of types that are a number or a word in JSON.
func parseScalar(kind Kind, word string) (v Value, ok bool) {
	switch kind {
	case KindBoolean:
		return Boolean(word == "true"), word == "true" || word == "false"
	case KindCount:
		n, err := strconv.ParseUint(strings.TrimPrefix(word, "+"), 10, 64)
		return Count(n), err == nil && !leadingZero(word)
	case KindInteger:
		n, ok := parseInt(word)
		return Integer(n), ok
	}
	if word == "null" { // as we write NaN
		return Real(math.NaN()), true
	}
	f, ok := parseReal(word)
	return Real(f), ok
}

// isFinite says whether a real is neither infinite nor NaN.
func (v Value) isFinite() bool { return v.num&exponentMask != exponentMask }

// parsePlain reads the data of types that are a string in JSON and no text.
func parsePlain(kind Kind, s string) (v Value, ok bool) {
	switch kind {
	case KindAddress:
		a, err := netip.ParseAddr(s)
		return Address(a), err == nil && a.Zone() == ""
	case KindSubnet:
		p, err := netip.ParsePrefix(s)
		return Subnet(p), err == nil
	case KindPort:
		p, ok := parsePort(s)
		return PortValue(p), ok
	case KindTimestamp:
		ns, ok := parseTime(s)
		return timestamp(ns), ok
	}
	ns, ok := parseSpan(s)
	return Value{kind: KindTimespan, num: uint64(ns)}, ok
}

// parsePort reads 443/tcp; an unknown protocol is unknown or ?.
func parsePort(s string) (Port, bool) {
	number, protocol, _ := strings.Cut(s, "/")
	n, err := strconv.ParseUint(number, 10, 16)
	if protocol == "?" {
		protocol = Unknown.String()
	}
	p := slices.Index(protocols[:], protocol)
	return Port{Number: uint16(n), Protocol: Protocol(p)}, err == nil && p >= 0
}
