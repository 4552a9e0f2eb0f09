package layoutgen

import (
	"errors"
	"io/fs"
	"strconv"
	"strings"
)

// scanner splits Zeek script code into words, quoted strings and punctuation
// marks, and drops white space and comments.
type scanner struct {
	text string
	pos  int
	line int
}

type tokenKind int

const (
	end tokenKind = iota
	word
	quoted
)

// token is a word (or a punctuation mark, which is a word of one byte) or the
// content of a quoted string.
type token struct {
	kind tokenKind
	text string
	line int
}

func (t token) String() string {
	switch t.kind {
	case end:
		return "the end of the file"
	default:
		const most = 40
		if len(t.text) > most {
			return strconv.Quote(t.text[:most]) + "…"
		}
		return strconv.Quote(t.text)
	}
}

const marks = "[](){},;=+?&|!<>"

func (s *scanner) scan() token {
	s.blank()
	line := s.line
	if s.pos >= len(s.text) {
		return token{end, "", line}
	}
	start := s.pos
	switch c := s.text[s.pos]; {
	case c == '"':
		return token{quoted, s.quoted(), line}
	case strings.IndexByte(marks, c) >= 0:
		s.pos++
	default:
		for s.pos < len(s.text) && !strings.ContainsRune(marks+"\" \t\r\n#", rune(s.text[s.pos])) {
			s.pos++
		}
	}
	return token{word, s.text[start:s.pos], line}
}

// blank skips white space and comments.
func (s *scanner) blank() {
	for ; s.pos < len(s.text); s.pos++ {
		switch s.text[s.pos] {
		case ' ', '\t', '\r':
		case '\n':
			s.line++
		case '#':
			for s.pos+1 < len(s.text) && s.text[s.pos+1] != '\n' {
				s.pos++
			}
		default:
			return
		}
	}
}

// quoted reads a string literal. A backslash stands for the byte behind it,
// which is all that names and addresses need.
func (s *scanner) quoted() string {
	var b strings.Builder
	for s.pos++; s.pos < len(s.text); s.pos++ {
		switch c := s.text[s.pos]; c {
		case '"':
			s.pos++
			return b.String()
		case '\\':
			if s.pos+1 < len(s.text) {
				s.pos++
			}
			b.WriteByte(s.text[s.pos])
		default:
			if c == '\n' {
				s.line++
			}
			b.WriteByte(c)
		}
	}
	return b.String()
}

func isNotExist(err error) bool { return errors.Is(err, fs.ErrNotExist) }
