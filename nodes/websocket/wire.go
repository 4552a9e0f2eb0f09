package websocket

import (
	"encoding/binary"
	"errors"
	"io"
	"math"
	"net"
	"sync"
	"sync/atomic"
	"time"

	ws "github.com/coder/websocket"
)

// lingering is how long a client has to answer a close frame (spec: websocket 9).
const lingering = 300 * time.Millisecond

// wire is the connection of a client, which several write to: whole frames, and none
// behind a close frame. It is also what coder/websocket reads from and writes to; all
// that the library writes here is close frames.
type wire struct {
	net.Conn
	raw     net.Conn      // the same without TLS
	timeout time.Duration // to write a part of the frames

	closing atomic.Bool // somebody wants to close

	cut atomic.Pointer[closing] // why we closed it without a close frame, if we did

	mu     sync.Mutex // guards what follows, and is held while frames are written
	last   *closing   // the close frame that was sent
	broken bool       // in the middle of a frame, or closed
	until  time.Time  // how long the client may still send: lingering since the first close
}

var errClosing = errors.New("cannot write: the connection is being closed")

// send writes frames. A client may take the timeout for each part of them.
func (w *wire) send(frames net.Buffers) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.last != nil || w.broken {
		return errClosing
	}
	for cut := false; len(frames) > 0; {
		var part net.Buffers
		w.SetWriteDeadline(time.Now().Add(w.timeout))
		if w.closing.Load() {
			w.broken = cut // else there is room for the close frame
			return errClosing
		}
		part, frames, cut = cutPart(frames)
		if _, err := part.WriteTo(w.Conn); err != nil {
			w.broken = true
			return err
		}
	}
	return nil
}

// partBytes is how much a client has to take within the timeout.
const partBytes = 256 << 10

// cutPart cuts so much from the beginning of frames, which it may change, and says
// whether it had to cut one of them in two.
func cutPart(frames net.Buffers) (part, rest net.Buffers, cut bool) {
	room := partBytes
	for i, f := range frames {
		if len(f) > room {
			part = append(frames[:i:i], f[:room])
			frames[i] = f[room:]
			return part, frames[i:], room > 0
		}
		room -= len(f)
	}
	return frames, nil, false
}

// Write takes a close frame from the library. Ours was perhaps sent before; then the
// library answers the client's answer, which nobody wants.
func (w *wire) Write(p []byte) (int, error) {
	if len(p) < 2 || p[0]&0xf != opClose {
		return 0, errors.New("cannot write: not a close frame")
	}
	w.close(closingOf(p))
	return len(p), nil
}

// close sends a close frame, if there was none, and waits no longer than lingering for
// the client to answer it, or to take what is being sent.
func (w *wire) close(c closing) {
	w.closing.Store(true)
	w.SetDeadline(time.Now().Add(lingering))
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.last != nil || w.broken {
		return
	}
	w.last, w.until = &c, time.Now().Add(lingering)
	w.SetWriteDeadline(w.until) // who sent may have set a later one
	_, err := w.Conn.Write(c.frame())
	w.broken = err != nil
}

// abort closes the connection without a close frame: of a client that takes nothing. It
// does not wait, and says whether it was the first to do that.
func (w *wire) abort(c closing) (first bool) {
	first = w.cut.CompareAndSwap(nil, &c)
	w.raw.Close()
	return first
}

// outcome says why a connection ended that could not be read any more for the given
// reason. Nothing is written to it afterwards.
func (w *wire) outcome(err error) closing {
	w.closing.Store(true)
	w.SetWriteDeadline(time.Now().Add(lingering)) // for who holds the mutex
	w.mu.Lock()
	defer w.mu.Unlock()
	w.broken = true
	var theirs ws.CloseError
	switch cut := w.cut.Load(); {
	case w.last != nil:
		return *w.last
	case cut != nil:
		return *cut
	case errors.As(err, &theirs) && theirs.Code == ws.StatusNoStatusRcvd:
		return noStatus
	case errors.As(err, &theirs):
		return closing{int(theirs.Code), theirs.Reason}
	}
	return abnormal
}

// Close is called by the library when close frames have been exchanged. The client sees
// the end; the rest is for drain.
func (w *wire) Close() error {
	if half, ok := w.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// drain closes the connection, after it has taken what the client still sends, for a
// while. Else the kernel would tell it that something was not read, and it would not
// read the close frame.
func (w *wire) drain() {
	w.Close()
	w.mu.Lock()
	until := w.until
	w.mu.Unlock()
	if until.IsZero() {
		until = time.Now().Add(lingering)
	}
	w.SetReadDeadline(until)
	io.Copy(io.Discard, w.Conn)
	w.raw.Close()
}

const (
	opText = 1
	opPing = 9
	opPong = 10
)

// appendFrame appends a frame of a server: one that is not masked, and whole.
func appendFrame(dst []byte, opcode byte, payload []byte) []byte {
	dst = append(dst, 0x80|opcode)
	switch n := len(payload); {
	case n <= 125:
		dst = append(dst, byte(n))
	case n <= math.MaxUint16:
		dst = binary.BigEndian.AppendUint16(append(dst, 126), uint16(n))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, 127), uint64(n))
	}
	return append(dst, payload...)
}
