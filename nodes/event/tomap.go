package event

import (
	"reflect"
)

// set makes the storer of a map[K]struct{}.
func (m storerMaker) set(t reflect.Type) (storer, error) {
	store, err := m.storer(t.Key())
	if err != nil {
		return nil, At("element", err)
	}
	present := reflect.Zero(t.Elem())
	return func(v Value, dst reflect.Value) error {
		if v.kind != KindSet {
			return v.wrongKind("set")
		}
		dst.Set(reflect.MakeMapWithSize(t, int(v.n)))
		for _, elem := range v.elems() {
			key := reflect.New(t.Key()).Elem()
			if err := store(elem, key); err != nil {
				return At("element "+quoteElem(elem), err)
			}
			dst.SetMapIndex(key, present)
		}
		return nil
	}, nil
}

// table makes the storer of a map[K]V.
func (m storerMaker) table(t reflect.Type) (storer, error) {
	storeKey, err := m.storer(t.Key())
	if err != nil {
		return nil, At("key", err)
	}
	store, err := m.storer(t.Elem())
	if err != nil {
		return nil, At("value", err)
	}
	return func(v Value, dst reflect.Value) error {
		if v.kind != KindTable {
			return v.wrongKind("table")
		}
		dst.Set(reflect.MakeMapWithSize(t, int(v.n/2)))
		for _, e := range v.entries() {
			key, value := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
			if err := storeKey(e.Key, key); err != nil {
				return At("key "+quoteElem(e.Key), err)
			}
			if err := store(e.Value, value); err != nil {
				return At("value of "+quoteElem(e.Key), err)
			}
			dst.SetMapIndex(key, value)
		}
		return nil
	}, nil
}

// quoteElem is a key for a message, not longer than one wants to read.
func quoteElem(v Value) string {
	const most = 40
	s := string(appendLiteral(nil, v))
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}
