package table

import (
	"errors"
	"fmt"
	"net/netip"
	"reflect"

	"zctl/nodes/event"
)

// codec turns keys and values of a table into Zeek's and back.
type codec[K comparable, V any] struct {
	key   func(event.Value) (reflect.Value, error)
	value func(event.Value) (reflect.Value, error)
	set   bool // a set: no values
	// composite says that a key is a struct, whose fields are an index of several
	// types.
	composite bool
	fields    int // of such a key
	loose     bool
}

// newCodec fails if K or V stand for no type of Zeek's.
func newCodec[K comparable, V any]() (codec[K, V], error) {
	keyType, valueType := reflect.TypeFor[K](), reflect.TypeFor[V]()
	var c codec[K, V]
	if _, err := event.ConverterTo(reflect.TypeFor[map[K]V]()); err != nil {
		return c, err
	}
	c.key, _ = event.ConverterTo(keyType)
	c.set = valueType.Kind() == reflect.Struct && valueType.NumField() == 0
	if !c.set {
		c.value, _ = event.ConverterTo(valueType)
	}
	var zero K
	index, err := event.Of(zero)
	if err != nil {
		return c, err
	}
	c.composite = keyType.Kind() == reflect.Struct && index.Kind() == event.KindList
	c.fields = len(index.Elems())
	if c.composite && c.fields == 0 {
		return c, fmt.Errorf("the key %s has no exported fields", keyType)
	}
	c.loose = isLoose(keyType)
	return c, nil
}

// errKey is the error of a key that cannot be one.
var errKey = errors.New("it is no key: a part of it is not set, or is NaN")

// clean is the key as it would come back from the wire: what Zeek cannot tell apart,
// like 10.0.0.1 and ::ffff:10.0.0.1, is one key.
func (c codec[K, V]) clean(key K) K {
	if !c.loose {
		return key
	}
	if host, is := any(&key).(*netip.Addr); is { // by far the most frequent
		*host = host.Unmap().WithZone("")
		return key
	}
	return tightened(key)
}

// tightened is apart from clean since it needs memory.
func tightened[K any](key K) K {
	tighten(reflect.ValueOf(&key).Elem())
	return key
}

// index is a key as the values of a table's index.
func (c codec[K, V]) index(key K) (event.Value, error) {
	v, err := event.Of(key)
	if err != nil {
		return v, err
	}
	if !c.composite {
		v = event.List(v)
	}
	for _, part := range v.Elems() {
		if part.IsNone() {
			return v, errKey
		}
	}
	if key != key { // NaN
		return v, errKey
	}
	return v, nil
}

// keyOf is the key that an index is.
func (c codec[K, V]) keyOf(index event.Value) (key K, err error) {
	parts := index.Elems()
	want := 1
	if c.composite {
		want = c.fields
	}
	if index.Kind() != event.KindList || len(parts) != want {
		return key, fmt.Errorf("expected an index of %d, got %s", want, index)
	}
	if !c.composite {
		index = parts[0]
	}
	x, err := c.key(index)
	if err != nil {
		return key, event.At("index", err)
	}
	if key = x.Interface().(K); key != key {
		return key, errKey
	}
	return key, nil
}

// wire is a value as Zeek's; of a set none.
func (c codec[K, V]) wire(value V) (event.Value, error) {
	if c.set {
		return event.None(), nil
	}
	return event.Of(value)
}

// valueOf is the value that Zeek's is.
func (c codec[K, V]) valueOf(v event.Value) (value V, err error) {
	switch {
	case c.set && !v.IsNone():
		return value, errors.New("a set has no values")
	case c.set:
		return value, nil
	}
	x, err := c.value(v)
	if err != nil {
		return value, event.At("value", err)
	}
	value, _ = x.Interface().(V)
	return value, nil
}

// storeKey is an index as the key of a store: of one type it is just that value, of
// several a vector of them. indexOf is the way back.
func (c codec[K, V]) storeKey(index event.Value) event.Value {
	if c.composite {
		return index
	}
	return index.Elems()[0]
}

func (c codec[K, V]) indexOf(storeKey event.Value) event.Value {
	if c.composite {
		return storeKey
	}
	return event.List(storeKey)
}

// storeKeyOf is a key that is in the table as the key of a store.
func (c codec[K, V]) storeKeyOf(key K) event.Value {
	index, _ := c.index(key)
	return c.storeKey(index)
}
