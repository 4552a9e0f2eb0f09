package event

import (
	"fmt"
	"slices"
)

// The names of the serializations on the wire (spec: wire 1.4).
const (
	FormatBin  = "broker-bin-v1"
	FormatJSON = "broker-json-v1"
)

// Event is one event.
type Event struct {
	// Name is the full script name: "Cluster::hello"; events of the global module
	// have no prefix.
	Name string
	Args []Value
	// Metadata is the third element of the envelope as it came: a list of lists
	// of id and value; or none without one. [Event.Meta] and [Event.SetMeta] read
	// and change it.
	Metadata Value
}

// Decode reads an event in the named format. The event refers to payload, which
// must not be changed while it is in use.
func Decode(format string, payload []byte) (Event, error) {
	var v Value
	var err error
	switch format {
	case FormatBin:
		v, err = decodeBin(payload)
	case FormatJSON:
		v, err = decodeJSON(payload)
	default:
		err = fmt.Errorf("format %q is unknown; use %s or %s", format, FormatBin, FormatJSON)
	}
	var e Event
	if err == nil {
		e, err = unwrap(v)
	}
	if err != nil {
		return Event{}, fmt.Errorf("cannot decode event: %w", err)
	}
	return e, nil
}

// head is what the envelope of an event begins with: list of 3, count 1 for the
// version, count 1 for the type, list (spec: wire 2.1).
const head = "\x0e\x03\x02\x00\x00\x00\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x00\x00\x00\x01\x0e"

// Append appends the event in broker-bin-v1. It allocates at most once, and not
// at all if dst has room.
func (e Event) Append(dst []byte) []byte {
	name, args := String(e.Name), List(e.Args...)
	dst = slices.Grow(dst, len(head)+1+name.size()+args.size()+e.Metadata.size())
	dst = append(dst, head...)
	if e.Metadata.kind != KindList {
		return args.AppendBin(name.AppendBin(append(dst, 2)))
	}
	return e.Metadata.AppendBin(args.AppendBin(name.AppendBin(append(dst, 3))))
}
