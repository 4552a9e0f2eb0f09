package cluster

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"zctl/nodes/event"
)

// vectorKey reads [1, 2].
func (t keyType) vectorKey(text string) (Key, error) {
	inside, ok := between(strings.TrimSpace(text), "[", "]")
	if !ok {
		return Key{}, errors.New("expected a vector like [1, 2]")
	}
	parts, err := splitOutside(inside, ',')
	if err != nil {
		return Key{}, err
	}
	elems := make([]Key, len(parts))
	for i, part := range parts {
		if elems[i], err = t.elem.part(part); err != nil {
			return Key{}, fmt.Errorf("element %d: %w", i+1, err)
		}
	}
	return vectorKey(t.elem.describe(), elems), nil
}

// recordKey reads a=1,b=2, perhaps in brackets and with a $ before the names.
func (t keyType) recordKey(text string) (Key, error) {
	text = strings.TrimSpace(text)
	if inside, ok := between(text, "[", "]"); ok {
		text = inside
	}
	values, err := t.assignments(text)
	if err != nil {
		return Key{}, err
	}
	fields := make([]KeyField, len(t.fields))
	for i, f := range t.fields {
		fields[i] = KeyField{Name: f.name, Key: Key{typ: f.typ.describe()}, Unset: true}
		value, set := values[f.name]
		switch {
		case set:
			fields[i].Unset = false
			if fields[i].Key, err = f.typ.part(value); err != nil {
				return Key{}, fmt.Errorf("field %s: %w", f.name, err)
			}
		case !f.optional:
			return Key{}, fmt.Errorf("field %s is missing", f.name)
		}
	}
	return RecordKey(fields...), nil
}

// assignments is the texts of the fields that are set.
func (t keyType) assignments(text string) (map[string]string, error) {
	parts, err := splitOutside(text, ',')
	values := map[string]string{}
	for _, part := range parts {
		name, value, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(part), "$"), "=")
		known := slices.ContainsFunc(t.fields, func(f fieldType) bool { return f.name == name })
		if _, twice := values[name]; !ok || !known || twice {
			return nil, fmt.Errorf("expected each field of the record at most once, like a=1, not %q", part)
		}
		values[name] = value
	}
	return values, err
}

// part reads what is inside of a container, where a string may be in quotes.
func (t keyType) part(text string) (Key, error) {
	text = strings.TrimSpace(text)
	if t.tag == tagString && strings.HasPrefix(text, `"`) {
		v, err := event.ParseLiteral(text)
		if err != nil {
			return Key{}, err
		}
		text, _ = v.Text()
	}
	return t.key(text)
}

// between is what stands between a beginning and an end.
func between(s, begin, end string) (string, bool) {
	inside, began := strings.CutPrefix(s, begin)
	inside, ended := strings.CutSuffix(inside, end)
	return inside, began && ended
}

// splitOutside splits at a mark, but not inside of brackets and quotes. Nothing
// but white space has no parts.
func splitOutside(s string, mark byte) ([]string, error) {
	if strings.TrimSpace(s) == "" {
		return nil, nil
	}
	var parts []string
	start, depth, quoted := 0, 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted:
			if c == '\\' {
				i++
			}
			quoted = c != '"'
		case c == '"':
			quoted = true
		case c == '[' || c == '{':
			depth++
		case c == ']' || c == '}':
			depth--
		case c == mark && depth == 0:
			parts = append(parts, s[start:i])
			start = i + 1
		}
	}
	if depth != 0 || quoted {
		return nil, errors.New("brackets or quotes are not closed")
	}
	return append(parts, s[start:]), nil
}
