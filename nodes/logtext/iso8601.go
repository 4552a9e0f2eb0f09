package logtext

import (
	"math"
	"time"
)

// The seconds of the first and behind the last moment that has a year of four
// digits.
var (
	year0     = float64(time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC).Unix())
	year10000 = float64(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC).Unix())
)

// appendISO8601 appends a time as "2020-06-05T14:39:59.305988Z". The decimals are
// rounded as Zeek rounds them, half to even after a multiplication.
func appendISO8601(dst []byte, seconds float64) []byte {
	whole := math.Floor(seconds)
	part := math.RoundToEven((seconds - whole) * 1e6)
	if part == 1e6 {
		whole, part = whole+1, 0
	}
	if !(whole >= year0 && whole < year10000) {
		return append(dst, "null"...)
	}
	dst = time.Unix(int64(whole), 0).UTC().AppendFormat(dst, `"2006-01-02T15:04:05`)
	return append(appendSix(append(dst, '.'), uint64(part)), 'Z', '"')
}
