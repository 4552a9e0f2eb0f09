package logtext

import (
	"math"
	"math/bits"
	"strconv"
)

// appendSeconds appends six decimals, as printf's %.6f.
func appendSeconds(dst []byte, f float64) []byte {
	q, ok := micros(f)
	if !ok {
		return appendSecondsSlowly(dst, f)
	}
	if math.Signbit(f) {
		dst = append(dst, '-')
	}
	return appendMicros(dst, q)
}

// appendSecondsSlowly is for what micros cannot do: large, infinite, no number.
func appendSecondsSlowly(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "nan"...)
	case math.IsInf(f, 1):
		return append(dst, "inf"...)
	case math.IsInf(f, -1):
		return append(dst, "-inf"...)
	}
	return strconv.AppendFloat(dst, f, 'f', 6, 64)
}

// appendInterval differs from appendSeconds where it is Zeek that switches to
// exponents, 68 years.
func appendInterval(dst []byte, f float64) []byte {
	if math.Abs(f) >= math.MaxInt32 && !math.IsInf(f, 0) {
		return strconv.AppendFloat(dst, f, 'e', -1, 64)
	}
	return appendSeconds(dst, f)
}

// integral is how close to an integer a double must be to be written with ".0"
// (Zeek's ODesc).
const integral = 1e-9

// appendDouble appends up to six decimals, and never an exponent. An integer has
// ".0"; what only looks like one after rounding has not.
func appendDouble(dst []byte, f float64) []byte {
	dst = appendSeconds(dst, f)
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return dst
	}
	end := len(dst)
	for dst[end-1] == '0' {
		end--
	}
	if dst[end-1] != '.' {
		return dst[:end]
	}
	if math.Abs(f-math.RoundToEven(f)) < integral {
		return append(dst[:end], '0')
	}
	return dst[:end-1]
}

// micros is |f| in millionths, rounded exactly as printf rounds: f is m/2^s, so
// it is a product of 73 bits that is shifted. Not ok means too large for that.
func micros(f float64) (q uint64, ok bool) {
	b := math.Float64bits(f) &^ (1 << 63)
	s := 1075 - int(b>>52)
	if s <= 0 {
		return 0, false
	}
	if s >= 75 { // less than 2^73/2^75 millionths
		return 0, true
	}
	hi, lo := bits.Mul64(b&(1<<52-1)|1<<52, 1e6)
	if s > 64 { // keep 64 bits behind the point, the last one for all behind
		sticky := lo << (128 - s)
		lo = lo>>(s-64) | hi<<(128-s)
		hi >>= s - 64
		if sticky != 0 {
			lo |= 1
		}
		s = 64
	}
	if s == 64 {
		return roundHalf(hi, lo, 1<<63), true
	}
	if hi>>(s-1) != 0 {
		return 0, false
	}
	return roundHalf(hi<<(64-s)|lo>>s, lo&(1<<s-1), 1<<(s-1)), true
}

// roundHalf rounds up q if rest is more than half, or half and q odd.
func roundHalf(q, rest, half uint64) uint64 {
	if rest > half || rest == half && q&1 == 1 {
		q++
	}
	return q
}

// appendMicros appends millionths as a number with six decimals.
func appendMicros(dst []byte, q uint64) []byte {
	return appendSix(append(appendUint(dst, q/1e6), '.'), q%1e6)
}
