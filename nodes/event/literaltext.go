package event

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// quoted reads a string.
func (p *literalParser) quoted() (Value, error) {
	start := p.pos
	var out []byte
	for i := start + 1; i < len(p.in); {
		switch c := p.in[i]; c {
		case '"':
			p.pos = i + 1
			return String(string(out)), nil
		case '\\':
			b, used := unescapeLiteral(out, p.in[i:])
			if used == 0 {
				p.pos = i
				return Value{}, p.errorf(`expected an escape such as \" \\ \n \t \x0a, got %.2s`, p.in[i:])
			}
			out, i = b, i+used
		default:
			out = append(out, c)
			i++
		}
	}
	p.pos = start
	return Value{}, p.errorf("expected the end of the string")
}

// unescapeLiteral appends what the escape at the beginning of s stands for; it
// uses so many bytes, or none if there is no such escape. Zeek has up to two
// digits in \x0a and up to three in \012; the rest is as in Go.
func unescapeLiteral(dst []byte, s string) ([]byte, int) {
	if len(s) > 1 && '0' <= s[1] && s[1] <= '7' {
		return appendByte(dst, s, 1, 3, "01234567", 8)
	}
	if strings.HasPrefix(s, `\x`) {
		return appendByte(dst, s, 2, 2, "0123456789abcdefABCDEF", 16)
	}
	r, _, rest, err := strconv.UnquoteChar(s, '"')
	if err != nil {
		return dst, 0
	}
	return utf8.AppendRune(dst, r), len(s) - len(rest)
}

// appendByte appends the byte that up to most digits from start on say.
func appendByte(dst []byte, s string, start, most int, digits string, base int) ([]byte, int) {
	end := start
	for end < len(s) && end < start+most && strings.IndexByte(digits, s[end]) >= 0 {
		end++
	}
	n, err := strconv.ParseUint(s[start:end], base, 8)
	if err != nil {
		return dst, 0
	}
	return append(dst, byte(n)), end
}
