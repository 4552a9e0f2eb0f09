package zmq

import (
	"encoding/binary"
	"errors"
	"sync"

	"github.com/go-zeromq/zmq4"
)

// ZMTP has no acknowledgement, but a peer echoes the context of a PING behind everything that came before it: the PONG
// says that all of that was read. Our Pull answers such a PING only when its handler says that all of that has arrived; libzmq's
// PULL when it has taken it from the kernel (RFC 37/ZMTP 3.1; spec: zmq4 7.4).
const (
	ackPrefix = "zctl-ack" // and 8 bytes: how many messages came before on this connection
	byeText   = "zctl-bye" // of a PONG that nobody asked for: nothing new is taken, what was sent is
)

// isAck says whether a PING's context asks for an acknowledgement.
func isAck(context []byte) bool {
	return len(context) == pingContext && string(context[:len(ackPrefix)]) == ackPrefix
}

// byeFrame tells an AckPush that its peer is about to close.
var byeFrame = appendCommand(nil, zmq4.CmdPong, []byte(byeText))

var errGone = errors.New("cannot tell whether the message arrived: the connection ended; send it again")

// acks is what one connection of an AckPush still has to hear of.
type acks struct {
	out   *outq
	heard func() // some were acknowledged

	mu      sync.Mutex // guards what follows; before out's
	waiting []func(error)
	acked   uint64 // messages before waiting
	written uint64 // messages, by the writer
	ended   bool   // no message is taken any more
}

// put queues a message and remembers whom to tell what became of it.
func (a *acks) put(m Message, size int, done func(error)) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.ended || len(a.waiting) >= a.out.hwm {
		return ErrAgain
	}
	if err := a.out.putMessage(m, size); err != nil {
		return ErrAgain
	}
	a.waiting = append(a.waiting, done)
	return nil
}

// ping is what to write behind that many messages more.
func (a *acks) ping(messages int) []byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.written += uint64(messages)
	data := append(make([]byte, pingTTL, pingTTL+pingContext), ackPrefix...)
	return appendCommand(nil, zmq4.CmdPing, binary.BigEndian.AppendUint64(data, a.written))
}

// pong takes a PONG of whatever kind.
func (a *acks) pong(context []byte) {
	switch {
	case string(context) == byeText:
		a.end()
		a.out.close() // after the rest and its PING; then our half of the connection
	case isAck(context):
		a.ack(binary.BigEndian.Uint64(context[len(ackPrefix):]))
	}
}

// ack tells of all messages up to the n-th. A peer cannot acknowledge what was not written.
func (a *acks) ack(n uint64) {
	a.mu.Lock()
	count := 0
	if n > a.acked && n <= a.written {
		count = int(n - a.acked)
	}
	done := a.waiting[:count:count]
	a.waiting = a.waiting[count:]
	a.acked += uint64(count)
	a.mu.Unlock()
	for _, f := range done {
		f(nil)
	}
	if count > 0 {
		a.heard()
	}
}

// end takes nothing more.
func (a *acks) end() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ended = true
}

// fail tells of all that were not acknowledged, when the connection and its writer have ended.
func (a *acks) fail() {
	a.mu.Lock()
	a.ended = true
	left := a.waiting
	a.waiting = nil
	a.mu.Unlock()
	for _, f := range left {
		f(errGone)
	}
}

// settled says that nothing is waited for.
func (a *acks) settled() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.waiting) == 0
}

// takes says whether a message would be taken, room aside.
func (a *acks) takes() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return !a.ended
}
