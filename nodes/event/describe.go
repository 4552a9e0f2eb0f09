package event

import (
	"math"
	"strconv"
	"time"
)

// Describe is the value as Zeek prints it, and as fmt("%s", v) has it there: text
// without quotes, one line for each element of a set or table, a vector as [1, 2].
// Elements of sets are in the order of [Value.Compare], where Zeek's have none.
//
// A value does not know the names of a record's fields: a record is printed like a
// vector.
func (v Value) Describe() string { return string(v.AppendDescribed(nil)) }

// AppendDescribed appends the text of [Value.Describe].
func (v Value) AppendDescribed(dst []byte) []byte {
	switch v.kind {
	case KindNone:
		return append(dst, "<uninitialized>"...)
	case KindInteger:
		return strconv.AppendInt(dst, int64(v.num), 10)
	case KindReal:
		return appendDouble(dst, math.Float64frombits(v.num))
	case KindString, KindEnum:
		return append(dst, v.text()...)
	case KindTimestamp:
		return appendDouble(dst, float64(int64(v.num))/1e9)
	case KindTimespan:
		return appendSpanInWords(dst, int64(v.num))
	case KindSet:
		return describeSet(dst, v.elems())
	case KindTable:
		return describeTable(dst, v.entries())
	case KindList:
		return append(describeList(append(dst, '['), v.elems()), ']')
	}
	return appendLiteral(dst, v)
}

func describeList(dst []byte, elems []Value) []byte {
	for i, v := range elems {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = v.AppendDescribed(dst)
	}
	return dst
}

// describeSet appends {, a line for each element, and }. Numbers and what is in
// brackets are indented; texts and addresses are not, nor are they in Zeek.
func describeSet(dst []byte, elems []Value) []byte {
	dst = append(dst, '{')
	if len(elems) == 0 {
		dst = append(dst, '\n')
	}
	for i, v := range elems {
		dst = newElement(dst, i)
		if v.kind != KindString && v.kind != KindAddress && v.kind != KindSubnet {
			dst = append(dst, '\t')
		}
		dst = v.AppendDescribed(dst)
	}
	return append(dst, "\n}"...)
}

func describeTable(dst []byte, entries []Entry) []byte {
	dst = append(dst, '{')
	if len(entries) == 0 {
		dst = append(dst, '\n')
	}
	for i, e := range entries {
		dst = append(newElement(dst, i), "\t["...)
		if e.Key.kind == KindList {
			dst = describeList(dst, e.Key.elems())
		} else {
			dst = e.Key.AppendDescribed(dst)
		}
		dst = e.Value.AppendDescribed(append(dst, "] = "...))
	}
	return append(dst, "\n}"...)
}

func newElement(dst []byte, i int) []byte {
	if i > 0 {
		dst = append(dst, ',')
	}
	return append(dst, '\n')
}

// appendDouble appends a double with at most six decimals, and at least one.
func appendDouble(dst []byte, f float64) []byte {
	if a := math.Abs(f); math.IsNaN(f) || math.IsInf(f, 0) || a >= 1e15 || a != 0 && a < 1e-6 {
		return appendReal(dst, f)
	}
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(f, 'f', 6, 64), 64)
	if err != nil { // it was just written
		rounded = f
	}
	return appendReal(dst, rounded)
}

// appendSpanInWords appends an interval as Zeek prints it: the whole part of each unit
// that it has, "1.0 min 30.0 secs", and what is left in microseconds.
func appendSpanInWords(dst []byte, ns int64) []byte {
	if ns == 0 {
		return append(dst, "0 secs"...)
	}
	start := len(dst)
	for _, name := range []string{"day", "hr", "min", "sec", "msec", "usec"} {
		unit := int64(intervalUnits[name])
		amount := float64(ns / unit)
		ns -= ns / unit * unit
		if name == "usec" {
			amount += float64(ns) / float64(time.Microsecond)
		}
		if amount == 0 {
			continue
		}
		if len(dst) > start {
			dst = append(dst, ' ')
		}
		dst = append(append(appendDouble(dst, amount), ' '), name...)
		if math.Abs(amount) != 1 {
			dst = append(dst, 's')
		}
	}
	return dst
}
