package logger

import (
	"math"
	"net/netip"
	"strconv"
	"unicode/utf8"

	"zctl/nodes/logwire"
)

// The defaults of Zeek's LogAscii options.
const (
	separator    = '\t'
	setSeparator = ','
	emptyField   = "(empty)"
	unsetField   = "-"
)

// appendValue reads the next value of a record and appends it as Zeek's ASCII
// writer would (spec: cluster-framework 3.6).
func appendValue(dst []byte, r *logwire.Reader) []byte {
	v := r.Next()
	if v.Set && (v.Type == logwire.TypeSet || v.Type == logwire.TypeVector) {
		if v.Count == 0 {
			return append(dst, emptyField...)
		}
		for i := uint64(0); i < v.Count && r.Err() == nil; i++ {
			if i > 0 {
				dst = append(dst, setSeparator)
			}
			dst = appendAtom(dst, r.Next(), true)
		}
		return dst
	}
	return appendAtom(dst, v, false)
}

// appendAtom appends a value without elements. Inside a set or vector the
// separator of elements is escaped, too.
func appendAtom(dst []byte, v logwire.Value, inSet bool) []byte {
	if !v.Set {
		return append(dst, unsetField...)
	}
	switch v.Type {
	case logwire.TypeBool:
		if v.Int != 0 {
			return append(dst, 'T')
		}
		return append(dst, 'F')
	case logwire.TypeInt:
		return strconv.AppendInt(dst, v.Int, 10)
	case logwire.TypeCount, logwire.TypePort:
		return strconv.AppendUint(dst, v.Count, 10)
	case logwire.TypeInterval:
		if math.Abs(v.Double) >= math.MaxInt32 {
			return strconv.AppendFloat(dst, v.Double, 'e', -1, 64)
		}
		return strconv.AppendFloat(dst, v.Double, 'f', 6, 64)
	case logwire.TypeTime: // Zeek writes times after 2038-01-19 like long intervals; we do not
		return strconv.AppendFloat(dst, v.Double, 'f', 6, 64)
	case logwire.TypeDouble:
		return appendDouble(dst, v.Double)
	case logwire.TypeAddr:
		return v.Addr.AppendTo(dst)
	case logwire.TypeSubnet:
		return netip.PrefixFrom(v.Addr, v.Bits).AppendTo(dst)
	}
	return appendText(dst, v.Bytes, inSet)
}

// appendDouble appends up to six decimals, at least one, and never an exponent.
func appendDouble(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "nan"...)
	case math.IsInf(f, 1):
		return append(dst, "inf"...)
	case math.IsInf(f, -1):
		return append(dst, "-inf"...)
	}
	dst = strconv.AppendFloat(dst, f, 'f', 6, 64)
	for dst[len(dst)-1] == '0' && dst[len(dst)-2] != '.' {
		dst = dst[:len(dst)-1]
	}
	return dst
}

// appendText appends a string. One that reads like "unset" or "empty" has its
// first byte escaped.
func appendText(dst, text []byte, inSet bool) []byte {
	switch string(text) {
	case "":
		return append(dst, emptyField...)
	case unsetField, emptyField:
		return append(appendHex(dst, text[0]), text[1:]...)
	}
	keep := keepsUTF8(text)
	for _, c := range text {
		switch {
		case c == '\\':
			dst = append(dst, '\\', '\\')
		case c < ' ' || c == 0x7f || c == separator || inSet && c == setSeparator, c >= utf8.RuneSelf && !keep:
			dst = appendHex(dst, c)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

func appendHex(dst []byte, c byte) []byte {
	const digits = "0123456789abcdef"
	return append(dst, '\\', 'x', digits[c>>4], digits[c&15])
}

// keepsUTF8 says whether what is not ASCII in a text stays as it is: only if all
// of it is valid and contains nothing private, control or special.
func keepsUTF8(text []byte) bool {
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		switch {
		case r == utf8.RuneError && size <= 1:
			return false
		case r >= 0x80 && r <= 0x9f, r >= 0xe000 && r <= 0xf8ff, r >= 0xfff0 && r <= 0xffff:
			return false
		}
		text = text[size:]
	}
	return true
}
