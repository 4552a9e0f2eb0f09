package event

import (
	"fmt"
	"reflect"
)

func listOf(x reflect.Value, depth int) (Value, error) {
	elems := make([]Value, x.Len())
	for i := range elems {
		var err error
		if elems[i], err = valueOf(x.Index(i), depth); err != nil {
			return Value{}, At(fmt.Sprintf("element %d", i+1), err)
		}
	}
	return List(elems...), nil
}

func recordOf(x reflect.Value, depth int) (Value, error) {
	indexes, ok := recordFields(x.Type())
	if !ok {
		return Value{}, errUnfit(x.Type())
	}
	elems := make([]Value, len(indexes))
	for i, index := range indexes {
		var err error
		if elems[i], err = valueOf(x.Field(index), depth); err != nil {
			return Value{}, At("field "+x.Type().Field(index).Name, err)
		}
	}
	return List(elems...), nil
}

func setOf(x reflect.Value, depth int) (Value, error) {
	elems := make([]Value, 0, x.Len())
	for _, key := range x.MapKeys() {
		v, err := valueOf(key, depth)
		if err != nil {
			return Value{}, At("element", err)
		}
		elems = append(elems, v)
	}
	return Set(elems...), nil
}

func tableOf(x reflect.Value, depth int) (Value, error) {
	entries := make([]Entry, 0, x.Len())
	for keys := x.MapRange(); keys.Next(); {
		key, err := valueOf(keys.Key(), depth)
		if err != nil {
			return Value{}, At("key", err)
		}
		v, err := valueOf(keys.Value(), depth)
		if err != nil {
			return Value{}, At("value of "+quoteElem(key), err)
		}
		entries = append(entries, Entry{key, v})
	}
	return Table(entries...), nil
}
