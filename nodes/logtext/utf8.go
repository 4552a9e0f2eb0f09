package logtext

import "unicode/utf8"

// keepsUTF8 says whether what is not ASCII in a text stays as it is: only if all
// of it is valid and nothing of it is a control character, private or special
// (spec: cluster-framework 3.6).
func keepsUTF8(text []byte) bool {
	for i := 0; i < len(text); {
		if text[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, size := utf8.DecodeRune(text[i:])
		switch {
		case r == utf8.RuneError, r <= 0x9f, r >= 0xe000 && r <= 0xf8ff, r >= 0xfff0 && r <= 0xffff:
			return false
		}
		i += size
	}
	return true
}
