package logtext

import "testing"

// TestPlainBytes: every byte at every place, between others.
func TestPlainBytes(t *testing.T) {
	t.Parallel()
	special := func(c byte) bool { return c < ' ' || c >= 0x7f || c == '\\' || c == ',' || c == '~' }
	for c := range 256 {
		for at := range 19 {
			for _, other := range []byte{' ', 'a', '}', byte(c)} {
				s := []byte("abcdefghijklmnopqrs")
				for i := range s {
					s[i] = other
				}
				s[at] = byte(c)
				n := plainBytes(s, ','*lows, '~'*lows)
				first := len(s)
				for i := range s {
					if special(s[i]) {
						first = i
						break
					}
				}
				if n > first || first == len(s) && n != 16 || n%8 != 0 {
					t.Fatalf("%q: %d bytes, the first special one is %d", s, n, first)
				}
			}
		}
	}
}
