package logtext

import (
	"math"
	"math/bits"
)

// appendReal appends a double as Zeek's JSON writer does: the digits of Grisu2,
// as a decimal number when that is short, else with an exponent. What is no
// number is null.
func appendReal(dst []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(dst, "null"...)
	}
	if math.Signbit(f) {
		dst = append(dst, '-')
	}
	if f == 0 {
		return append(dst, "0.0"...)
	}
	f = math.Abs(f)
	if q, ok := shortMicros(f); ok {
		return appendShort(dst, q)
	}
	return appendRealSlowly(dst, f)
}

func appendRealSlowly(dst []byte, f float64) []byte {
	var digits [20]byte
	n, exponent := grisu2(&digits, f)
	return appendDecimal(dst, digits[:n], exponent)
}

// shortMicros finds the doubles of 1 to 2^32 for which Grisu2 gives at most six
// decimals, as it does for the times of packets, and gives them in millionths.
//
// A double m/2^s stands for all numbers nearer than 1/2^(s+1), or half of that
// below a power of two, which are left out. Grisu2 gives the shortest of these
// that is not within about 2^-9 of the border. As there is at most one multiple
// of a millionth among them (1/2^s is less), it is the one that is found here, if
// it is far enough from the border.
func shortMicros(f float64) (q uint64, ok bool) {
	b := math.Float64bits(f)
	s := 1075 - int(b>>52)
	m := b&(1<<52-1) | 1<<52
	if s < 21 || s > 52 || m == 1<<52 {
		return 0, false
	}
	hi, lo := bits.Mul64(m, 1e6)
	q, rest := hi<<(64-s)|lo>>s, lo&(1<<s-1)
	if rest > 1<<(s-1) {
		q, rest = q+1, 1<<s-rest
	}
	return q, rest < 490_000 // of the border at 1e6/2
}

// appendShort appends millionths without zeros at the end, but for one decimal.
func appendShort(dst []byte, q uint64) []byte {
	dst = appendMicros(dst, q)
	end := len(dst)
	for dst[end-1] == '0' && dst[end-2] != '.' {
		end--
	}
	return dst[:end]
}

// The numbers that are written without an exponent are those of 1e-6 up to 1e21.
const (
	mostZeros = 5  // between point and first digit
	mostWhole = 21 // digits in front of the point
)

// appendDecimal appends digits*10^exponent, as rapidjson does.
func appendDecimal(dst, digits []byte, exponent int) []byte {
	point := len(digits) + exponent // where it is, counted from the first digit
	switch {
	case exponent >= 0 && point <= mostWhole:
		return append(appendZeros(append(dst, digits...), exponent), ".0"...)
	case point > 0 && point <= mostWhole:
		return append(append(append(dst, digits[:point]...), '.'), digits[point:]...)
	case point > -mostZeros-1 && point <= 0:
		return append(appendZeros(append(dst, "0."...), -point), digits...)
	}
	dst = append(dst, digits[0])
	if len(digits) > 1 {
		dst = append(append(dst, '.'), digits[1:]...)
	}
	return appendInt(append(dst, 'e'), int64(point-1))
}

func appendZeros(dst []byte, n int) []byte { return append(dst, "00000000000000000000000"[:n]...) }
