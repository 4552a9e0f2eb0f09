package logtext

import (
	"bytes"
	"encoding/binary"
	"math"

	"zctl/nodes/logwire"
)

// valueHeader is the size of what stands in front of every value: type, subtype,
// and whether it is set (spec: wire 3.2). The subtype means nothing.
const valueHeader = 9

// tsvRecord appends the line of a record and returns what is left of in. With ok
// false, the record is not as it should be, or too long.
func (f *Formatter) tsvRecord(dst, in []byte) (text, rest []byte, ok bool) {
	line := len(dst)
	for i := range f.header.Fields {
		if i > 0 {
			dst = appendMark(dst, f.options.Separator)
		}
		if len(in) < valueHeader {
			return dst, in, false
		}
		t, set := logwire.Type(binary.BigEndian.Uint32(in)), in[8] == 1
		in = in[valueHeader:]
		switch {
		case !set:
			dst = appendMark(dst, f.field.unset)
		case t == logwire.TypeSet || t == logwire.TypeVector:
			dst, in, ok = f.tsvElements(dst, in)
		default:
			dst, in, ok = f.field.appendValue(dst, in, t)
		}
		if set && !ok {
			return dst, in, false
		}
	}
	return f.endLine(dst, line), in, true
}

// appendMark appends a separator or mark, which most often is one byte.
func appendMark(dst []byte, mark string) []byte {
	if len(mark) == 1 {
		return append(dst, mark[0])
	}
	return append(dst, mark...)
}

// endLine ends the line that begins at start, which must not look like a meta
// line.
func (f *Formatter) endLine(dst []byte, start int) []byte {
	dst = append(dst, '\n')
	prefix := f.options.MetaPrefix
	if prefix == "" || dst[start] != prefix[0] || !bytes.HasPrefix(dst[start:], []byte(prefix)) {
		return dst
	}
	end := len(dst)
	dst = append(appendHex(dst, prefix[0]), dst[start+1:end]...)
	return append(dst[:start], dst[end:]...)
}

// tsvElements appends a set or vector.
func (f *Formatter) tsvElements(dst, in []byte) (text, rest []byte, ok bool) {
	count, in, ok := elementCount(in)
	if !ok {
		return dst, in, false
	}
	if count == 0 {
		return append(dst, f.field.empty...), in, true
	}
	for i := range count {
		if i > 0 {
			dst = appendMark(dst, f.options.SetSeparator)
		}
		if len(in) < valueHeader || f.long(dst) {
			return dst, in, false
		}
		t, set := logwire.Type(binary.BigEndian.Uint32(in)), in[8] == 1
		in = in[valueHeader:]
		if !set {
			dst = append(dst, f.element.unset...)
			continue
		}
		if dst, in, ok = f.element.appendValue(dst, in, t); !ok {
			return dst, in, false
		}
	}
	return dst, in, true
}

// elementCount reads how many elements a set or vector has, which is no more than
// fit into what follows.
func elementCount(in []byte) (count int, rest []byte, ok bool) {
	if len(in) < 8 {
		return 0, in, false
	}
	n := binary.BigEndian.Uint64(in)
	in = in[8:]
	return int(n), in, n <= uint64(len(in)/valueHeader)
}

// appendValue appends a value that is neither set nor vector; in begins with its
// body (spec: wire 3.3).
func (e *escaper) appendValue(dst, in []byte, t logwire.Type) (text, rest []byte, ok bool) {
	start := len(dst)
	switch t {
	case logwire.TypeString, logwire.TypeEnum, logwire.TypeFunc, logwire.TypeFile:
		s, rest, ok := takeText(in)
		if !ok || e.bounded && len(s) > mostString {
			return dst, in, false
		}
		return e.appendText(dst, s), rest, true
	case logwire.TypeAddr:
		dst, in, ok = appendAddr(dst, in)
	case logwire.TypeSubnet:
		dst, in, ok = appendSubnet(dst, in)
	default:
		dst, in, ok = appendNumber(dst, in, t)
	}
	if ok && e.odd {
		dst = e.escapeAgain(dst, start)
	}
	return dst, in, ok
}

// appendNumber appends what begins with 64 bits.
func appendNumber(dst, in []byte, t logwire.Type) (text, rest []byte, ok bool) {
	if len(in) < 8 {
		return dst, in, false
	}
	n := binary.BigEndian.Uint64(in)
	in = in[8:]
	switch t {
	case logwire.TypeCount:
		return appendUint(dst, n), in, true
	case logwire.TypePort:
		in, ok = takeProtocol(in)
		return appendUint(dst, n), in, ok
	case logwire.TypeBool:
		if n != 0 {
			return append(dst, 'T'), in, true
		}
		return append(dst, 'F'), in, true
	case logwire.TypeInt:
		return appendInt(dst, int64(n)), in, true
	case logwire.TypeTime:
		return appendSeconds(dst, math.Float64frombits(n)), in, true
	case logwire.TypeInterval:
		return appendInterval(dst, math.Float64frombits(n)), in, true
	case logwire.TypeDouble:
		return appendDouble(dst, math.Float64frombits(n)), in, true
	}
	return dst, in, false
}
