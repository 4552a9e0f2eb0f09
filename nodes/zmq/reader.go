package zmq

import (
	"bytes"
	"errors"
	"io"
	"sync/atomic"
)

// maxTrust is how many bytes a peer may have at once that has sent a packet of that length before: enough for log batches,
// which so are copied once on their way, not each time a buffer becomes too small.
const maxTrust = 1 << 20

// maxWithin bounds the commands within one message: each costs a copy of all before it.
const maxWithin = 100

// reader cuts a connection's bytes into packets.
//
// It reads as much at once as there is, and a packet is a slice of what was read, not a copy (spec: zmq4 6). Memory is
// bounded by max, and grows to at most twice what was received, or to as much as the longest packet so far had.
type reader struct {
	src io.Reader
	max int // bytes of one packet

	// before is called before each read, which may wait: what was made of the packets so far should go on now.
	before func()

	// recycle makes packets short-lived: their bytes are valid until the next read, or until their chunk, if they have
	// one, is released. Otherwise they are never written to again.
	recycle bool

	// alloc, unless nil, makes the chunk for a buffer, which may take long. underWay says that some of a packet has come.
	// Nobody writes to such a chunk again.
	alloc func(size int, underWay bool) (*chunk, error)

	buf        []byte
	chunk      *chunk // that buf belongs to; nil: to the garbage collector
	start, end int    // buf[start:end] is received and not yet returned
	parsed     int    // bytes of the next packet that were looked at already
	spans      []span // its frames so far
	within     int    // commands between them
	longest    int    // bytes of a packet that was received whole
	filled     bool   // the last read left no room: there is more to come

	got   atomic.Int64 // bytes, ever
	idle  atomic.Bool  // it reads, and of the next packet nothing has come
	heard atomic.Bool  // something was read since somebody else looked
}

func newReader(src io.Reader, maxPacket int) *reader {
	return &reader{src: src, max: maxPacket, before: func() {}}
}

// next returns the next packet. It returns io.EOF when the peer ended between two packets, io.ErrUnexpectedEOF when it
// ended within one, a *misbehaviour when the bytes cannot be ZMTP or exceed a limit, or what the connection returned.
func (r *reader) next() (packet, error) {
	for {
		p, missing, err := r.received()
		if missing == 0 || err != nil {
			return p, err
		}
		if err := r.read(r.end - r.start + missing); err != nil {
			return packet{}, err
		}
	}
}

// received returns the next packet if it is there, or how many bytes are missing at least.
func (r *reader) received() (p packet, missing int, err error) {
	in := r.buf[r.start:r.end]
	if r.parsed == 0 {
		r.spans = r.spans[:0]
	}
	for off := r.parsed; ; {
		if len(in) < off+shortHeader {
			return p, off + shortHeader - len(in), nil
		}
		flags := in[off]
		if flags&^flagMore != 0 || len(r.spans) == maxFrames {
			if err := r.checkFlags(flags); err != nil {
				return p, 0, err
			}
			if n := off + headerLen(flags); len(in) < n {
				return p, n - len(in), nil
			}
		}
		h := parseHeader(in[off:])
		if h.size > uint64(r.max) || off+h.len+int(h.size) > r.max {
			return p, 0, misbehaved("a frame of %d bytes makes its message longer than the limit of %d", h.size, r.max)
		}
		from := off + h.len
		to := from + int(h.size)
		if len(in) < to {
			return p, to - len(in), nil
		}
		if flags&flagCommand != 0 && off > 0 {
			if r.within++; r.within > maxWithin {
				return p, 0, misbehaved("more than %d commands stand within a message", maxWithin)
			}
			return r.excise(off, span{from, to}), 0, nil
		}
		r.spans = append(r.spans, span{from, to})
		off, r.parsed = to, to
		if flags&flagMore == 0 {
			p = packet{wire: in[:to:to], spans: r.spans, command: flags&flagCommand != 0, at: r.start}
			r.start, r.parsed, r.within = r.start+to, 0, 0
			r.longest = max(r.longest, min(to, maxTrust))
			return p, 0, nil
		}
	}
}

