package client

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"github.com/coder/websocket"

	"zctl/nodes/event"
)

// Message is an event as a server sent it.
type Message struct {
	Topic string
	// Data is the whole data-message, which is broker-json-v1 as well.
	Data []byte
}

// Event decodes the event. It refers to Data, which must not change while the event is
// in use.
func (m Message) Event() (event.Event, error) { return event.Decode(event.FormatJSON, m.Data) }

// dataHead is how servers begin a data-message (spec: websocket 4); the order of keys
// is free, but all have this one.
var dataHead = []byte(`{"type":"data-message","topic":"`)

// dataTopic is the topic of a data-message that begins as usual, without looking at the
// rest.
func dataTopic(data []byte) (string, bool) {
	rest, usual := bytes.CutPrefix(data, dataHead)
	end := bytes.IndexByte(rest, '"')
	if !usual || end < 0 || bytes.IndexByte(rest[:end], '\\') >= 0 {
		return "", false
	}
	return string(rest[:end]), true
}

// outgoing is a message that waits to be sent.
type outgoing struct {
	typ  websocket.MessageType
	data []byte
}

// newOutgoing is a data-message with an event. It is text, but for bytes that cannot
// be in a text: such a message is binary, which servers read alike (spec: websocket
// 21).
func newOutgoing(topic string, e event.Event) (outgoing, error) {
	if err := checkTopic(topic); err != nil {
		return outgoing{}, err
	}
	data := append(make([]byte, 0, 512), `{"type":"data-message","topic":`...)
	data = event.AppendQuoted(data, topic)
	brace := len(data)
	data = e.AppendExactJSON(data)
	data[brace] = ',' // the event's members follow the topic
	if utf8.Valid(data) {
		return outgoing{websocket.MessageText, data}, nil
	}
	return outgoing{websocket.MessageBinary, data}, nil
}

// checkTopic says whether a server can be told of a topic as it is.
func checkTopic(topic string) error {
	switch {
	case !utf8.ValidString(topic) || bytes.IndexByte([]byte(topic), 0) >= 0:
		return fmt.Errorf("topic %q is not UTF-8, or has a NUL: a WebSocket server cannot be told of it", topic)
	case topic == "<$>":
		return fmt.Errorf("topic %q means no topic to Zeek's WebSocket server", topic)
	}
	return nil
}
