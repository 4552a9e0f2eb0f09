package event

import (
	"fmt"
	"strconv"
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
	return s.more(last, item)
}

// more reads at least one more item of a list.
func (s *jsonScanner) more(last byte, item func() error) error {
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
	return s.list('{', '}', func() error { return s.pair(member) })
}

// moreMembers reads at least one more member of an object.
func (s *jsonScanner) moreMembers(member func(key string) error) error {
	return s.more('}', func() error { return s.pair(member) })
}

func (s *jsonScanner) pair(member func(key string) error) error {
	key, err := s.text("a key")
	if err != nil {
		return err
	}
	if err := s.take(':'); err != nil {
		return err
	}
	return member(key)
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
