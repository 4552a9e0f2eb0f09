package zmq

import (
	"errors"
	"fmt"
)

// Message is the frames of one multipart message. On the bus and on log sockets Zeek uses four: topic (or "log-write"),
// sender's node id, format name, payload (spec: wire 1.4, 1.5).
//
// Frames handed to a handler are never written to again and may be kept. They are slices of a receive buffer of up to
// 64 kB, or of the message if that is longer: copy a small frame that is to live for long.
// Frames handed to Send are copied before it returns.
type Message [][]byte

var (
	// ErrAgain says that the high-water mark is reached and the message was not taken: libzmq's EAGAIN.
	ErrAgain = errors.New("cannot queue the message: the high-water mark is reached; drop it or try again later")

	// ErrClosed says that the socket was closed by its owner.
	ErrClosed = errors.New("cannot use the socket: it is closed")
)

// maxFrames bounds the frames of one message. Zeek sends four and rejects any other number (spec: wire 1.4).
const maxFrames = 1024

// measure returns how many bytes the message has on the wire, or why a peer with the same limits would refuse it.
func (m Message) measure(maxMessage int) (size int, err error) {
	if len(m) == 0 {
		return 0, errors.New("cannot send a message without frames: put the topic into frame 0")
	}
	if len(m) > maxFrames {
		return 0, fmt.Errorf("cannot send a message of %d frames: the limit is %d", len(m), maxFrames)
	}
	if size = m.wireSize(); size > maxMessage {
		return 0, fmt.Errorf("cannot send a message of %d bytes: the limit is %d; raise MaxMessage on both sides", size, maxMessage)
	}
	return size, nil
}
