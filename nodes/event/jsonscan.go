package event

import (
	"bytes"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// jsonScanner takes JSON text apart. It is as tolerant as Zeek has to be with
// itself (spec: wire 2.6): any byte may stand in a string, and there is \v.
type jsonScanner struct {
	in  []byte
	pos int
}

func (s *jsonScanner) errorf(format string, args ...any) error {
	return fmt.Errorf("offset %d: %s", s.pos, fmt.Sprintf(format, args...))
}

// expected is the error that something else stands here.
func (s *jsonScanner) expected(what string) error {
	if s.pos >= len(s.in) {
		return s.errorf("expected %s, got the end", what)
	}
	rest := s.in[s.pos:min(len(s.in), s.pos+20)]
	return s.errorf("expected %s, got %q", what, rest)
}

// peek is the next byte that is not white space, or 0 at the end.
func (s *jsonScanner) peek() byte {
	for ; s.pos < len(s.in); s.pos++ {
		switch c := s.in[s.pos]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

// take reads that byte.
func (s *jsonScanner) take(c byte) error {
	if s.peek() != c || s.pos >= len(s.in) {
		return s.expected(strconv.Quote(string(rune(c))))
	}
	s.pos++
	return nil
}

// list reads what stands between two brackets, with commas in between.
func (s *jsonScanner) list(first, last byte, item func() error) error {
	if err := s.take(first); err != nil {
		return err
	}
	if s.peek() == last {
		s.pos++
		return nil
	}
	for {
		if err := item(); err != nil {
			return err
		}
		if s.peek() != ',' {
			break
		}
		s.pos++
	}
	if s.peek() != last {
		return s.expected(fmt.Sprintf(`"," or %q`, string(rune(last))))
	}
	s.pos++
	return nil
}

// members reads an object, one member after the other: member reads what
// belongs to the key.
func (s *jsonScanner) members(member func(key string) error) error {
	return s.list('{', '}', func() error {
		key, err := s.text("a key")
		if err != nil {
			return err
		}
		if err := s.take(':'); err != nil {
			return err
		}
		return member(key)
	})
}

// word reads a number or a name: true, null, -1.5e+3, nan.
func (s *jsonScanner) word() string {
	s.peek()
	start := s.pos
	for ; s.pos < len(s.in); s.pos++ {
		c := s.in[s.pos]
		if !isDigit(c) && c != '.' && c != '-' && c != '+' && (c|0x20 < 'a' || 'z' < c|0x20) {
			break
		}
	}
	return stringIn(s.in[start:s.pos])
}

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

// skip reads any value, nested at most so deep.
func (s *jsonScanner) skip(depth int) error {
	if depth == 0 {
		return s.errorf("expected values nested less deep")
	}
	switch s.peek() {
	case '{':
		return s.members(func(string) error { return s.skip(depth - 1) })
	case '[':
		return s.list('[', ']', func() error { return s.skip(depth - 1) })
	case '"':
		_, err := s.text("a string")
		return err
	}
	if s.word() == "" {
		return s.expected("a value")
	}
	return nil
}
