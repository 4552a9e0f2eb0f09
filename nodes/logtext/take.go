package logtext

import "encoding/binary"

// takeText reads a string: its length, then its bytes.
func takeText(in []byte) (s, rest []byte, ok bool) {
	if len(in) < 4 {
		return nil, in, false
	}
	n := uint64(binary.BigEndian.Uint32(in))
	in = in[4:]
	if n > uint64(len(in)) {
		return nil, in, false
	}
	return in[:n], in[n:], true
}

// takeProtocol reads the protocol of a port, which logs do not have.
func takeProtocol(in []byte) (rest []byte, ok bool) {
	if len(in) < 4 || binary.BigEndian.Uint32(in) > 3 {
		return in, false
	}
	return in[4:], true
}
