package event

import (
	"fmt"
	"net/netip"
	"reflect"
	"time"
)

// Go types that stand for one kind, whatever they are made of.
var exactKinds = map[reflect.Type]Kind{
	reflect.TypeFor[netip.Addr]():    KindAddress,
	reflect.TypeFor[netip.Prefix]():  KindSubnet,
	reflect.TypeFor[Port]():          KindPort,
	reflect.TypeFor[time.Time]():     KindTimestamp,
	reflect.TypeFor[time.Duration](): KindTimespan,
	reflect.TypeFor[Enum]():          KindEnum,
}

var valueType = reflect.TypeFor[Value]()

// scalarKind is the kind of the values that a Go type holds, if they hold no
// other values.
func scalarKind(t reflect.Type) (Kind, bool) {
	if kind, ok := exactKinds[t]; ok {
		return kind, true
	}
	switch t.Kind() {
	case reflect.Bool:
		return KindBoolean, true
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return KindInteger, true
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return KindCount, true
	case reflect.Float32, reflect.Float64:
		return KindReal, true
	case reflect.String:
		return KindString, true
	case reflect.Slice:
		return KindString, t.Elem().Kind() == reflect.Uint8
	}
	return KindNone, false
}

// isAny says whether a Go type takes every value: Value itself, and any, in
// which a Value is put.
func isAny(t reflect.Type) bool {
	return t == valueType || t.Kind() == reflect.Interface && t.NumMethod() == 0
}

// isSet says whether a map has only keys: map[K]struct{}.
func isSet(t reflect.Type) bool {
	return t.Elem().Kind() == reflect.Struct && t.Elem().NumField() == 0
}

// isOptional says whether t points to what may be missing. Pointers to pointers
// mean nothing here.
func isOptional(t reflect.Type) bool {
	return t.Kind() == reflect.Pointer && t.Elem().Kind() != reflect.Pointer
}

// recordFields is the indexes of the fields that a struct has as a record: the
// exported ones. A struct that hides all it has is none.
func recordFields(t reflect.Type) (indexes []int, ok bool) {
	for i := range t.NumField() {
		if t.Field(i).IsExported() {
			indexes = append(indexes, i)
		}
	}
	return indexes, len(indexes) > 0 || t.NumField() == 0
}

// isKey says whether values of a Go type are equal whenever the values in them
// are, and can be keys of a map without a panic.
func isKey(t reflect.Type) bool {
	if _, ok := scalarKind(t); ok {
		return t.Comparable()
	}
	switch t.Kind() {
	case reflect.Array:
		return isKey(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if !isKey(t.Field(i).Type) {
				return false
			}
		}
		return true
	}
	return false
}

func errUnfit(t reflect.Type) error {
	return fmt.Errorf("type %s stands for no type of Zeek's; use event.Value for any of them", t)
}
