package client

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

var (
	// ErrNotConnected is the error of publishing while there is no connection.
	ErrNotConnected = errors.New("there is no connection to the WebSocket server")
	// ErrFull is the error of publishing while so much waits to be sent that there is
	// no room for more: the server is slower.
	ErrFull = errors.New("the WebSocket server is too slow")
	// ErrTooLarge is the error of publishing an event that is larger than all that may
	// wait to be sent ([Options.MaxQueued]).
	ErrTooLarge = errors.New("the event is too large")
)

// sendBuffer is a connection whose Write never waits, so that who reads it can answer a
// ping while the server takes nothing. It also notes when the server was last heard of.
type sendBuffer struct {
	net.Conn
	max     int           // bytes that wait, of which Write takes twice as many
	last    atomic.Int64  // when something came, in Unix nanoseconds
	wake    chan struct{} // has room for one: something waits, or it was closed
	flushed chan struct{} // closed when nothing is sent any more, and the connection closed

	mu      sync.Mutex // guards what follows
	waiting []byte
	err     error // why nothing can be sent any more
}

func newSendBuffer(conn net.Conn, max int) *sendBuffer {
	b := &sendBuffer{Conn: conn, max: max, wake: make(chan struct{}, 1), flushed: make(chan struct{})}
	b.last.Store(time.Now().UnixNano())
	go b.flush() // ends with Close
	return b
}

// Read also notes when something came: in the middle of a large message, too, and a
// pong.
func (b *sendBuffer) Read(p []byte) (int, error) {
	n, err := b.Conn.Read(p)
	if n > 0 {
		b.last.Store(time.Now().UnixNano())
	}
	return n, err
}

// maxControl is room beside messages, for what the library has to say when MaxQueued is
// small: the handshake, subscriptions, pongs.
const maxControl = 1 << 20

// Write takes a copy.
func (b *sendBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err == nil && len(b.waiting)+len(p) > 2*b.max+maxControl {
		b.err = ErrFull
	}
	if b.err != nil {
		return 0, b.err
	}
	b.waiting = append(b.waiting, p...)
	b.signal()
	return len(p), nil
}

// room says whether there is some for a message of that size.
func (b *sendBuffer) room(size int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.waiting)+size <= b.max
}

// maxKept is how large a buffer is kept for what comes next.
const maxKept = 1 << 20

// flush sends what waits, until there is nothing more to send for ever.
func (b *sendBuffer) flush() {
	defer close(b.flushed)
	defer b.Conn.Close()
	var sending []byte
	for range b.wake {
		b.mu.Lock()
		sending, b.waiting = b.waiting, sending[:0]
		last := b.err != nil
		b.mu.Unlock()
		_, err := b.Conn.Write(sending)
		if last || err != nil {
			b.fail(err)
			return
		}
		if cap(sending) > maxKept {
			sending = nil
		}
	}
}

func (b *sendBuffer) fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err == nil {
		b.err = err
	}
	b.signal()
}

// lastWords is how long what was written before Close may take to be sent. The answer to
// a server's goodbye is among it.
const lastWords = time.Second

// Close ends reading at once, and does not wait for what is still being sent.
func (b *sendBuffer) Close() error {
	b.fail(net.ErrClosed)
	now := time.Now()
	return errors.Join(b.Conn.SetReadDeadline(now), b.Conn.SetWriteDeadline(now.Add(lastWords)))
}

// abort drops what waits.
func (b *sendBuffer) abort() {
	b.fail(net.ErrClosed)
	b.Conn.Close()
}

func (b *sendBuffer) signal() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}
