package event

import (
	"fmt"
	"reflect"
	"strings"
)

// scalarStorer puts values of one kind into a Go type that holds it.
func scalarStorer(t reflect.Type, kind Kind) storer {
	store := storeNumber
	switch {
	case exactKinds[t] != KindNone:
		store = exactStorers[kind]
	case t.Kind() == reflect.String:
		store = func(v Value, dst reflect.Value) error { dst.SetString(strings.Clone(v.text())); return nil }
	case t.Kind() == reflect.Slice:
		store = func(v Value, dst reflect.Value) error { dst.SetBytes([]byte(v.text())); return nil }
	case t.Kind() == reflect.Bool:
		store = func(v Value, dst reflect.Value) error { dst.SetBool(v.num != 0); return nil }
	}
	want := kind.String()
	return func(v Value, dst reflect.Value) error {
		if v.kind != kind {
			return v.wrongKind(want)
		}
		return store(v, dst)
	}
}

// storeNumber puts a number into a Go number that is large enough for it.
func storeNumber(v Value, dst reflect.Value) error {
	fits := true
	switch v.kind {
	case KindCount:
		fits = !dst.OverflowUint(v.num)
		dst.SetUint(v.num)
	case KindInteger:
		fits = !dst.OverflowInt(int64(v.num))
		dst.SetInt(int64(v.num))
	case KindReal:
		f, _ := v.Real()
		fits = !dst.OverflowFloat(f)
		dst.SetFloat(f)
	}
	if !fits {
		return mismatch(fmt.Sprintf("%s that fits into %s", v.kind, dst.Type()), v.String())
	}
	return nil
}

// exactStorers puts values of a kind into the Go type of [exactKinds].
var exactStorers = [...]storer{
	KindAddress:   exactStorer(Value.Address),
	KindSubnet:    exactStorer(Value.Subnet),
	KindPort:      exactStorer(Value.Port),
	KindTimestamp: exactStorer(Value.Time),
	KindTimespan:  exactStorer(Value.Timespan),
	KindEnum:      exactStorer(func(v Value) (Enum, bool) { return v.Clone().Enum() }),
}

func exactStorer[T any](get func(Value) (T, bool)) storer {
	return func(v Value, dst reflect.Value) error {
		*dst.Addr().Interface().(*T), _ = get(v)
		return nil
	}
}
