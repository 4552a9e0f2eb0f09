package logstream

import (
	"fmt"
	"reflect"
	"slices"

	"zctl/nodes/event"
	"zctl/nodes/logwire"
)

// record is how structs of one type are appended, field by field.
type record struct {
	fields  []logwire.Field
	members []member
}

type member struct {
	index int // in the struct
	put   put
}

// compile finds out how to log structs of a type.
func compile(t reflect.Type) (*record, error) {
	if t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("cannot log %v: it is no struct", t)
	}
	r, err := compileStruct(t, "", nil)
	if err != nil {
		return nil, fmt.Errorf("cannot log %v: %w", t, err)
	}
	if len(r.fields) == 0 {
		return nil, fmt.Errorf("cannot log %v: no field of it is exported and has a log tag", t)
	}
	seen := map[string]bool{}
	for _, f := range r.fields {
		if seen[f.Name] {
			return nil, fmt.Errorf("cannot log %v: two fields are named %s", t, f.Name)
		}
		seen[f.Name] = true
	}
	return r, nil
}

// compileStruct compiles a struct whose fields' names begin with prefix. within is
// the structs around it; that one of them is optional does not show in the fields,
// as with Zeek.
func compileStruct(t reflect.Type, prefix string, within []reflect.Type) (*record, error) {
	if slices.Contains(within, t) {
		return nil, fmt.Errorf("%v contains itself", t)
	}
	r := &record{}
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() || f.Tag.Get("log") == "-" {
			continue
		}
		if err := r.add(f, i, prefix, append(within, t)); err != nil {
			return nil, fmt.Errorf("field %s: %w", f.Name, err)
		}
	}
	return r, nil
}

// add compiles a field of the struct.
func (r *record) add(f reflect.StructField, index int, prefix string, within []reflect.Type) error {
	o, err := parseTag(f)
	if err != nil {
		return err
	}
	t, pointer := f.Type, f.Type.Kind() == reflect.Pointer
	if pointer {
		t = t.Elem()
	}
	field := logwire.Field{Name: prefix + o.name, Optional: o.optional || pointer}
	if isRecord(t) {
		return r.nest(t, index, pointer, field.Name, within)
	}
	if f.Anonymous && o.name == "" {
		return fmt.Errorf("an embedded %v needs a name; tag it", t)
	}
	var p put
	if isContainer(t) {
		var set bool
		set, field.Subtype, p, err = container(t, o)
		field.Type = logwire.TypeVector
		if set {
			field.Type = logwire.TypeSet
		}
	} else {
		field.Type, p, err = scalar(t, o)
	}
	if err != nil {
		return err
	}
	if pointer {
		p = optionalOf(p, field)
	}
	r.fields = append(r.fields, field)
	r.members = append(r.members, member{index, p})
	return nil
}

func optionalOf(p put, f logwire.Field) put {
	return optional(p, func(b *line) { b.AppendUnset(f.Type) })
}

// nest adds the fields of a struct within the struct.
func (r *record) nest(t reflect.Type, index int, pointer bool, prefix string, within []reflect.Type) error {
	if prefix != "" && prefix[len(prefix)-1] != '.' {
		prefix += "."
	}
	inner, err := compileStruct(t, prefix, within)
	if err != nil {
		return err
	}
	p := inner.put
	if pointer {
		p = optional(p, inner.unset)
	}
	r.fields = append(r.fields, inner.fields...)
	r.members = append(r.members, member{index, p})
	return nil
}

// put appends the values of a struct.
func (r *record) put(b *line, v reflect.Value) {
	for _, m := range r.members {
		m.put(b, v.Field(m.index))
	}
}

// unset appends as many values that are unset.
func (r *record) unset(b *line) {
	for _, f := range r.fields {
		b.AppendUnset(f.Type)
	}
}

// isRecord says whether a Go type is a record to Zeek, rather than a value.
func isRecord(t reflect.Type) bool {
	if t.Kind() != reflect.Struct || t == reflect.TypeFor[event.Port]() {
		return false
	}
	_, _, err := scalar(t, tag{})
	return err != nil
}
