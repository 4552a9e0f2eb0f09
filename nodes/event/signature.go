package event

import (
	"reflect"
	"strings"
)

// SignatureOf is Zeek's name of the type that a Go type stands for: "string",
// "count", "vector of addr", "set[addr, port]", "table[string] of count",
// "record", "any". What stands for none is called by its Go name.
func SignatureOf(t reflect.Type) string { return signature(t, 0) }

// signature names a type, depth deep in another: some types contain themselves.
func signature(t reflect.Type, depth int) string {
	if kind, ok := scalarKind(t); ok {
		return kind.String()
	}
	switch {
	case isAny(t), depth > 8:
		return "any"
	case isOptional(t):
		return signature(t.Elem(), depth+1)
	case t.Kind() == reflect.Slice, t.Kind() == reflect.Array:
		return "vector of " + signature(t.Elem(), depth+1)
	case t.Kind() == reflect.Struct:
		return "record"
	case t.Kind() == reflect.Map && isSet(t):
		return "set[" + indexSignature(t.Key(), depth) + "]"
	case t.Kind() == reflect.Map:
		return "table[" + indexSignature(t.Key(), depth) + "] of " + signature(t.Elem(), depth+1)
	}
	return t.String()
}

// indexSignature names what a set or table is indexed by: one type, or the
// several of a struct.
func indexSignature(t reflect.Type, depth int) string {
	if _, scalar := scalarKind(t); scalar || t.Kind() != reflect.Struct {
		return signature(t, depth+1)
	}
	indexes, _ := recordFields(t)
	names := make([]string, len(indexes))
	for i, index := range indexes {
		names[i] = signature(t.Field(index).Type, depth+1)
	}
	return strings.Join(names, ", ")
}

// Signature is the event as its arguments are typed, as far as they tell:
// "Cluster::hello(string, string)".
func (e Event) Signature() string {
	names := make([]string, len(e.Args))
	for i, arg := range e.Args {
		names[i] = arg.kind.String()
	}
	return e.Name + "(" + strings.Join(names, ", ") + ")"
}
