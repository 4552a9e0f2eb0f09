package layoutgen

import (
	"strconv"
	"strings"
)

// position is a place in a TOML file, both counted from 1; columns in bytes.
type position struct{ line, col int }

// keyPositions maps the path of every key, table and array element of a TOML
// document to where it is written: "cluster", "cluster.port", "workers[1].args",
// "workers[1].args[0]". The library that decodes TOML tells where a syntax error
// is but not where a value stood, and a wrong value deserves its line too.
//
// doc must have been accepted by the library; on anything else the result is
// merely incomplete.
func keyPositions(doc string) map[string]position {
	s := &keyScanner{doc: doc, line: 1, at: map[string]position{}, tables: map[string]int{}}
	s.document()
	return s.at
}

type keyScanner struct {
	doc       string
	pos       int // offset of the next byte
	line      int
	lineStart int
	at        map[string]position
	tables    map[string]int // arrays of tables: how many elements so far
}

func (s *keyScanner) document() {
	table := ""
	for s.blank(true); s.pos < len(s.doc); s.blank(true) {
		before := s.pos
		if s.peek() == '[' {
			table = s.header()
		} else {
			s.pair(table)
		}
		if s.pos == before { // not TOML after all: go on, never hang
			s.next()
		}
	}
}

// header reads [a.b] or [[a.b]] and returns the path of the table it opens.
func (s *keyScanner) header() string {
	where := s.here()
	s.next()
	array := s.peek() == '['
	if array {
		s.next()
	}
	parts := s.key()
	path := ""
	for i, part := range parts {
		path = join(path, part)
		last := i == len(parts)-1
		if last && array {
			s.tables[path]++
		}
		if n := s.tables[path]; n > 0 {
			path += "[" + strconv.Itoa(n-1) + "]"
		}
	}
	for s.peek() == ']' {
		s.next()
	}
	s.at[path] = where
	return path
}

// pair reads key = value below table.
func (s *keyScanner) pair(table string) {
	where := s.here()
	path := table
	for _, part := range s.key() {
		path = join(path, part)
		if _, known := s.at[path]; !known {
			s.at[path] = where
		}
	}
	s.at[path] = where
	if s.peek() == '=' {
		s.next()
		s.blank(false)
		s.value(path)
	}
}

// key reads a bare, quoted or dotted key.
func (s *keyScanner) key() []string {
	var parts []string
	for {
		s.blank(false)
		switch c := s.peek(); {
		case c == '"' || c == '\'':
			parts = append(parts, s.quoted())
		case bareKeyByte(c):
			start := s.pos
			for bareKeyByte(s.peek()) {
				s.next()
			}
			parts = append(parts, s.doc[start:s.pos])
		}
		s.blank(false)
		if s.peek() != '.' {
			return parts
		}
		s.next()
	}
}

// value skips a value and records the keys and elements inside it.
func (s *keyScanner) value(path string) {
	switch s.peek() {
	case '"', '\'':
		s.quoted()
	case '[':
		s.next()
		for i := 0; ; i++ {
			s.blank(true)
			if c := s.peek(); c == ']' || c == 0 {
				break
			}
			element := path + "[" + strconv.Itoa(i) + "]"
			before := s.pos
			s.at[element] = s.here()
			s.value(element)
			s.separator(before)
		}
		s.next()
	case '{':
		s.next()
		for {
			s.blank(true)
			if c := s.peek(); c == '}' || c == 0 {
				break
			}
			before := s.pos
			s.pair(path)
			s.separator(before)
		}
		s.next()
	default:
		for c := s.peek(); c != 0 && !strings.ContainsRune(",]}\n#", rune(c)); c = s.peek() {
			s.next()
		}
	}
}

// separator steps over the comma behind an element that began at before.
func (s *keyScanner) separator(before int) {
	s.blank(true)
	if s.peek() == ',' || s.pos == before {
		s.next()
	}
}

// quoted reads any of TOML's four kinds of string and returns its raw content.
func (s *keyScanner) quoted() string {
	quote := s.doc[s.pos : s.pos+1]
	if three := strings.Repeat(quote, 3); strings.HasPrefix(s.doc[s.pos:], three) {
		quote = three
	}
	s.skip(len(quote))
	start := s.pos
	for s.pos < len(s.doc) {
		if strings.HasPrefix(s.doc[s.pos:], quote) {
			end := s.pos
			s.skip(len(quote))
			for len(quote) == 3 && s.peek() == quote[0] { // """a"""" ends in one of its own
				s.next()
			}
			return s.doc[start:end]
		}
		if quote[0] == '"' && s.peek() == '\\' {
			s.next()
		}
		s.next()
	}
	return s.doc[start:s.pos]
}

// blank skips spaces, and with lines also line ends and comments.
func (s *keyScanner) blank(lines bool) {
	for {
		switch c := s.peek(); {
		case c == ' ' || c == '\t' || c == '\r':
		case lines && c == '\n':
		case lines && c == '#':
			for c := s.peek(); c != 0 && c != '\n'; c = s.peek() {
				s.next()
			}
			continue
		default:
			return
		}
		s.next()
	}
}

func (s *keyScanner) peek() byte {
	if s.pos >= len(s.doc) {
		return 0
	}
	return s.doc[s.pos]
}

func (s *keyScanner) next() { s.skip(1) }

func (s *keyScanner) skip(n int) {
	for ; n > 0 && s.pos < len(s.doc); n-- {
		if s.doc[s.pos] == '\n' {
			s.line++
			s.lineStart = s.pos + 1
		}
		s.pos++
	}
}

func (s *keyScanner) here() position { return position{s.line, s.pos - s.lineStart + 1} }

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func bareKeyByte(c byte) bool {
	return c == '-' || c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
