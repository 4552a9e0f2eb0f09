package event

import (
	"fmt"
	"reflect"
	"sync"
)

// To puts the value into what dst points to, copying it. Kinds are exact, as
// they are for Zeek (spec: wire 2.5): a count does not go into an int.
//
//	bool                    bool
//	count                   uint, uint64 … if it is not too large
//	int                     int, int64 … if it is not too large
//	double                  float64, float32
//	string                  string, []byte
//	addr, subnet            netip.Addr, netip.Prefix
//	port, enum              [Port], [Enum]
//	time, interval          time.Time, time.Duration
//	vector                  slice, array
//	record                  struct: exported fields in order; more elements than fields are ignored
//	set[K], table[K] of V   map[K]struct{}, map[K]V; K may be a struct for an index of several types
//	one that may be unset   pointer to one of these: nil for none
//	any                     [Value], any, which becomes a Value
//
// The error is or wraps a [MismatchError]; dst may then be partly filled.
func (v Value) To(dst any) error {
	p := reflect.ValueOf(dst)
	if p.Kind() != reflect.Pointer || p.IsNil() {
		return fmt.Errorf("cannot convert %s to %T: hand in a pointer to where it should go", v.kind, dst)
	}
	store, err := storerOf(p.Type().Elem())
	if err == nil {
		err = store(v, p.Elem())
	}
	if err != nil {
		return fmt.Errorf("cannot convert %s to %s: %w", v.kind, p.Type().Elem(), err)
	}
	return nil
}

// ConverterTo makes what turns values into Go values of type t, as [Value.To]
// does, for those who do it often. It fails if t stands for no type of Zeek's.
// What it makes may be used by several goroutines at once.
func ConverterTo(t reflect.Type) (func(Value) (reflect.Value, error), error) {
	store, err := storerOf(t)
	if err != nil {
		return nil, fmt.Errorf("cannot convert to %s: %w", t, err)
	}
	return func(v Value) (reflect.Value, error) {
		x := reflect.New(t).Elem()
		err := store(v, x)
		return x, err
	}, nil
}

// storer puts a value into a settable Go value of the type it was made for.
type storer func(Value, reflect.Value) error

var storers sync.Map // of reflect.Type to storer

// storerOf makes the storer of a type, once.
func storerOf(t reflect.Type) (storer, error) {
	if known, ok := storers.Load(t); ok {
		return known.(storer), nil
	}
	made, err := storerMaker{}.storer(t)
	if err == nil {
		storers.Store(t, made)
	}
	return made, err
}
