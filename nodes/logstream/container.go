package logstream

import (
	"fmt"
	"reflect"

	"zctl/nodes/logwire"
)

// isContainer says whether a Go type is a set or a vector to Zeek.
func isContainer(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Map, reflect.Array:
		return true
	case reflect.Slice:
		return !isBytes(t)
	}
	return false
}

// container is how values of a set's or vector's type are appended, and what its
// elements are.
func container(t reflect.Type, o tag) (set bool, subtype logwire.Type, p put, err error) {
	element := t.Elem()
	if t.Kind() == reflect.Map {
		if element != reflect.TypeFor[struct{}]() {
			return false, 0, nil, fmt.Errorf("tables cannot be logged: %v; a set is a map[%v]struct{}", t, t.Key())
		}
		o.set, element = true, t.Key()
	}
	holes := element.Kind() == reflect.Pointer
	if holes {
		element = element.Elem()
	}
	if holes && o.set {
		return false, 0, nil, fmt.Errorf("a set has no holes: %v", t)
	}
	if isContainer(element) {
		return false, 0, nil, fmt.Errorf("containers of containers cannot be logged: %v", t)
	}
	subtype, one, err := scalar(element, o)
	if err != nil {
		return false, 0, nil, err
	}
	if holes {
		one = optional(one, func(b *line) { b.AppendUnset(subtype) })
	}
	begin, whole := (*logwire.Batch).AppendVector, logwire.TypeVector
	if o.set {
		begin, whole = (*logwire.Batch).AppendSet, logwire.TypeSet
	}
	p = list(begin, one)
	if t.Kind() == reflect.Map {
		p = keys(begin, one)
	}
	if o.optional && t.Kind() != reflect.Array {
		p = unlessNil(p, whole)
	}
	return o.set, subtype, p, nil
}

// list appends the elements of a slice or an array.
func list(begin func(*logwire.Batch, int), one put) put {
	return func(b *line, v reflect.Value) {
		n := b.container(v.Len())
		begin(b.Batch, n)
		for i := range n {
			one(b, v.Index(i))
		}
	}
}

// keys appends the keys of a map, in any order, as Zeek does.
func keys(begin func(*logwire.Batch, int), one put) put {
	return func(b *line, v reflect.Value) {
		n := b.container(v.Len())
		begin(b.Batch, n)
		for entries := v.MapRange(); n > 0 && entries.Next(); n-- {
			one(b, entries.Key())
		}
	}
}

// optional appends what a pointer points to.
func optional(p put, unset func(*line)) put {
	return func(b *line, v reflect.Value) {
		if v.IsNil() {
			unset(b)
			return
		}
		p(b, v.Elem())
	}
}

func unlessNil(p put, t logwire.Type) put {
	return func(b *line, v reflect.Value) {
		if v.IsNil() {
			b.AppendUnset(t)
			return
		}
		p(b, v)
	}
}
