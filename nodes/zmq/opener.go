package zmq

import (
	"errors"
	"io"

	"zctl/nodes/zmq/curve"
)

// opener opens frames on their way in. Like reader it bounds memory by the longest packet, and grows to at most twice
// what was received.
type opener struct {
	src     io.Reader
	session *curve.Session
	max     int // bytes of a plain packet

	// charge, unless nil, waits for room for a long frame: for the bytes of its buffer and those that are opened.
	charge func(size int, old *chunk, underWay bool) (*chunk, error)
	room   *chunk // nil: it needs none

	buf        []byte
	start, end int    // buf[start:end] is received and not yet opened
	plain      []byte // opened and not yet handed out
	failed     error  // nothing can be opened any more
}

// Read hands out as many opened frames as are there and fit, or a part of one that does not fit.
func (o *opener) Read(p []byte) (int, error) {
	for len(p) > 0 {
		if n := o.take(p); n > 0 {
			return n, nil
		}
		if o.failed != nil {
			return 0, o.failed
		}
		if err := o.receive(); err != nil {
			return 0, err
		}
	}
	return 0, nil
}

// take fills p with what has been received.
func (o *opener) take(p []byte) (n int) {
	n = copy(p, o.plain)
	o.plain = o.plain[n:]
	for len(o.plain) == 0 && o.failed == nil {
		body := o.next()
		if body == nil {
			break
		}
		if room := longHeader + len(body); room <= len(p)-n {
			n += o.open(p[n:], body)
			continue
		}
		frame := make([]byte, longHeader+len(body))
		frame = frame[:o.open(frame, body)]
		copied := copy(p[n:], frame)
		n, o.plain = n+copied, frame[copied:]
	}
	return n
}

// next returns the body of the next frame that was received as a whole, or nil.
func (o *opener) next() []byte {
	h, ok := o.header()
	if !ok || o.end-o.start < h.len+int(h.size) {
		return nil
	}
	body := o.buf[o.start+h.len:][:h.size]
	o.start += h.len + int(h.size)
	return body
}

// header returns the header of the next frame, if it was received and is good.
func (o *opener) header() (header, bool) {
	in := o.buf[o.start:o.end]
	if len(in) == 0 || len(in) < headerLen(in[0]) {
		return header{}, false
	}
	h := parseHeader(in)
	switch {
	case h.flags&^(flagLong|flagCommand) != 0: // RFC 26 calls a MESSAGE a command, libzmq does not say that it is one
		o.failed = misbehaved("frame flags %#02x are not CURVE", h.flags)
	case h.size < uint64(curve.Overhead):
		o.failed = misbehaved("a frame of %d bytes is too short for CURVE", h.size)
	case h.size > uint64(o.max+curve.Overhead):
		o.failed = misbehaved("a frame of %d bytes makes its message longer than the limit of %d", h.size, o.max)
	}
	return h, o.failed == nil
}

// open writes a plain frame to dst and returns its length. The opened body lands where it belongs: the byte in front of
// it, where its flags land, is the last one of the header.
func (o *opener) open(dst, body []byte) int {
	size := len(body) - curve.Overhead
	n := shortHeader
	if size > 255 {
		n = longHeader
	}
	opened, err := o.session.Open(dst[n-1:n-1], body)
	if err != nil {
		o.failed = misbehaved("%v", err)
		return 0
	}
	var flags byte
	if opened[0]&curve.FlagMore != 0 {
		flags |= flagMore
	}
	if opened[0]&curve.FlagCommand != 0 {
		flags |= flagCommand
	}
	appendHeader(dst[:0], flags, size)
	return n + size
}

// receive reads once, at least a byte.
func (o *opener) receive() error {
	const patience = 100 // as bufio's
	if err := o.makeRoom(); err != nil {
		return err
	}
	for range patience {
		n, err := o.src.Read(o.buf[o.end:])
		o.end += n
		switch {
		case n > 0:
			return nil // an error will come again
		case errors.Is(err, io.EOF) && o.end > o.start:
			return io.ErrUnexpectedEOF
		case err != nil:
			return err
		}
	}
	return io.ErrNoProgress
}

// makeRoom makes room for more of the frame under way, in a larger buffer if the last read filled this one, and in a
// smaller one if a long frame has left it.
func (o *opener) makeRoom() error {
	have, size := o.end-o.start, len(o.buf)
	filled := o.end == size
	switch {
	case filled && size < sealBatch:
		size = max(firstChunk, 2*size)
	case filled && o.start == 0, size > max(2*have, sealBatch):
		size = max(firstChunk, 2*have)
	}
	buf := o.buf
	if size != len(buf) {
		if err := o.chargeFor(size, have > 0); err != nil {
			return err
		}
		buf = make([]byte, size)
	}
	copy(buf, o.buf[o.start:o.end])
	o.buf, o.start, o.end = buf, 0, have
	return nil
}

// chargeFor counts a buffer of that size, if it is a large one, instead of the one before.
func (o *opener) chargeFor(size int, underWay bool) (err error) {
	old := o.room
	if o.room = nil; o.charge != nil && size > sealBatch {
		o.room, err = o.charge(2*size, old, underWay)
	}
	old.release()
	return err
}
