package websocket

import (
	"encoding/binary"
	"strconv"
	"strings"
	"unicode/utf8"

	ws "github.com/coder/websocket"
)

// closing is why a connection ended: the code and reason of the close frame, or what
// stands for it (spec: websocket 9).
type closing struct {
	code   int
	reason string
}

var (
	noStatus     = closing{1005, "No status code"}
	abnormal     = closing{1006, "Abnormal closure"}
	sendTimeout  = closing{1006, "Send timeout"}
	terminating  = closing{1001, "Terminating"}
	badPayload   = closing{1007, "Invalid frame payload data"}
	pingTimeout  = closing{1011, "Ping timeout"}
	notSubscribe = closing{1011, "Could not subscribe. Something bad happened!"}
	tooEager     = closing{1008, "Too many messages before the ack"}
)

const opClose = 8

// frame is the close frame. A connection without a code ends without one.
func (c closing) frame() []byte {
	if c.code == noStatus.code {
		return appendFrame(nil, opClose, nil)
	}
	payload := binary.BigEndian.AppendUint16(nil, uint16(c.code))
	return appendFrame(nil, opClose, append(payload, c.reason...))
}

// closingOf reads a close frame that coder/websocket wrote: the echo of the client's,
// or what the library has to object to, which then is said in Zeek's words.
func closingOf(frame []byte) closing {
	const header = 2 // ours are not masked, and the length fits in one byte
	payload := frame[header:]
	if len(payload) < 2 {
		return noStatus
	}
	c := closing{int(binary.BigEndian.Uint16(payload)), string(payload[2:])}
	switch {
	case !utf8.ValidString(c.reason):
		return badPayload
	case c.code == 1014: // that the library knows, and Zeek does not
		return closing{1002, "Invalid close code: 1014"}
	case c.code == 1002 || c.code == 1009:
		c.reason = zeekReason(c.reason)
	}
	return c
}

// objections is what coder/websocket says of a violation of the protocol, and what
// Zeek does (spec: websocket 9).
var objections = []struct{ library, zeek string }{
	{"received header with unexpected rsv bits", "Reserved bit used"},
	{"received fragmented control frame", "Control message fragmented"},
	{"received control frame payload with invalid length", "Ping reason control frame with payload length > 125 octets"},
	{"received new data message without finishing", "Fragmentation: data message out of sequence"},
	{"received continuation frame without", "Fragmentation: continuation opcode out of sequence"},
	{"received unknown opcode", "Protocol error"},
	{"received invalid close payload: close payload", "Protocol error"},
	{"read limited at", "Message too big"},
}

func zeekReason(reason string) string {
	if _, name, ok := strings.Cut(reason, "invalid status code "); ok {
		return "Invalid close code: " + codeOf(name)
	}
	for _, o := range objections {
		if strings.HasPrefix(reason, o.library) {
			return o.zeek
		}
	}
	return reason // the client's own, which is echoed
}

// codeOf is the number of a code that the library names: StatusCode(999), or
// statusReserved.
func codeOf(name string) string {
	for _, code := range []ws.StatusCode{1004, 1005, 1006, 1015} {
		if name == code.String() {
			return strconv.Itoa(int(code))
		}
	}
	return strings.TrimSuffix(strings.TrimPrefix(name, "StatusCode("), ")")
}
