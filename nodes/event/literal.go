package event

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// ParseLiteral reads a value as people write it on a command line, much as in
// Zeek's scripts:
//
//	42  0x2a                          count
//	-1  +1                            int
//	1.5  1e9  inf  -inf  nan          double
//	"text"                            string, with the escapes of Zeek and of Go
//	T  F                              bool
//	10.0.0.1  ::1  [::1]              addr
//	10.0.0.0/8  [fe80::]/10           subnet
//	443/tcp                           port; udp, icmp, unknown
//	1.5sec  3 min  5msecs             interval; usec, msec, sec, min, hr, day
//	2024-01-02T03:04:05.678Z          time
//	Module::NAME  GLOBAL::NAME        enum; the latter is NAME without a module
//	{1, 2}  set(1, 2)                 set
//	[1, 2]  vector(1, 2)              vector, and any record by its fields
//	{"a" = 1}  table(["a"] = 1)       table; a key of several is [1, 2]
//	none                              a field that is not set
//
// Errors say the column, counted in characters from 1.
func ParseLiteral(s string) (Value, error) {
	p := literalParser{in: s}
	v, err := p.value(0)
	if err == nil && p.peek() != 0 {
		err = p.expected("the end")
	}
	if err != nil {
		return Value{}, fmt.Errorf("cannot read literal: %w", err)
	}
	return v, nil
}

// literalParser reads literals from left to right.
type literalParser struct {
	in  string
	pos int
}

func (p *literalParser) errorf(format string, args ...any) error {
	return fmt.Errorf("column %d: %s", utf8.RuneCountInString(p.in[:p.pos])+1, fmt.Sprintf(format, args...))
}

// expected is the error that something else stands here.
func (p *literalParser) expected(what string) error {
	if p.pos >= len(p.in) {
		return p.errorf("expected %s, got the end", what)
	}
	rest := p.in[p.pos:]
	if word := rest[:wordEnd(rest)]; word != "" {
		return p.errorf("expected %s, got %s", what, word)
	}
	return p.errorf("expected %s, got %q", what, rest[:1])
}

// peek is the next byte that is not white space, or 0 at the end.
func (p *literalParser) peek() byte {
	for ; p.pos < len(p.in); p.pos++ {
		if c := p.in[p.pos]; !strings.ContainsRune(" \t\r\n", rune(c)) {
			return max(c, 1)
		}
	}
	return 0
}

// takes says whether c comes next, and reads it if so.
func (p *literalParser) takes(c byte) bool {
	if p.peek() != c {
		return false
	}
	p.pos++
	return true
}

// wordEnd is where the word that s begins with ends.
func wordEnd(s string) int {
	if n := strings.IndexAny(s, " \t\r\n,=\"(){}[]"); n >= 0 {
		return n
	}
	return len(s)
}

func (p *literalParser) value(depth int) (Value, error) {
	if depth > maxDepth {
		return Value{}, p.errorf("expected values nested at most %d deep", maxDepth)
	}
	switch p.peek() {
	case '"':
		return p.quoted()
	case '{':
		p.pos++
		return p.braces(depth)
	case '[':
		if v, n := bracketed(p.in[p.pos:]); n > 0 {
			p.pos += n
			return v, nil
		}
		p.pos++
		elems, err := p.elems(']', depth)
		return List(elems...), err
	}
	return p.word(depth)
}

// word reads everything that is neither quoted nor in brackets.
func (p *literalParser) word(depth int) (Value, error) {
	start := p.pos
	word := p.in[start : start+wordEnd(p.in[start:])]
	p.pos += len(word)
	if strings.HasPrefix(p.in[p.pos:], "(") {
		p.pos++
		switch word {
		case "set":
			elems, err := p.elems(')', depth)
			return Set(elems...), err
		case "vector":
			elems, err := p.elems(')', depth)
			return List(elems...), err
		case "table":
			entries, err := p.entries(')', depth)
			return Table(entries...), err
		}
		p.pos = start
		return Value{}, p.expected("set(…), vector(…) or table(…)")
	}
	if v, ok := p.interval(word); ok {
		return v, nil
	}
	if v, ok := parseWord(word); ok {
		return v, nil
	}
	p.pos = start
	if isName(word) {
		return Value{}, p.errorf(`expected a value, got %s; write a string as "%s" and an enum as Module::NAME`, word, word)
	}
	return Value{}, p.expected("a value")
}

// interval reads the unit that follows a number, perhaps behind white space.
func (p *literalParser) interval(word string) (Value, bool) {
	number, unit := cutUnit(word)
	end := p.pos
	if unit == "" {
		p.peek()
		unit = p.in[p.pos : p.pos+wordEnd(p.in[p.pos:])]
		end, p.pos = p.pos+len(unit), end
	}
	size, known := intervalUnits[unit]
	if !known {
		return Value{}, false
	}
	ns, ok := parseInterval(number, size)
	if ok {
		p.pos = end
	}
	return Value{kind: KindTimespan, num: uint64(ns)}, ok
}
