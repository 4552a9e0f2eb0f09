package event

import (
	"math"
	"time"
)

const (
	dateTime = "2006-01-02T15:04:05"
)

// appendTime appends a time of nanoseconds since 1970 without loss:
// 2020-09-01T15:58:42.372, or with nine decimals.
func appendTime(dst []byte, ns int64) []byte {
	t := time.Unix(0, ns).UTC()
	if ns%int64(time.Millisecond) == 0 {
		return t.AppendFormat(dst, dateTime+".000")
	}
	return t.AppendFormat(dst, dateTime+".000000000")
}

// appendZeekTime appends a time as Zeek's JSON has it: milliseconds, cut off.
// Before 1970 Zeek cuts off the whole fraction towards 1970 (spec: websocket 5).
func appendZeekTime(dst []byte, ns int64) []byte {
	if ns < 0 {
		ns -= ns % int64(time.Second)
	}
	return time.Unix(0, ns).UTC().AppendFormat(dst, dateTime+".000")
}

// parseTime reads what Zeek reads (spec: websocket 5): date and time, perhaps
// one to nine decimals, perhaps Z or an offset; without one it is UTC.
func parseTime(s string) (ns int64, ok bool) {
	if len(s) < len(dateTime) {
		return 0, false
	}
	t, okSeconds := parseDateTime(s[:len(dateTime)])
	fraction, rest, okFraction := cutFraction(s[len(dateTime):])
	offset, okOffset := parseOffset(rest)
	if !okSeconds || !okFraction || !okOffset {
		return 0, false
	}
	t = t.Add(time.Duration(fraction) - offset)
	if t.Before(time.Unix(0, math.MinInt64)) || t.After(time.Unix(0, math.MaxInt64)) {
		return 0, false
	}
	return t.UnixNano(), true
}

// parseDateTime reads 2006-01-02T15:04:05, in a fraction of the time that
// package time takes for it.
func parseDateTime(s string) (t time.Time, ok bool) {
	var n [6]int
	field := 0
	for i := range len(s) {
		switch c := s[i]; {
		case isDigit(dateTime[i]) && isDigit(c):
			n[field] = 10*n[field] + int(c-'0')
		case !isDigit(dateTime[i]) && c == dateTime[i]:
			field++
		default:
			return t, false
		}
	}
	month, day, hour, minute, second := time.Month(n[1]), n[2], n[3], n[4], n[5]
	t = time.Date(n[0], month, day, hour, minute, second, 0, time.UTC)
	// what is out of range went over into the next larger field
	return t, t.Month() == month && t.Day() == day && hour < 24 && minute < 60 && second < 60
}

// cutFraction cuts decimals of a second from the beginning of s, in
// nanoseconds.
func cutFraction(s string) (ns int64, rest string, ok bool) {
	if s == "" || s[0] != '.' {
		return 0, s, true
	}
	n, unit := 1, int64(time.Second)
	for ; n < len(s) && isDigit(s[n]); n++ {
		if unit /= 10; unit == 0 {
			return 0, "", false
		}
		ns += int64(s[n]-'0') * unit
	}
	return ns, s[n:], n > 1
}

// parseOffset reads an offset from UTC: Z, +hh, +hhmm or +hh:mm; none is UTC.
func parseOffset(s string) (time.Duration, bool) {
	if s == "" || s == "Z" {
		return 0, true
	}
	for _, layout := range []string{"-07", "-0700", "-07:00"} {
		if t, err := time.Parse(layout, s); err == nil {
			_, seconds := t.Zone()
			return time.Duration(seconds) * time.Second, true
		}
	}
	return 0, false
}
