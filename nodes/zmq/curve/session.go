package curve

import (
	"encoding/binary"
	"fmt"

	"golang.org/x/crypto/nacl/box"
)

// Overhead is how many bytes longer a sealed frame's body is than the plain one: the name of the MESSAGE command, the
// nonce, the box's own, and the flags.
const Overhead = len(messageName) + shortNonce + boxOverhead + 1

const messageName = "\x07MESSAGE"

// Flags that a frame keeps inside its box (RFC 26). Whoever sees only the wire sees neither.
const (
	FlagMore    = 1 << 0 // further frames of the message follow
	FlagCommand = 1 << 1 // a command, such as PING, rather than a frame of a message
)

// keepScratch bounds the memory that an idle session keeps.
const keepScratch = 64 << 10

// Session seals and opens the frames of one connection. One goroutine may seal while another opens.
type Session struct {
	key hidden // shared by both sides

	sealPrefix, openPrefix string
	sealed                 uint64 // nonces used
	opened                 heard
	scratch                []byte // of Seal
}

// Seal appends the body of a MESSAGE frame to dst. On the wire such a frame has neither the more nor the command flag.
func (s *Session) Seal(dst []byte, flags byte, body []byte) []byte {
	s.sealed++
	dst = append(dst, messageName...)
	dst = binary.BigEndian.AppendUint64(dst, s.sealed)
	s.scratch = append(append(s.scratch[:0], flags), body...)
	dst = box.SealAfterPrecomputation(dst, s.scratch, counted(s.sealPrefix, s.sealed), s.key())
	if cap(s.scratch) > keepScratch {
		s.scratch = nil
	}
	return dst
}

// Open appends the flags and then the body that are in a MESSAGE frame to dst. An error means that the connection cannot
// go on. The frame is not changed.
func (s *Session) Open(dst, frame []byte) ([]byte, error) {
	if len(frame) < Overhead || string(frame[:len(messageName)]) != messageName {
		return dst, fmt.Errorf("cannot open a frame: not a MESSAGE: %w", errMalformed)
	}
	n, err := s.opened.next(frame[len(messageName):])
	if err != nil {
		return dst, fmt.Errorf("cannot open a MESSAGE: %w", err)
	}
	at := len(dst)
	dst, ok := box.OpenAfterPrecomputation(dst, frame[len(messageName)+shortNonce:], counted(s.openPrefix, n), s.key())
	if !ok {
		return dst, fmt.Errorf("cannot open a MESSAGE: %w", errSealed)
	}
	if flags := dst[at]; flags&^(FlagMore|FlagCommand) != 0 {
		return dst[:at], fmt.Errorf("cannot open a MESSAGE: unknown flags %#02x: %w", flags, errMalformed)
	}
	return dst, nil
}

// String tells nothing.
func (s *Session) String() string { return "CURVE session" }
