package logtext

import (
	"encoding/binary"
	"math"

	"zctl/nodes/logwire"
)

// jsonRecord appends the object of a record; see tsvRecord.
func (f *Formatter) jsonRecord(dst, in []byte) (text, rest []byte, ok bool) {
	unset := f.options.JSONIncludeUnsetFields
	line := len(dst)
	for _, key := range f.keys {
		if len(in) < valueHeader {
			return dst, in, false
		}
		t, set := logwire.Type(binary.BigEndian.Uint32(in)), in[8] == 1
		in = in[valueHeader:]
		if !set {
			if unset {
				dst = append(append(dst, key...), "null"...)
			}
			continue
		}
		dst = append(dst, key...)
		if t == logwire.TypeSet || t == logwire.TypeVector {
			dst, in, ok = f.jsonElements(dst, in)
		} else {
			dst, in, ok = f.jsonValue(dst, in, t)
		}
		if !ok {
			return dst, in, false
		}
	}
	if len(dst) == line {
		dst = append(dst, '{')
	}
	dst[line] = '{' // where the first key's comma is
	return append(dst, '}', '\n'), in, true
}

// jsonElements appends a set or vector.
func (f *Formatter) jsonElements(dst, in []byte) (text, rest []byte, ok bool) {
	count, in, ok := elementCount(in)
	if !ok {
		return dst, in, false
	}
	dst = append(dst, '[')
	for i := range count {
		if i > 0 {
			dst = append(dst, ',')
		}
		if len(in) < valueHeader || f.long(dst) {
			return dst, in, false
		}
		t, set := logwire.Type(binary.BigEndian.Uint32(in)), in[8] == 1
		in = in[valueHeader:]
		if !set {
			dst = append(dst, "null"...)
			continue
		}
		if dst, in, ok = f.jsonValue(dst, in, t); !ok {
			return dst, in, false
		}
	}
	return append(dst, ']'), in, true
}

// jsonValue appends a value that is neither set nor vector; in begins with its
// body (spec: wire 3.3).
func (f *Formatter) jsonValue(dst, in []byte, t logwire.Type) (text, rest []byte, ok bool) {
	switch t {
	case logwire.TypeString, logwire.TypeEnum, logwire.TypeFunc, logwire.TypeFile:
		s, rest, ok := takeText(in)
		if !ok || f.bounded && len(s) > mostString {
			return dst, in, false
		}
		return appendQuoted(dst, s), rest, true
	case logwire.TypeAddr:
		dst, in, ok = appendAddr(append(dst, '"'), in)
		return append(dst, '"'), in, ok
	case logwire.TypeSubnet:
		dst, in, ok = appendSubnet(append(dst, '"'), in)
		return append(dst, '"'), in, ok
	case logwire.TypeBool, logwire.TypeTime, logwire.TypeInterval, logwire.TypeDouble:
		return f.jsonWord(dst, in, t)
	}
	return appendNumber(dst, in, t)
}

// jsonWord appends what JSON has otherwise than TSV although it is a number on
// the wire.
func (f *Formatter) jsonWord(dst, in []byte, t logwire.Type) (text, rest []byte, ok bool) {
	if len(in) < 8 {
		return dst, in, false
	}
	n := binary.BigEndian.Uint64(in)
	in = in[8:]
	switch {
	case t == logwire.TypeBool && n != 0:
		return append(dst, "true"...), in, true
	case t == logwire.TypeBool:
		return append(dst, "false"...), in, true
	case t == logwire.TypeTime && f.options.JSONTimestamps != Epoch:
		return f.appendTimestamp(dst, math.Float64frombits(n)), in, true
	}
	return appendReal(dst, math.Float64frombits(n)), in, true
}

// appendTimestamp appends a time in another form than seconds.
func (f *Formatter) appendTimestamp(dst []byte, seconds float64) []byte {
	if f.options.JSONTimestamps == ISO8601 {
		return appendISO8601(dst, seconds)
	}
	millis := seconds * 1000
	if !(millis >= math.MinInt64 && millis < math.MaxInt64) { // what float64s can be: -2^63 to 2^63
		return append(dst, "null"...)
	}
	if f.options.JSONTimestamps == MillisUnsigned {
		return appendUint(dst, uint64(int64(millis)))
	}
	return appendInt(dst, int64(millis))
}
