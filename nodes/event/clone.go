package event

import "strings"

// Clone is a copy that does not refer to the payload which the value was
// decoded from.
func (v Value) Clone() Value {
	switch v.kind {
	case KindString, KindEnum:
		return text(v.kind, strings.Clone(v.text()))
	case KindSet, KindTable, KindList:
		return container(v.kind, cloneAll(v.elems()))
	}
	return v
}

func cloneAll(values []Value) []Value {
	if len(values) == 0 {
		return nil
	}
	all := make([]Value, len(values))
	for i, v := range values {
		all[i] = v.Clone()
	}
	return all
}

// Clone is a copy that does not refer to the payload which the event was
// decoded from.
func (e Event) Clone() Event {
	return Event{Name: strings.Clone(e.Name), Args: cloneAll(e.Args), Metadata: e.Metadata.Clone()}
}
