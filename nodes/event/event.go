// Package event is what Zeek nodes tell each other: events with arguments, in
// Zeek's serialization broker-bin-v1 (spec: wire 2.1, 2.2).
//
// Payloads flow in from the bus through [Decode] and out through
// [Event.Append]. Decoding trusts nothing: every length is checked against what
// is there, nesting and the number of values are bounded, and what was not
// understood is an error that says where. Values refer to the payload they were
// decoded from instead of copying it.
//
// The package knows no topics, no sockets and no particular events.
package event

import (
	"errors"
	"fmt"
)

// Format is the name of the serialization on the wire (spec: wire 1.4).
const Format = "broker-bin-v1"

// Event is one event.
type Event struct {
	// Name is the full script name: "Cluster::hello".
	Name string
	Args []Value
	// Metadata is the third element of the envelope as it came, or the zero
	// Value without one.
	Metadata Value
}

const (
	protocolVersion = 1
	eventType       = 1
)

// Decode reads an envelope. The event refers to payload, which must not be
// changed while it is in use.
func Decode(payload []byte) (Event, error) {
	d := decoder{in: payload}
	v, err := d.value(0)
	if err == nil && d.pos != len(d.in) {
		err = d.errorf("%d bytes behind the value", len(d.in)-d.pos)
	}
	if err != nil {
		return Event{}, fmt.Errorf("cannot decode event: %w", err)
	}
	e, err := envelope(v)
	if err != nil {
		return Event{}, fmt.Errorf("cannot decode event: %w", err)
	}
	return e, nil
}

// envelope takes apart list(version, type, list(name, args[, metadata])). Zeek
// does not check that shape; we do, for those we hand it on to (spec: wire T18).
func envelope(v Value) (Event, error) {
	if v.kind != KindList || len(v.elems) != 3 {
		return Event{}, errors.New("the envelope is not a list of version, type and event")
	}
	version, okVersion := v.elems[0].Count()
	kind, okKind := v.elems[1].Count()
	if !okVersion || version != protocolVersion || !okKind || kind != eventType {
		return Event{}, fmt.Errorf("version and type of the message are %v and %v, not count 1 and count 1", v.elems[0], v.elems[1])
	}
	body := v.elems[2]
	if body.kind != KindList || len(body.elems) < 2 || len(body.elems) > 3 {
		return Event{}, errors.New("the event is not a list of name, arguments and perhaps metadata")
	}
	name, ok := body.elems[0].Text()
	if !ok || name == "" {
		return Event{}, errors.New("the event has no name")
	}
	if body.elems[1].kind != KindList {
		return Event{}, fmt.Errorf("the arguments of %s are not a list", name)
	}
	e := Event{Name: name, Args: body.elems[1].elems}
	if len(body.elems) == 3 {
		e.Metadata = body.elems[2]
	}
	return e, nil
}

// Append appends the event in broker-bin-v1.
func (e Event) Append(dst []byte) []byte {
	body := []Value{String(e.Name), List(e.Args...)}
	if e.Metadata.kind == KindList {
		body = append(body, e.Metadata)
	}
	return List(Count(protocolVersion), Count(eventType), List(body...)).Append(dst)
}
