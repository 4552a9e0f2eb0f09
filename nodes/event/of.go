package event

import (
	"fmt"
	"net/netip"
	"reflect"
	"time"
)

// Of makes a value of a plain Go value; which kind it has is as in [Value.To]
// backwards: signed numbers are int, unsigned ones count, a struct is a record
// of its exported fields in order, a nil pointer none. A nil slice or map is an
// empty one, and a pointer what it points to.
func Of(x any) (Value, error) {
	if v, ok := ofPlain(x); ok {
		return v, nil
	}
	if x == nil {
		return None(), nil
	}
	v, err := valueOf(reflect.ValueOf(x), 0)
	if err != nil {
		return Value{}, fmt.Errorf("cannot make a Zeek value of %T: %w", x, err)
	}
	return v, nil
}

// ofPlain makes a value of common Go types, without reflection.
func ofPlain(x any) (v Value, ok bool) {
	switch x := x.(type) {
	case Value:
		return x, true
	case string:
		return String(x), true
	case bool:
		return Boolean(x), true
	case uint64:
		return Count(x), true
	case int:
		return Integer(int64(x)), true
	case int64:
		return Integer(x), true
	case float64:
		return Real(x), true
	case Enum:
		return EnumValue(x), true
	case Port:
		return PortValue(x), true
	case netip.Addr:
		return Address(x), true
	case netip.Prefix:
		return Subnet(x), true
	case time.Time:
		return Timestamp(x), true
	case time.Duration:
		return Timespan(x), true
	}
	return Value{}, false
}

// valueOf makes a value of any Go value, which is depth deep in another.
func valueOf(x reflect.Value, depth int) (Value, error) {
	t := x.Type()
	if depth > maxDepth {
		return Value{}, fmt.Errorf("it is nested more than %d deep", maxDepth)
	}
	if t == valueType {
		return x.Interface().(Value), nil
	}
	if kind, ok := scalarKind(t); ok {
		return scalarOf(x, kind), nil
	}
	switch {
	case t.Kind() == reflect.Interface || isOptional(t):
		if x.IsNil() {
			return None(), nil
		}
		return valueOf(x.Elem(), depth+1)
	case t.Kind() == reflect.Slice || t.Kind() == reflect.Array:
		return listOf(x, depth+1)
	case t.Kind() == reflect.Struct:
		return recordOf(x, depth+1)
	case t.Kind() == reflect.Map && isSet(t):
		return setOf(x, depth+1)
	case t.Kind() == reflect.Map:
		return tableOf(x, depth+1)
	}
	return Value{}, errUnfit(t)
}

// scalarOf makes a value of a Go value that holds no others.
func scalarOf(x reflect.Value, kind Kind) Value {
	if exactKinds[x.Type()] != KindNone {
		v, _ := ofPlain(x.Interface())
		return v
	}
	switch kind {
	case KindBoolean:
		return Boolean(x.Bool())
	case KindInteger:
		return Integer(x.Int())
	case KindCount:
		return Count(x.Uint())
	case KindReal:
		return Real(x.Float())
	}
	if x.Kind() == reflect.Slice {
		return String(string(x.Bytes()))
	}
	return String(x.String())
}
