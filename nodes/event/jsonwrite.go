package event

import (
	"encoding/base64"
	"math"
	"strconv"
	"unicode/utf8"
)

// dialect is what the two JSON forms of a value write differently.
type dialect struct {
	text func(dst []byte, s string) []byte
	real func(dst []byte, f float64) []byte
	time func(dst []byte, ns int64) []byte
}

var (
	zeekJSON  = dialect{text: appendQuoted, real: appendZeekReal, time: appendZeekTime}
	exactJSON = dialect{text: appendQuotedBytes, real: appendExactReal, time: appendTime}
	typedJSON = dialect{text: appendTypedText, real: appendTypedReal, time: appendTime}
)

// AppendJSON appends the event in broker-json-v1: Zeek's text wherever that is
// valid JSON (spec: wire 2.6), which has reals to six decimals and times to the
// millisecond. Where Zeek writes what is not JSON, this is written instead:
//   - control characters in strings as \u0000, which Zeek reads;
//   - bytes that are not UTF-8 as the text \xff, Zeek's way in logs;
//   - infinities as 1e511 and -1e511, which Zeek and others read as such;
//   - NaN as null, which Zeek refuses: there is no number for it.
func (e Event) AppendJSON(dst []byte) []byte { return zeekJSON.appendEvent(dst, e) }

// AppendExactJSON appends the event in broker-json-v1 so that Zeek, and [Decode],
// read exactly this event (spec: websocket 21). It is not what Zeek writes, and valid
// JSON only if all strings are UTF-8:
//   - a real has as many digits as tell it from all others, a time nine decimals;
//   - bytes of strings that are not UTF-8 stand as they are;
//   - infinities and NaN are as in [Event.AppendJSON].
func (e Event) AppendExactJSON(dst []byte) []byte { return exactJSON.appendEvent(dst, e) }

func (d *dialect) appendEvent(dst []byte, e Event) []byte {
	const head = `{"@data-type":"vector","data":[{"@data-type":"count","data":1},{"@data-type":"count","data":1},` +
		`{"@data-type":"vector","data":[`
	dst = append(dst, head...)
	dst = append(d.append(dst, String(e.Name)), ',')
	dst = d.append(dst, List(e.Args...))
	if e.Metadata.kind == KindList {
		dst = d.append(append(dst, ','), e.Metadata)
	}
	return append(dst, "]}]}"...)
}

// AppendJSON appends the value in broker-json-v1, as [Event.AppendJSON] does.
func (v Value) AppendJSON(dst []byte) []byte { return zeekJSON.append(dst, v) }

// AppendTyped appends the value as {"@data-type":T,"data":D}, the form of
// broker-json-v1, but without loss: [ParseTyped] gives the same value again. It
// is always valid JSON, and differs from Zeek's text in that
//   - a string or enum value that is not UTF-8 has the data {"@base64":"…"};
//   - a real has as many digits as tell it from all others, and always a
//     fraction or an exponent; "inf", "-inf" and "nan" are strings;
//   - a time has nine decimals, but three where the others are zero;
//   - control characters in strings are \u0000.
func (v Value) AppendTyped(dst []byte) []byte { return typedJSON.append(dst, v) }

func (d *dialect) append(dst []byte, v Value) []byte {
	dst = append(dst, `{"@data-type":"`...)
	dst = append(dst, kinds[v.kind].dataType...)
	dst = append(dst, `","data":`...)
	return append(d.appendData(dst, v), '}')
}

func (d *dialect) appendData(dst []byte, v Value) []byte {
	switch v.kind {
	case KindBoolean:
		return strconv.AppendBool(dst, v.num != 0)
	case KindCount:
		return strconv.AppendUint(dst, v.num, 10)
	case KindInteger:
		return strconv.AppendInt(dst, int64(v.num), 10)
	case KindReal:
		return d.real(dst, math.Float64frombits(v.num))
	case KindString, KindEnum:
		return d.text(dst, v.text())
	case KindSet, KindList:
		return d.appendElems(dst, v.elems())
	case KindTable:
		return d.appendEntries(dst, v.entries())
	case KindNone:
		return append(dst, "{}"...)
	}
	return append(d.appendPlain(append(dst, '"'), v), '"')
}

// appendPlain appends the kinds that are a string without anything to escape.
func (d *dialect) appendPlain(dst []byte, v Value) []byte {
	switch v.kind {
	case KindAddress:
		return v.addr().AppendTo(dst)
	case KindSubnet:
		p, _ := v.Subnet()
		return p.AppendTo(dst)
	case KindPort:
		return appendPort(dst, v)
	case KindTimestamp:
		return d.time(dst, int64(v.num))
	}
	return appendSpan(dst, int64(v.num))
}

func (d *dialect) appendElems(dst []byte, elems []Value) []byte {
	dst = append(dst, '[')
	for i, v := range elems {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = d.append(dst, v)
	}
	return append(dst, ']')
}

func (d *dialect) appendEntries(dst []byte, entries []Entry) []byte {
	dst = append(dst, '[')
	for i, e := range entries {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = d.append(append(dst, `{"key":`...), e.Key)
		dst = d.append(append(dst, `,"value":`...), e.Value)
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

// appendPort appends 443/tcp, and 0/? for an unknown protocol.
func appendPort(dst []byte, v Value) []byte {
	dst = append(strconv.AppendUint(dst, v.num, 10), '/')
	if Protocol(v.aux) == Unknown {
		return append(dst, '?')
	}
	return append(dst, protocols[v.aux]...)
}

func appendZeekReal(dst []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return appendNoNumber(dst, f)
	}
	return strconv.AppendFloat(dst, f, 'f', 6, 64)
}

func appendExactReal(dst []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return appendNoNumber(dst, f)
	}
	return appendReal(dst, f)
}

// appendNoNumber appends what JSON has no number for.
func appendNoNumber(dst []byte, f float64) []byte {
	switch {
	case math.IsInf(f, 1):
		return append(dst, "1e511"...)
	case math.IsInf(f, -1):
		return append(dst, "-1e511"...)
	}
	return append(dst, "null"...)
}

func appendTypedReal(dst []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(appendReal(append(dst, '"'), f), '"')
	}
	return appendReal(dst, f)
}

func appendTypedText(dst []byte, s string) []byte {
	if utf8.ValidString(s) {
		return appendQuoted(dst, s)
	}
	dst = append(dst, `{"@base64":"`...)
	dst = base64.StdEncoding.AppendEncode(dst, []byte(s))
	return append(dst, `"}`...)
}
