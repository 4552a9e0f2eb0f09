package logtext

import "encoding/binary"

// lows has a 1 in each of its eight bytes, highs a 0x80.
const (
	lows  = 0x0101010101010101
	highs = 0x8080808080808080
)

// plainBytes is how many bytes at the beginning of s are printable ASCII and
// neither a backslash nor one of two others, which are given eight times over. It
// looks at eight at a time and may give up early.
//
// A byte without its high bit gets it by a subtraction if it is less than what is
// subtracted, and by adding 1 if it is 0x7f. A borrow can make the byte behind look
// special, too.
func plainBytes(s []byte, one, two uint64) (n int) {
	for len(s) >= 8 {
		w := binary.LittleEndian.Uint64(s)
		if ((w-' '*lows)|w|(w+lows)|((w^'\\'*lows)-lows)|((w^one)-lows)|((w^two)-lows))&highs != 0 {
			return n
		}
		s = s[8:]
		n += 8
	}
	return n
}
