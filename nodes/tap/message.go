package tap

import (
	"fmt"
	"time"

	"zctl/nodes/event"
	"zctl/nodes/zmq"
)

// Message is a message as it passed.
type Message struct {
	// Time is when it was received, by this host's clock.
	Time time.Time
	// Frames is what it is made of: topic, sender's node id, name of the format
	// and payload if it is an event (spec: wire 1.4), and at least one frame.
	Frames zmq.Message
}

// frame is one of the frames, empty if there are not that many.
func (m Message) frame(i int) string {
	if i >= len(m.Frames) {
		return ""
	}
	return string(m.Frames[i])
}

// Topic is what subscribers match.
func (m Message) Topic() string { return m.frame(0) }

// Sender is the node id of whoever published it.
func (m Message) Sender() string { return m.frame(1) }

// Format is the name of the payload's serialization.
func (m Message) Format() string { return m.frame(2) }

// Decoded is a message, and what it means.
type Decoded struct {
	Message
	// Event is the event, which refers to the message's payload, if Err is nil.
	Event event.Event
	Err   error
}

// Decode decodes the event.
func (m Message) Decode() Decoded {
	d := Decoded{Message: m}
	if len(m.Frames) != 4 {
		d.Err = fmt.Errorf("no event: %d frames, not topic, sender, format and payload", len(m.Frames))
	} else {
		d.Event, d.Err = event.Decode(m.Format(), m.Frames[3])
	}
	return d
}
