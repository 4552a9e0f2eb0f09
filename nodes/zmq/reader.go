package zmq

import (
	"errors"
	"io"
)

// Sizes of the reader's chunks. An idle connection costs the first, a busy one soon has the largest.
const (
	firstChunk = 4 << 10
	chunkSize  = 64 << 10
)

// reader cuts a connection's bytes into packets.
//
// It reads into chunks that it fills once and never overwrites, so a packet is a slice of a chunk and may be kept or
// queued without a copy (spec: zmq4 6). Memory is bounded by max, and grows to at most twice what was received.
type reader struct {
	src io.Reader
	max int // bytes of one packet

	buf        []byte
	start, end int // buf[start:end] is received and not yet returned
	spans      []span
}

func newReader(src io.Reader, maxPacket int) *reader {
	return &reader{src: src, max: maxPacket}
}

// next returns the next packet. It returns io.EOF when the peer ended between two packets, io.ErrUnexpectedEOF when it
// ended within one, a *misbehaviour when the bytes cannot be ZMTP or exceed a limit, or what the connection returned.
func (r *reader) next() (packet, error) {
	r.spans = r.spans[:0]
	for off := 0; ; {
		h, err := r.header(off)
		if err != nil {
			return packet{}, err
		}
		from, to := off+h.len, off+h.len+int(h.size)
		if err := r.need(to); err != nil {
			return packet{}, err
		}
		r.spans = append(r.spans, span{from, to})
		off = to
		if h.flags&flagMore == 0 {
			end := r.start + off
			wire := r.buf[r.start:end:end]
			r.start = end
			return packet{wire: wire, spans: r.spans, command: h.flags&flagCommand != 0}, nil
		}
	}
}

// header reads and checks the frame header at offset off of the packet.
func (r *reader) header(off int) (header, error) {
	if err := r.need(off + shortHeader); err != nil {
		return header{}, err
	}
	flags := r.buf[r.start+off]
	switch {
	case flags&^flagsKnown != 0:
		return header{}, misbehaved("frame flags %#02x are not ZMTP", flags)
	case flags&flagCommand != 0 && (flags&flagMore != 0 || off > 0):
		return header{}, misbehaved("a command stands within a multipart message")
	case len(r.spans) == maxFrames:
		return header{}, misbehaved("a message has more than %d frames", maxFrames)
	}
	if err := r.need(off + headerLen(flags)); err != nil {
		return header{}, err
	}
	h := parseHeader(r.buf[r.start+off : r.end])
	if h.size > uint64(r.max) || off+h.len+int(h.size) > r.max {
		return header{}, misbehaved("a frame of %d bytes makes its message longer than the limit of %d", h.size, r.max)
	}
	return h, nil
}

// need makes the first n bytes of the packet available.
func (r *reader) need(n int) error {
	for idle := 0; r.end-r.start < n; {
		if r.end == len(r.buf) {
			r.grow(n)
		}
		got, err := r.src.Read(r.buf[r.end:])
		r.end += got
		if r.end-r.start >= n {
			break // an error will come again
		}
		if errors.Is(err, io.EOF) && r.end > r.start {
			return io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
		if idle++; got > 0 {
			idle = 0
		} else if idle == 100 {
			return io.ErrNoProgress
		}
	}
	return nil
}

// grow begins a new chunk with the received part of the current packet, which is to have n bytes at least.
func (r *reader) grow(n int) {
	have := r.end - r.start
	size := max(firstChunk, min(2*len(r.buf), chunkSize))
	size = max(size, min(2*have, n))
	next := make([]byte, size)
	copy(next, r.buf[r.start:r.end])
	r.buf, r.start, r.end = next, 0, have
}
