package frame

import (
	"errors"
	"fmt"

	"zctl/nodes/event"
)

// Data is a data-message.
type Data struct {
	Topic string
	Event event.Event
}

// DecodeData reads a message that a client sends after its subscriptions, as Zeek
// does: "type" may be anything, the order of keys is free, others are ignored, and of
// those that occur twice the first one counts (spec: websocket 4, 6). With strict it
// refuses all that Zeek refuses, else it also reads what clients get wrong
// ([event.ParseObject]). The error is [NotDecoded], [NoTopic] or [NoEvent], in this
// order; the other one says what exactly is wrong, for logs. The event refers to in,
// which must not change while it is in use.
func DecodeData(in []byte, strict bool) (Data, *Error, error) {
	var m members
	v, typed, err := event.ParseObject(in, !strict, m.take)
	switch {
	case err != nil:
		return Data{}, NotDecoded, err
	case !typed:
		return Data{}, NotDecoded, errors.New(`there is no "@data-type"`)
	case !m.hasTopic || m.topic == noTopic:
		return Data{}, NoTopic, errors.New("the topic is not a string")
	}
	e, err := event.Unwrap(v)
	if err != nil {
		return Data{}, NoEvent, err
	}
	return Data{Topic: m.topic, Event: e}, nil, nil
}

// noTopic is what Zeek takes for a topic that is missing.
const noTopic = "<$>"

// members is the texts in a frame.
type members struct {
	kind, endpoint, version, code, context string

	topic    string
	hasTopic bool
}

func (m *members) take(key, text string) {
	dst := m.field(key)
	if key == "topic" && !m.hasTopic {
		m.topic, m.hasTopic = text, true
	}
	if dst != nil && *dst == "" {
		*dst = text
	}
}

func (m *members) field(key string) *string {
	switch key {
	case "type":
		return &m.kind
	case "endpoint":
		return &m.endpoint
	case "version":
		return &m.version
	case "code":
		return &m.code
	case "context", "message": // Zeek 7.2 calls it message
		return &m.context
	}
	return nil
}

// Frame is what a server sent: exactly one of its fields is set.
type Frame struct {
	Ack   *Ack
	Data  *Data
	Error *Error
}

// Ack says that a server took a client's subscriptions.
type Ack struct {
	Endpoint string // the node id of the client
	Version  string // of the server
}

// ErrUnknownFrame is the error of a frame of a type that this package does not know;
// clients should go on.
var ErrUnknownFrame = errors.New("unknown type of frame")

// Decode reads a message of a server, also where Zeek writes what is no JSON: control
// characters and bytes that are not UTF-8 in strings, \v, nan and inf. The frame refers
// to in, which must not change while it is in use.
func Decode(in []byte) (Frame, error) {
	var m members
	v, typed, err := event.ParseObject(in, true, m.take)
	if err != nil {
		return Frame{}, fmt.Errorf("cannot read frame: %w", err)
	}
	switch m.kind {
	case "ack":
		return Frame{Ack: &Ack{m.endpoint, m.version}}, nil
	case "error":
		return Frame{Error: &Error{m.code, m.context}}, nil
	case "data-message":
		return decodeData(&m, v, typed)
	}
	return Frame{}, fmt.Errorf("cannot read frame: %w %q", ErrUnknownFrame, m.kind)
}

func decodeData(m *members, v event.Value, typed bool) (Frame, error) {
	if !typed || !m.hasTopic {
		return Frame{}, errors.New(`cannot read frame: a data-message needs "topic", "@data-type" and "data"`)
	}
	e, err := event.Unwrap(v)
	if err != nil {
		return Frame{}, fmt.Errorf("cannot read frame: topic %q: %w", m.topic, err)
	}
	return Frame{Data: &Data{Topic: m.topic, Event: e}}, nil
}
