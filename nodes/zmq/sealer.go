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
	plain  []byte // that buf stands for; dropped when all was taken
	told   int    // of these, how many were said to be written
}

// Write seals whole frames. Of a frame that went out in part it claims as large a part of the plain one, so that no frame
// is claimed before it is gone, nor left to be sent again afterwards.
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
	s.told = s.standsFor(len(s.buf) - len(s.sealed))
	if len(s.sealed) == 0 {
		s.plain = nil
	}
	return s.told - told
}

// standsFor is how many plain bytes the first gone ones of buf stand for.
func (s *sealer) standsFor(gone int) (plain int) {
	if gone == len(s.buf) {
		return len(s.plain)
	}
	for sealed := 0; ; {
		whole, stands := frameLen(s.buf[sealed:]), frameLen(s.plain[plain:])
		if gone < sealed+whole {
			return plain + int(int64(stands)*int64(gone-sealed)/int64(whole))
		}
		sealed += whole
		plain += stands
	}
}

// seal seals frames from the beginning of p, not many more than fill a batch.
func (s *sealer) seal(p []byte) {
	if s.buf = s.buf[:0]; cap(s.buf) > 2*sealBatch {
		s.buf = nil
	}
	end := 0
	for end < len(p) && len(s.buf) < sealBatch {
		h := parseHeader(p[end:])
		from := end + h.len
		end = from + int(h.size)
		s.frame(h.flags, p[from:end])
	}
	s.sealed, s.plain, s.told = s.buf, p[:end], 0
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
