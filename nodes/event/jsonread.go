package event

import (
	"encoding/base64"
	"fmt"
)

// ParseTyped reads a value of the form {"@data-type":T,"data":D}: what
// [Value.AppendTyped] wrote, or any broker-json-v1 (spec: wire 2.6), read as
// Zeek reads it and tolerant where Zeek writes no valid JSON. Other keys in the
// object are ignored. The value refers to in, which must not change while the
// value is in use.
func ParseTyped(in []byte) (Value, error) {
	v, err := decodeJSON(in)
	if err != nil {
		return Value{}, fmt.Errorf("cannot read typed JSON: %w", err)
	}
	return v, nil
}

// maxSkip is how deep what is skipped may be nested: as deep as values are,
// each of which takes up to three levels.
const maxSkip = 3 * (maxDepth + 1)

// jsonReader reads values from JSON.
type jsonReader struct {
	jsonScanner
	values int // read so far
	elements
}

// value reads {"@data-type":T,"data":D}, nested depth deep. The two may stand in
// either order, and among others.
func (r *jsonReader) value(depth int) (Value, error) {
	if r.values++; r.values > maxValues {
		return Value{}, r.errorf("expected at most %d values", maxValues)
	}
	if depth > maxDepth {
		return Value{}, r.errorf("expected values nested at most %d deep", maxDepth)
	}
	r.peek()
	start := r.pos
	if kind, ok := r.compactHead(); ok {
		return r.compact(kind, start, depth)
	}
	return r.object(depth)
}

// object reads a value that is not written compactly.
func (r *jsonReader) object(depth int) (Value, error) {
	o := typedObject{start: r.pos, depth: depth}
	if err := r.members(func(key string) error { return r.member(&o, key) }); err != nil {
		return Value{}, err
	}
	return r.finished(&o)
}

// data reads what belongs to a data type.
func (r *jsonReader) data(kind Kind, depth int) (Value, error) {
	switch kind {
	case KindNone:
		return Value{}, r.skip(maxSkip)
	case KindBoolean, KindCount, KindInteger, KindReal:
		return r.scalar(kind)
	case KindString, KindEnum:
		return r.textValue(kind)
	case KindSet, KindList:
		return r.elems(kind, depth)
	case KindTable:
		return r.table(depth)
	}
	return r.plain(kind)
}

// scalar reads what is not in quotes, except for reals that JSON has no number
// for.
func (r *jsonReader) scalar(kind Kind) (Value, error) {
	quoted := r.peek() == '"'
	start := r.pos
	if quoted {
		r.pos++
	}
	word := r.word()
	v, ok := parseScalar(kind, word)
	if quoted {
		ok = ok && kind == KindReal && !v.isFinite() && r.take('"') == nil
	}
	if !ok {
		r.pos = start
		return Value{}, r.expected(forms[kind])
	}
	return v, nil
}

// plain reads what is in quotes and has nothing to escape.
func (r *jsonReader) plain(kind Kind) (Value, error) {
	r.peek()
	start := r.pos
	s, err := r.text(forms[kind])
	if err != nil {
		return Value{}, err
	}
	v, ok := parsePlain(kind, s)
	if !ok {
		r.pos = start
		return Value{}, r.expected(forms[kind])
	}
	return v, nil
}

// textValue reads a string, or {"@base64":"…"} of bytes that are not UTF-8.
func (r *jsonReader) textValue(kind Kind) (Value, error) {
	if r.peek() != '{' {
		s, err := r.text("a string")
		return text(kind, s), err
	}
	start := r.pos
	var decoded []byte
	err := r.members(func(key string) error {
		s, err := r.text("base64")
		if err == nil && key == "@base64" {
			decoded, err = base64.StdEncoding.DecodeString(s)
		}
		return err
	})
	if err != nil || decoded == nil {
		r.pos = start
		return Value{}, r.expected(`a string or {"@base64":"…"}`)
	}
	return textIn(kind, decoded), nil
}

// elems reads the elements of a list or set.
func (r *jsonReader) elems(kind Kind, depth int) (Value, error) {
	err := r.take('[')
	start, first := r.pos-1, len(r.open)
	for more := r.peek() != ']'; err == nil && more; {
		var v Value
		v, err = r.value(depth + 1)
		r.open = append(r.open, v)
		if more = r.peek() == ','; more {
			r.pos++
		}
	}
	if err != nil {
		return Value{}, err
	}
	if r.peek() != ']' {
		return Value{}, r.expected(`"," or "]"`)
	}
	r.pos++
	return r.close(kind, first, start), nil
}

// table reads the entries of a table.
func (r *jsonReader) table(depth int) (Value, error) {
	r.peek()
	start, first := r.pos, len(r.open)
	if err := r.list('[', ']', func() error { return r.entry(depth + 1) }); err != nil {
		return Value{}, err
	}
	return r.close(KindTable, first, start), nil
}

// entry reads {"key":K,"value":V}.
func (r *jsonReader) entry(depth int) error {
	r.peek()
	start := r.pos
	var e [2]Value
	var has [2]bool
	err := r.members(func(key string) (err error) {
		i := 0
		switch key {
		case "key":
		case "value":
			i = 1
		default:
			return r.skip(maxSkip)
		}
		e[i], err = r.value(depth)
		has[i] = true
		return err
	})
	if err == nil && has != [2]bool{true, true} {
		r.pos = start
		err = r.expected(`an object with "key" and "value"`)
	}
	r.open = append(r.open, e[0], e[1])
	return err
}
