package event

import (
	"bytes"
	"math"
	"strconv"
)

// appendReal appends the shortest text that means exactly this real, with a
// fraction or an exponent so that it cannot be taken for a count: 1.0, 1e+300,
// inf, -inf, nan.
func appendReal(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "nan"...)
	case math.IsInf(f, 1):
		return append(dst, "inf"...)
	case math.IsInf(f, -1):
		return append(dst, "-inf"...)
	}
	start := len(dst)
	format := byte('f')
	if a := math.Abs(f); a != 0 && (a < 1e-6 || a >= 1e15) {
		format = 'e'
	}
	dst = strconv.AppendFloat(dst, f, format, -1, 64)
	if !bytes.ContainsAny(dst[start:], ".e") {
		dst = append(dst, ".0"...)
	}
	return dst
}

// parseReal reads a number with a fraction or exponent, or inf, -inf, nan. What
// is beyond the largest real is an infinity.
func parseReal(s string) (float64, bool) {
	switch s {
	case "inf", "+inf":
		return math.Inf(1), true
	case "-inf":
		return math.Inf(-1), true
	case "nan", "-nan", "+nan":
		return math.NaN(), true
	}
	if !isReal(s) {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil || math.IsInf(f, 0)
}

// isReal says whether s holds only what decimal reals are made of, and cannot be
// taken for a whole number.
func isReal(s string) bool {
	marks := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c == '.', c == 'e', c == 'E':
			marks++
		case !isDigit(c) && c != '+' && c != '-':
			return false
		}
	}
	return marks > 0 && !leadingZero(s)
}

// leadingZero says whether s begins with a zero and another digit, perhaps
// behind a sign: C and Zeek take such numbers for octal.
func leadingZero(s string) bool {
	for len(s) > 0 && (s[0] == '+' || s[0] == '-') {
		s = s[1:]
	}
	return len(s) > 1 && s[0] == '0' && isDigit(s[1])
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
