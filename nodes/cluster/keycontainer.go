package cluster

import (
	"errors"
	"strings"

	"zctl/nodes/event"
)

// VectorKey is the key of a vector of keys of one type. An empty one would need
// the type of its elements, and is refused; [ParseKey] can make one.
func VectorKey(elems ...Key) (Key, error) {
	if len(elems) == 0 {
		return Key{}, errors.New("cannot use an empty vector as key: the type of its elements is not known")
	}
	for _, elem := range elems {
		if elem.typ != elems[0].typ {
			return Key{}, errors.New("cannot use a vector as key whose elements are of several types")
		}
	}
	return vectorKey(elems[0].typ, elems), nil
}

func vectorKey(elemType string, elems []Key) Key {
	var value strings.Builder
	value.WriteString("[\x00")
	for i, elem := range elems {
		if i > 0 {
			value.WriteString(", \x00")
		}
		value.WriteString(elem.described())
	}
	value.WriteString("]\x00")
	return Key{typ: tagVector + elemType, value: value.String()}
}

func vectorOf(elems []event.Value) (Key, error) {
	keys := make([]Key, len(elems))
	for i, elem := range elems {
		key, err := keyOf(elem)
		if err != nil {
			return Key{}, err
		}
		keys[i] = key
	}
	return VectorKey(keys...)
}

// KeyField is a field of a record that is a key.
type KeyField struct {
	Name string
	// Key is the field's value. For a field that is not set any value of its type
	// does.
	Key   Key
	Unset bool
}

// RecordKey is the key of a record with all its fields, in the order of its
// type.
func RecordKey(fields ...KeyField) Key {
	var typ, value strings.Builder
	typ.WriteString(tagRecord + uint64Text(0) + uint64Text(uint64(len(fields))))
	value.WriteString(uint64Text(uint64(len(fields))))
	for _, f := range fields {
		typ.WriteString(f.Name + "\x00" + f.Key.typ)
		value.WriteString(f.Name + "\x00")
		if f.Unset {
			value.WriteString("<uninitialized>\x00")
			continue
		}
		value.WriteString(f.Key.described())
	}
	return Key{typ: typ.String(), value: value.String()}
}
