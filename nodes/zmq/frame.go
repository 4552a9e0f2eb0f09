package zmq

import "encoding/binary"

// Bits of a frame's first byte; the others must be zero (ZMTP 3.0, "traffic"; spec: wire 1.6, T29).
const (
	flagMore    = 1 << 0
	flagLong    = 1 << 1
	flagCommand = 1 << 2
	flagsKnown  = flagMore | flagLong | flagCommand
)

// Sizes of a frame header: flags and one byte of length, or flags and eight (big endian).
const (
	shortHeader = 2
	longHeader  = 9
)

// header is a parsed frame header.
type header struct {
	flags byte
	size  uint64 // of the body
	len   int    // of the header itself
}

// headerLen says how long the header is that begins with flags.
func headerLen(flags byte) int {
	if flags&flagLong != 0 {
		return longHeader
	}
	return shortHeader
}

// parseHeader reads the header at the beginning of p, which must hold all of it.
func parseHeader(p []byte) header {
	h := header{flags: p[0], len: headerLen(p[0])}
	if h.len == longHeader {
		h.size = binary.BigEndian.Uint64(p[1:longHeader])
	} else {
		h.size = uint64(p[1])
	}
	return h
}

// frameLen is how long the frame at the beginning of p is, which must hold its header.
func frameLen(p []byte) int {
	h := parseHeader(p)
	return h.len + int(h.size)
}

// appendFrame appends one frame to dst.
func appendFrame(dst []byte, flags byte, body []byte) []byte {
	return append(appendHeader(dst, flags, len(body)), body...)
}

// appendHeader appends the header of a frame whose body has size bytes.
func appendHeader(dst []byte, flags byte, size int) []byte {
	if size > 255 {
		dst = append(dst, flags|flagLong)
		return binary.BigEndian.AppendUint64(dst, uint64(size))
	}
	return append(dst, flags, byte(size))
}

// appendMessage appends the message's wire bytes to dst.
func appendMessage(dst []byte, m Message) []byte {
	for i, frame := range m {
		var flags byte
		if i < len(m)-1 {
			flags = flagMore
		}
		dst = appendFrame(dst, flags, frame)
	}
	return dst
}

// wireSize is how many bytes appendMessage appends.
func (m Message) wireSize() int {
	n := 0
	for _, frame := range m {
		if len(frame) > 255 {
			n += longHeader
		} else {
			n += shortHeader
		}
		n += len(frame)
	}
	return n
}

// lengthOf returns how many bytes the first n messages of wire have. They must be well-formed and there.
func lengthOf(wire []byte, n int) int {
	off := 0
	for n > 0 {
		h := parseHeader(wire[off:])
		off += h.len + int(h.size)
		if h.flags&flagMore == 0 {
			n--
		}
	}
	return off
}

// countIn returns how many messages wire holds, the last of which need not be whole and then does not count.
func countIn(wire []byte) (n int) {
	for off := 0; off < len(wire) && off+headerLen(wire[off]) <= len(wire); {
		h := parseHeader(wire[off:])
		off += h.len + int(h.size)
		if h.flags&flagMore == 0 && off <= len(wire) {
			n++
		}
	}
	return n
}
