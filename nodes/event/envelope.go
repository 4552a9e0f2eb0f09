package event

import (
	"errors"
	"fmt"
)

const (
	protocolVersion = 1
	eventType       = 1
)

// wrap is the event as one value: list(version, type, list(name, args[,
// metadata])) (spec: wire 2.1).
func (e Event) wrap() Value {
	body := []Value{String(e.Name), List(e.Args...)}
	if e.Metadata.kind == KindList {
		body = append(body, e.Metadata)
	}
	return List(Count(protocolVersion), Count(eventType), List(body...))
}

// unwrap takes such a value apart. Zeek does not check that shape; we do, for
// those we hand it on to (spec: wire T18). More elements than expected are
// ignored, as Zeek does.
func unwrap(v Value) (Event, error) {
	if v.kind != KindList || v.n < 3 {
		return Event{}, errNoEnvelope
	}
	envelope := v.elems()
	if !envelope[0].Equal(Count(protocolVersion)) || !envelope[1].Equal(Count(eventType)) {
		return Event{}, fmt.Errorf("expected a message of version count 1 and type count 1, got version %s and type %s",
			envelope[0].describe(), envelope[1].describe())
	}
	return unwrapBody(envelope[2])
}

var errNoEnvelope = errors.New("the envelope is not a list of version, type and event")

// Unwrap is the event in a list of version, type and event. Version and type may be
// anything, as they may for Zeek's WebSocket API (spec: websocket 7).
func Unwrap(v Value) (Event, error) {
	if v.kind != KindList || v.n < 3 {
		return Event{}, errNoEnvelope
	}
	return unwrapBody(v.elems()[2])
}

func unwrapBody(body Value) (Event, error) {
	if body.kind != KindList || body.n < 2 {
		return Event{}, errors.New("the event is not a list of name, arguments and perhaps metadata")
	}
	parts := body.elems()
	name, ok := parts[0].Text()
	if !ok || name == "" {
		return Event{}, errors.New("the event has no name")
	}
	if parts[1].kind != KindList {
		return Event{}, fmt.Errorf("the arguments of %s are not a list", name)
	}
	e := Event{Name: name, Args: parts[1].elems()}
	if len(parts) > 2 {
		e.Metadata = parts[2]
	}
	if k := e.Metadata.kind; k != KindList && k != KindNone {
		return Event{}, fmt.Errorf("the metadata of %s are not a list", name)
	}
	return e, nil
}

// describe is kind and number of a count, else the kind, for messages.
func (v Value) describe() string {
	if n, ok := v.Count(); ok {
		return fmt.Sprintf("count %d", n)
	}
	return v.kind.String()
}
