package event

import (
	"strconv"
	"time"
)

// appendSpan appends an interval of nanoseconds as Zeek's JSON has it: in the
// coarsest of s, ms, us and ns that loses nothing (spec: wire 2.6).
func appendSpan(dst []byte, ns int64) []byte {
	switch {
	case ns%int64(time.Second) == 0:
		return append(strconv.AppendInt(dst, ns/int64(time.Second), 10), 's')
	case ns%int64(time.Millisecond) == 0:
		return append(strconv.AppendInt(dst, ns/int64(time.Millisecond), 10), "ms"...)
	case ns%int64(time.Microsecond) == 0:
		return append(strconv.AppendInt(dst, ns/int64(time.Microsecond), 10), "us"...)
	}
	return append(strconv.AppendInt(dst, ns, 10), "ns"...)
}

// spanUnits is the units that Zeek reads in JSON (spec: websocket 5).
var spanUnits = map[string]time.Duration{
	"ns": time.Nanosecond, "us": time.Microsecond, "ms": time.Millisecond, "s": time.Second,
	"min": time.Minute, "h": time.Hour,
}

// parseSpan reads a whole number and a unit.
func parseSpan(s string) (ns int64, ok bool) {
	end := len(s)
	for end > 0 && !isDigit(s[end-1]) {
		end--
	}
	unit, known := spanUnits[s[end:]]
	n, ok := parseInt(s[:end])
	if !known || !ok {
		return 0, false
	}
	ns = n * int64(unit)
	return ns, ns/int64(unit) == n
}

// parseInt reads a whole number that nobody takes for octal.
func parseInt(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && !leadingZero(s)
}
