package event

import (
	"math"
	"strconv"
	"strings"
)

// String is the value for people, close to how Zeek prints it: strings are as
// they are, but quoted inside containers; containers are in one line; an int has
// its sign, so that it is not taken for a count. [ParseLiteral] reads the same
// value from it, except for strings that are not inside a container and enum
// values with a name that is none.
func (v Value) String() string {
	if v.kind == KindString {
		return v.text()
	}
	return string(appendLiteral(nil, v))
}

// String is the event for people: Cluster::hello("worker-1", "zeromq_…").
func (e Event) String() string {
	dst := append([]byte(e.Name), '(')
	return string(append(appendLiterals(dst, e.Args), ')'))
}

func appendLiteral(dst []byte, v Value) []byte {
	switch v.kind {
	case KindNone:
		return append(dst, "none"...)
	case KindBoolean:
		return append(dst, "FT"[v.num])
	case KindCount:
		return strconv.AppendUint(dst, v.num, 10)
	case KindInteger:
		if int64(v.num) >= 0 {
			dst = append(dst, '+')
		}
		return strconv.AppendInt(dst, int64(v.num), 10)
	case KindReal:
		return appendReal(dst, math.Float64frombits(v.num))
	case KindString:
		return strconv.AppendQuote(dst, v.text())
	case KindAddress:
		return v.addr().AppendTo(dst)
	case KindSubnet:
		p, _ := v.Subnet()
		return p.AppendTo(dst)
	case KindPort:
		p, _ := v.Port()
		return append(dst, p.String()...)
	case KindTimestamp:
		return append(appendTime(dst, int64(v.num)), 'Z')
	case KindTimespan:
		return appendInterval(dst, int64(v.num))
	case KindEnum:
		return appendEnum(dst, v.text())
	case KindSet:
		return appendSet(dst, v.elems())
	case KindTable:
		return appendTable(dst, v.entries())
	}
	return appendList(dst, v.elems())
}

// appendEnum appends the name; GLOBAL is what Zeek calls the module that names
// without one are in.
func appendEnum(dst []byte, name string) []byte {
	if isName(name) && !strings.Contains(name, "::") {
		dst = append(dst, "GLOBAL::"...)
	}
	return append(dst, name...)
}

func appendSet(dst []byte, elems []Value) []byte {
	if len(elems) == 0 {
		return append(dst, "set()"...)
	}
	return append(appendLiterals(append(dst, '{'), elems), '}')
}

func appendTable(dst []byte, entries []Entry) []byte {
	if len(entries) == 0 {
		return append(dst, "table()"...)
	}
	dst = append(dst, '{')
	for i, e := range entries {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(appendKey(dst, e.Key), " = "...)
		dst = appendLiteral(dst, e.Value)
	}
	return append(dst, '}')
}

// appendKey appends the key of a table, where [x] is the same as x.
func appendKey(dst []byte, key Value) []byte {
	if key.kind == KindList && key.n == 1 {
		return appendVector(dst, key.elems())
	}
	return appendLiteral(dst, key)
}

// appendList appends a list, which must not look like the address [::1].
func appendList(dst []byte, elems []Value) []byte {
	if len(elems) == 1 && elems[0].kind == KindAddress && elems[0].addr().Is6() {
		return appendVector(dst, elems)
	}
	return append(appendLiterals(append(dst, '['), elems), ']')
}

func appendVector(dst []byte, elems []Value) []byte {
	return append(appendLiterals(append(dst, "vector("...), elems), ')')
}

func appendLiterals(dst []byte, elems []Value) []byte {
	for i, v := range elems {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = appendLiteral(dst, v)
	}
	return dst
}
