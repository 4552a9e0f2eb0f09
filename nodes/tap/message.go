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

// Event decodes the event. It refers to the message's payload.
func (m Message) Event() (event.Event, error) {
	if len(m.Frames) != 4 {
		return event.Event{}, fmt.Errorf("no event: %d frames, not topic, sender, format and payload", len(m.Frames))
	}
	return event.Decode(m.Format(), m.Frames[3])
}
