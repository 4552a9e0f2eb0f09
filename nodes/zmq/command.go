package zmq

import "github.com/go-zeromq/zmq4"

// Sizes within a PING: its time to live, and the longest context that a PONG has to echo (RFC 37/ZMTP 3.1).
const (
	pingTTL     = 2
	pingContext = 16
)

// parseCommand splits a command's body into name and data.
func parseCommand(body []byte) (name string, data []byte, err error) {
	if len(body) == 0 || int(body[0]) > len(body)-1 {
		return "", nil, misbehaved("a command's name is longer than the command")
	}
	end := 1 + int(body[0])
	return string(body[1:end]), body[end:], nil
}

// pongFor returns the frame that answers a PING with the given data. libzmq pings ZMTP 3.0 peers, too (spec: zmq4 7.4).
func pongFor(data []byte) ([]byte, error) {
	if len(data) < pingTTL {
		return nil, misbehaved("a PING has no time to live")
	}
	context := data[pingTTL:]
	context = context[:min(len(context), pingContext)]
	return appendCommand(nil, zmq4.CmdPong, context), nil
}

// appendCommand appends a command frame to dst.
func appendCommand(dst []byte, name string, data []byte) []byte {
	body := append([]byte{byte(len(name))}, name...)
	return appendFrame(dst, flagCommand, append(body, data...))
}
