package curve

import (
	"encoding/binary"
	"strings"

	"github.com/go-zeromq/zmq4"
)

// socketType is the property that both sides must tell (RFC 23, "metadata").
const socketType = "Socket-Type"

// maxMetadata bounds the properties of a peer. libzmq sends some 40 bytes.
const maxMetadata = 4 << 10

// parseMetadata reads properties, each a length byte, a name, four bytes of length and a value. Names differ in case from
// peer to peer; the one that matters is returned in zmq4's.
func parseMetadata(p []byte) (zmq4.Metadata, error) {
	found := make(zmq4.Metadata)
	for len(p) > 0 {
		name, rest, ok := cut(p[1:], uint64(p[0]))
		if !ok || len(rest) < 4 {
			return nil, errMalformed
		}
		value, rest, ok := cut(rest[4:], uint64(binary.BigEndian.Uint32(rest)))
		if !ok {
			return nil, errMalformed
		}
		if strings.EqualFold(string(name), socketType) {
			name = []byte(socketType)
		}
		found[string(name)] = string(value)
		p = rest
	}
	if found[socketType] == "" {
		return nil, errNoType
	}
	return found, nil
}

func cut(p []byte, n uint64) (head, rest []byte, ok bool) {
	if n > uint64(len(p)) {
		return nil, nil, false
	}
	return p[:n], p[n:], true
}
