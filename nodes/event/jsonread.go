package event

import (
	"encoding/base64"
	"fmt"
	"time"
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
	values  int  // read so far
	clients bool // read what clients write and Zeek reads
	lenient bool // and what it does not
	elements
}

// strict says whether to read nothing that Zeek's WebSocket API does not.
func (r *jsonReader) strict() bool { return r.clients && !r.lenient }

// value reads {"@data-type":T,"data":D}, nested depth deep, into dst. The two may
// stand in either order, and among others. It and what it calls write values where
// they belong: a value is too large to be handed up through every level for nothing.
func (r *jsonReader) value(dst *Value, depth int) error {
	if r.values++; r.values > maxValues {
		return r.errorf("expected at most %d values", maxValues)
	}
	if depth > maxDepth {
		return r.errorf("expected values nested at most %d deep", maxDepth)
	}
	r.peek()
	start := r.pos
	if kind, ok := r.compactHead(); ok {
		return r.compact(dst, kind, start, depth)
	}
	return r.object(dst, depth)
}

// object reads a value that is not written compactly.
func (r *jsonReader) object(dst *Value, depth int) error {
	o := typedObject{start: r.pos, depth: depth}
	if err := r.members(func(key string) error { return r.member(&o, key) }); err != nil {
		return err
	}
	return r.finished(dst, &o)
}

// data reads what belongs to a data type.
func (r *jsonReader) data(dst *Value, kind Kind, depth int) error {
	switch kind {
	case KindNone:
		*dst = Value{}
		return r.skip(maxSkip)
	case KindBoolean, KindCount, KindInteger, KindReal:
		return r.scalar(dst, kind)
	case KindString, KindEnum:
		return r.textValue(dst, kind)
	case KindSet, KindList:
		return r.elems(dst, kind, depth)
	case KindTable:
		return r.table(dst, depth)
	}
	return r.plain(dst, kind)
}

// scalar reads what is not in quotes, except for reals that JSON has no number
// for.
func (r *jsonReader) scalar(dst *Value, kind Kind) error {
	quoted := r.peek() == '"' && !r.strict()
	start := r.pos
	if quoted {
		r.pos++
	}
	word := r.word()
	v, ok := parseScalar(kind, word)
	if !ok && r.lenient && !quoted {
		v, ok = lenientScalar(kind, word)
	}
	if quoted {
		ok = ok && kind == KindReal && !v.isFinite() && r.take('"') == nil
	}
	if !ok {
		r.pos = start
		return r.expected(forms[kind])
	}
	*dst = v
	return nil
}

// plain reads what is in quotes and has nothing to escape.
func (r *jsonReader) plain(dst *Value, kind Kind) error {
	r.peek()
	start := r.pos
	s, err := r.text(forms[kind])
	if err != nil {
		return err
	}
	v, ok := parsePlain(kind, s)
	switch {
	case ok:
	case kind == KindPort && r.clients:
		v, ok = clientsPort(s)
	case kind == KindTimespan && r.lenient:
		var d time.Duration
		d, ok = lenientSpan(s)
		v = Timespan(d)
	}
	if !ok {
		r.pos = start
		return r.expected(forms[kind])
	}
	*dst = v
	return nil
}

// textValue reads a string, or {"@base64":"…"} of bytes that are not UTF-8.
func (r *jsonReader) textValue(dst *Value, kind Kind) error {
	if r.peek() != '{' || r.strict() {
		s, err := r.text("a string")
		*dst = text(kind, s)
		return err
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
		return r.expected(`a string or {"@base64":"…"}`)
	}
	*dst = textIn(kind, decoded)
	return nil
}

// elems reads the elements of a list or set.
func (r *jsonReader) elems(dst *Value, kind Kind, depth int) error {
	err := r.take('[')
	start, first := r.pos-1, len(r.open)
	var v Value // out here it does not escape
	for more := r.peek() != ']'; err == nil && more; {
		v = Value{}
		err = r.value(&v, depth+1)
		r.open = append(r.open, v)
		if more = r.peek() == ','; more {
			r.pos++
		}
	}
	if err != nil {
		return err
	}
	if r.peek() != ']' {
		return r.expected(`"," or "]"`)
	}
	r.pos++
	*dst = r.close(kind, first, start)
	return nil
}

// table reads the entries of a table.
func (r *jsonReader) table(dst *Value, depth int) error {
	r.peek()
	start, first := r.pos, len(r.open)
	if err := r.list('[', ']', func() error { return r.entry(depth + 1) }); err != nil {
		return err
	}
	*dst = r.close(KindTable, first, start)
	return nil
}

// entry reads {"key":K,"value":V}.
func (r *jsonReader) entry(depth int) error {
	r.peek()
	start := r.pos
	var e [2]Value
	var has [2]bool
	err := r.members(func(key string) error {
		i := 0
		switch key {
		case "key":
		case "value":
			i = 1
		default:
			return r.skip(maxSkip)
		}
		has[i] = true
		return r.value(&e[i], depth)
	})
	if err == nil && has != [2]bool{true, true} {
		r.pos = start
		err = r.expected(`an object with "key" and "value"`)
	}
	r.open = append(r.open, e[0], e[1])
	return err
}
