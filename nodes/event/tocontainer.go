package event

import (
	"fmt"
	"reflect"
)

// storerMaker makes storers of Go types. What it remembers is those it is still
// making, for types that contain themselves.
type storerMaker map[reflect.Type]*storer

func (m storerMaker) storer(t reflect.Type) (storer, error) {
	if kind, ok := scalarKind(t); ok {
		return scalarStorer(t, kind), nil
	}
	if isAny(t) {
		return storeAny, nil
	}
	if made, ok := m[t]; ok {
		return func(v Value, dst reflect.Value) error { return (*made)(v, dst) }, nil
	}
	made := new(storer)
	m[t] = made
	var err error
	*made, err = m.container(t)
	return *made, err
}

// container makes the storer of a type that holds others.
func (m storerMaker) container(t reflect.Type) (storer, error) {
	switch {
	case isOptional(t):
		return m.optional(t)
	case t.Kind() == reflect.Slice:
		return m.slice(t)
	case t.Kind() == reflect.Array:
		return m.array(t)
	case t.Kind() == reflect.Struct:
		return m.record(t)
	case t.Kind() == reflect.Map && isKey(t.Key()) && isSet(t):
		return m.set(t)
	case t.Kind() == reflect.Map && isKey(t.Key()):
		return m.table(t)
	}
	return nil, errUnfit(t)
}

func storeAny(v Value, dst reflect.Value) error {
	dst.Set(reflect.ValueOf(v.Clone()))
	return nil
}

func (m storerMaker) optional(t reflect.Type) (storer, error) {
	store, err := m.storer(t.Elem())
	return func(v Value, dst reflect.Value) error {
		if v.IsNone() {
			dst.SetZero()
			return nil
		}
		p := reflect.New(t.Elem())
		dst.Set(p)
		return store(v, p.Elem())
	}, err
}

func (m storerMaker) slice(t reflect.Type) (storer, error) {
	store, err := m.storer(t.Elem())
	return func(v Value, dst reflect.Value) error {
		if v.kind != KindList {
			return v.wrongKind("vector")
		}
		elems := v.elems()
		dst.Set(reflect.MakeSlice(t, len(elems), len(elems)))
		return storeElems(store, elems, dst)
	}, err
}

func (m storerMaker) array(t reflect.Type) (storer, error) {
	store, err := m.storer(t.Elem())
	return func(v Value, dst reflect.Value) error {
		if v.kind != KindList {
			return v.wrongKind("vector")
		}
		if int(v.n) != t.Len() {
			return mismatch(fmt.Sprintf("vector of %d elements", t.Len()), fmt.Sprint(v.n))
		}
		return storeElems(store, v.elems(), dst)
	}, err
}

func storeElems(store storer, elems []Value, dst reflect.Value) error {
	for i, elem := range elems {
		if err := store(elem, dst.Index(i)); err != nil {
			return At(fmt.Sprintf("element %d", i+1), err)
		}
	}
	return nil
}

// record makes the storer of a struct (spec: wire 2.5): missing elements are an
// error, more than the struct has fields are not.
func (m storerMaker) record(t reflect.Type) (storer, error) {
	indexes, ok := recordFields(t)
	if !ok {
		return nil, errUnfit(t)
	}
	fields := make([]storer, len(indexes))
	for i, index := range indexes {
		var err error
		if fields[i], err = m.storer(t.Field(index).Type); err != nil {
			return nil, At("field "+t.Field(index).Name, err)
		}
	}
	return func(v Value, dst reflect.Value) error {
		if v.kind != KindList {
			return v.wrongKind("record")
		}
		if int(v.n) < len(fields) {
			return mismatch(fmt.Sprintf("record of %d fields", len(fields)), fmt.Sprint(v.n))
		}
		for i, elem := range v.elems()[:len(fields)] {
			if err := fields[i](elem, dst.Field(indexes[i])); err != nil {
				return At("field "+t.Field(indexes[i]).Name, err)
			}
		}
		return nil
	}, nil
}
