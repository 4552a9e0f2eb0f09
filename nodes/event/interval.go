package event

import (
	"math"
	"math/bits"
	"strconv"
	"strings"
	"time"
)

// intervalUnits is the units of Zeek's scripts, each also with an s behind it,
// and those of [spanUnits].
var intervalUnits = func() map[string]time.Duration {
	units := map[string]time.Duration{
		"usec": time.Microsecond, "msec": time.Millisecond, "sec": time.Second,
		"min": time.Minute, "hr": time.Hour, "day": 24 * time.Hour,
	}
	for name, unit := range units {
		units[name+"s"] = unit
	}
	for name, unit := range spanUnits {
		units[name] = unit
	}
	return units
}()

// appendInterval appends an interval of nanoseconds as in Zeek's scripts: "1.0
// sec", "1.5 secs", "2.0 hrs".
func appendInterval(dst []byte, ns int64) []byte {
	size := uint64(ns)
	if ns < 0 {
		dst = append(dst, '-')
		size = -size
	}
	name, unit := intervalUnit(size)
	dst = append(strconv.AppendUint(dst, size/unit, 10), '.')
	fraction := strconv.FormatUint((size%unit)+unit, 10)[1:] // units with a fraction are powers of 10
	if fraction = strings.TrimRight(fraction, "0"); fraction == "" || size%unit == 0 {
		fraction = "0"
	}
	dst = append(append(append(dst, fraction...), ' '), name...)
	if size != unit {
		dst = append(dst, 's')
	}
	return dst
}

// intervalUnit is the largest unit that so many nanoseconds are whole in, or
// else have decimals in.
func intervalUnit(size uint64) (name string, unit uint64) {
	for _, name := range []string{"day", "hr", "min"} {
		if unit := uint64(intervalUnits[name]); size >= unit && size%unit == 0 {
			return name, unit
		}
	}
	for _, name := range []string{"sec", "msec"} {
		if unit := uint64(intervalUnits[name]); size >= unit || size == 0 {
			return name, unit
		}
	}
	return "usec", uint64(time.Microsecond)
}

// cutUnit cuts a number into what stands before its unit and the unit.
func cutUnit(s string) (number, unit string) {
	n := len(s) - len(strings.TrimLeft(s, "+-.0123456789"))
	return s[:n], s[n:]
}

// parseInterval reads a decimal number of units, to the nanosecond: what is less
// is cut off.
func parseInterval(number string, unit time.Duration) (ns int64, ok bool) {
	digits := strings.TrimLeft(number, "+-")
	negative := strings.HasPrefix(number, "-")
	whole, fraction, _ := strings.Cut(digits, ".")
	if len(number)-len(digits) > 1 || whole == "" || strings.Trim(whole+fraction, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseUint(whole, 10, 64)
	high, size := bits.Mul64(n, uint64(unit))
	size, carry := bits.Add64(size, decimals(fraction, unit), 0)
	limit := uint64(math.MaxInt64)
	if negative {
		limit++
	}
	if err != nil || high != 0 || carry != 0 || size > limit {
		return 0, false
	}
	if negative {
		size = -size
	}
	return int64(size), true
}

// decimals is the fraction of a unit that the digits are, of which 18 count.
func decimals(digits string, unit time.Duration) uint64 {
	const most = 18
	digits = (digits + strings.Repeat("0", most))[:most]
	n, _ := strconv.ParseUint(digits, 10, 64)
	high, low := bits.Mul64(n, uint64(unit))
	quotient, _ := bits.Div64(high, low, 1e18)
	return quotient
}