// excise returns a command that stands between the frames of a message, and closes the gap. ZMTP's grammar knows no such
// thing, but libzmq puts a PING wherever it begins to fill its buffer (seen with 4.3.4).
func (r *reader) excise(off int, body span) packet {
	in := r.buf[r.start:r.end]
	p := packet{wire: bytes.Clone(in[off:body.to]), spans: []span{{body.from - off, body.to - off}}, command: true, at: r.start}
	copy(in[body.to-off:], in[:off])
	r.start += body.to - off
	return p
}

// checkFlags checks the first byte of a frame.
func (r *reader) checkFlags(flags byte) error {
	switch {
	case flags&^flagsKnown != 0:
		return misbehaved("frame flags %#02x are not ZMTP", flags)
	case flags&flagCommand != 0 && flags&flagMore != 0:
		return misbehaved("a command has further frames")
	case len(r.spans) == maxFrames:
		return misbehaved("a message has more than %d frames", maxFrames)
	}
	return nil
}

// read reads once, at least a byte, having made room; the packet under way is to have n bytes at least.
func (r *reader) read(n int) error {
	const patience = 100 // as bufio's
	r.before()
	if err := r.makeRoom(n); err != nil {
		return err
	}
	for range patience {
		r.idle.Store(r.start == r.end)
		got, err := r.src.Read(r.buf[r.end:])
		r.idle.Store(false)
		r.end += got
		r.filled = r.end == len(r.buf)
		switch {
		case got > 0:
			r.got.Add(int64(got))
			r.heard.Store(true)
			return nil // an error will come again
		case errors.Is(err, io.EOF) && r.end > r.start:
			return io.ErrUnexpectedEOF
		case err != nil:
			return err
		}
	}
	return io.ErrNoProgress
}

// makeRoom makes room for more of the packet under way, which is to have n bytes at least.
func (r *reader) makeRoom(n int) error {
	if r.chunk != nil && r.chunk.over && r.start == r.end { // others may need it
		return r.grow(n)
	}
	if r.mine() && !(r.filled && len(r.buf) < chunkSize) {
		r.end = copy(r.buf, r.buf[r.start:r.end])
		r.start = 0
	}
	free := len(r.buf) - r.end
	if free == 0 || r.start > 0 && free <= len(r.buf)/8 { // so little is not worth a read
		return r.grow(n)
	}
	return nil
}

// mine says that nobody refers to the buffer, so it may be written to.
func (r *reader) mine() bool {
	if r.recycle && r.chunk != nil {
		return !r.chunk.shared()
	}
	return r.recycle && len(r.buf) < referFrom // so short that all who keep its bytes copy them
}

// grow begins a new buffer with the received part of the packet under way.
func (r *reader) grow(n int) error {
	buf, c, err := r.buffer(r.nextSize(n))
	if err != nil {
		return err
	}
	kept := r.buf[r.start:r.end]
	r.buf, r.start, r.end = buf, 0, copy(buf, kept)
	r.chunk.release()
	r.chunk = c
	return nil
}

// nextSize is how long a new buffer is to be. Where buffers are not simply made, a long packet is followed by a look at
// what comes.
func (r *reader) nextSize(n int) int {
	have := r.end - r.start
	size := max(firstChunk, min(2*len(r.buf), chunkSize))
	switch {
	case r.recycle && len(r.buf) > 0:
		size = chunkSize
	case r.alloc != nil && (len(r.buf) > chunkSize || have == 0 && r.chunk != nil && r.chunk.over):
		size = firstChunk
	}
	return max(size, min(max(2*have, r.longest), n))
}

func (r *reader) buffer(size int) ([]byte, *chunk, error) {
	switch {
	case r.alloc != nil:
		c, err := r.alloc(size, r.end > r.start)
		if err != nil {
			return nil, nil, err
		}
		return c.buf, c, nil
	case r.recycle && size == chunkSize:
		c := takeChunk()
		return c.buf, c, nil
	}
	return make([]byte, size), nil, nil
}
