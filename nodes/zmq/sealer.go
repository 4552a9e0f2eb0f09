package zmq

import (
	"io"

	"zctl/nodes/zmq/curve"
)

// sealer seals frames on their way out.
//
// A write may fail in the middle and be tried again with the rest, as after a deadline (see conn.write). Then what was
// sealed must go out as it is: a nonce is never used twice. So the sealer keeps what the connection did not take, and
// knows how many of the plain bytes that come next it stands for.
type sealer struct {
	dst     io.Writer
	session *curve.Session

	sealed []byte // that the connection has not taken
	buf    []byte // that sealed is part of
	plain  int    // bytes that buf stands for
	told   int    // of these, how many were said to be written
}

// Write seals whole frames. Of a batch that went out in part it claims as large a part of the plain bytes.
func (s *sealer) Write(p []byte) (n int, err error) {
	for err == nil && (n < len(p) || len(s.sealed) > 0) {
		if len(s.sealed) == 0 {
			s.seal(p[n:])
		}
		var took int
		took, err = s.dst.Write(s.sealed)
		s.sealed = s.sealed[took:]
		n += s.progress()
	}
	return n, err
}

// progress returns how many more plain bytes have been written.
func (s *sealer) progress() int {
	told := s.told
	gone := len(s.buf) - len(s.sealed)
	s.told = int(int64(s.plain) * int64(gone) / int64(len(s.buf)))
	return s.told - told
}

// seal seals frames from the beginning of p, not many more than fill a batch.
func (s *sealer) seal(p []byte) {
	if s.buf = s.buf[:0]; cap(s.buf) > 2*sealBatch {
		s.buf = nil
	}
	s.plain, s.told = 0, 0
	for s.plain < len(p) && len(s.buf) < sealBatch {
		h := parseHeader(p[s.plain:])
		from := s.plain + h.len
		s.plain = from + int(h.size)
		s.frame(h.flags, p[from:s.plain])
	}
	s.sealed = s.buf
}

func (s *sealer) frame(flags byte, body []byte) {
	var inner byte
	if flags&flagMore != 0 {
		inner |= curve.FlagMore
	}
	if flags&flagCommand != 0 {
		inner |= curve.FlagCommand
	}
	s.buf = appendHeader(s.buf, 0, len(body)+curve.Overhead)
	s.buf = s.session.Seal(s.buf, inner, body)
}
