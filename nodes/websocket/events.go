package websocket

import (
	"fmt"
	"reflect"

	"zctl/nodes/event"
)

// Events is events by name, with the Go types of their arguments as [event.Value.To]
// has them:
//
//	Events{"WSV::ping": {reflect.TypeFor[string](), reflect.TypeFor[uint64]()}}
type Events map[string][]reflect.Type

// check says which type stands for none of Zeek's.
func (e Events) check() error {
	for name, types := range e {
		if _, err := converters(types); err != nil {
			return fmt.Errorf("cannot declare event %s: %w", name, err)
		}
	}
	return nil
}

type converter func(event.Value) (reflect.Value, error)

func converters(types []reflect.Type) ([]converter, error) {
	all := make([]converter, len(types))
	for i, t := range types {
		c, err := event.ConverterTo(t)
		if err != nil {
			return nil, fmt.Errorf("argument %d: %w", i+1, err)
		}
		all[i] = c
	}
	return all, nil
}

// declared is what events are checked against; nil is nothing.
type declared map[string][]converter

// declare is Events that have been checked.
func (e Events) declare() declared {
	if e == nil {
		return nil
	}
	d := declared{}
	for name, types := range e {
		d[name], _ = converters(types)
	}
	return d
}

// check says why Zeek would not make that event.
func (d declared) check(e event.Event) error {
	if d == nil {
		return nil
	}
	want, known := d[e.Name]
	if !known {
		return fmt.Errorf("failed to lookup handler for '%s'", e.Name)
	}
	if len(want) != len(e.Args) {
		return fmt.Errorf("event %s has %d arguments, got %d", e.Name, len(want), len(e.Args))
	}
	for i, convert := range want {
		if _, err := convert(e.Args[i]); err != nil {
			return event.At(fmt.Sprintf("event %s, argument %d", e.Name, i+1), err)
		}
	}
	return nil
}
