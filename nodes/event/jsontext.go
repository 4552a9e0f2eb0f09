package event

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// text reads a string. It refers to the input if nothing in it is escaped.
func (s *jsonScanner) text(what string) (string, error) {
	if s.peek() != '"' {
		return "", s.expected(what)
	}
	start := s.pos + 1
	n := bytes.IndexByte(s.in[start:], '"')
	if n < 0 {
		return "", s.errorf("expected the end of the string")
	}
	if raw := s.in[start : start+n]; bytes.IndexByte(raw, '\\') < 0 {
		s.pos = start + n + 1
		return stringIn(raw), nil
	}
	return s.escapedText(start)
}

func (s *jsonScanner) escapedText(start int) (string, error) {
	var out []byte
	for i := start; i < len(s.in); {
		switch c := s.in[i]; c {
		case '"':
			s.pos = i + 1
			return stringIn(out), nil
		case '\\':
			b, used := unescape(out, s.in[i:])
			if used == 0 {
				s.pos = i
				return "", s.expected("an escape that JSON has")
			}
			out, i = b, i+used
		default:
			out = append(out, c)
			i++
		}
	}
	return "", s.errorf("expected the end of the string")
}

var escapes = map[byte]byte{
	'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v',
}

// unescape appends what the escape at the beginning of in stands for; it uses
// so many bytes, or none if there is no such escape.
func unescape(dst, in []byte) ([]byte, int) {
	if len(in) < 2 {
		return dst, 0
	}
	if c, ok := escapes[in[1]]; ok {
		return append(dst, c), 2
	}
	r, ok := codeUnit(in)
	if !ok {
		return dst, 0
	}
	if !utf16.IsSurrogate(r) {
		return utf8.AppendRune(dst, r), 6
	}
	low, ok := codeUnit(in[6:])
	if r = utf16.DecodeRune(r, low); !ok || r == utf8.RuneError {
		return dst, 0
	}
	return utf8.AppendRune(dst, r), 12
}

// codeUnit reads \uXXXX.
func codeUnit(in []byte) (rune, bool) {
	if len(in) < 6 || in[0] != '\\' || in[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(in[2:6]), 16, 16)
	return rune(n), err == nil
}
