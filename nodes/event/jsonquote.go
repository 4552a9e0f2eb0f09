package event

import "unicode/utf8"

// plain says which ASCII characters stand for themselves in a JSON string.
var plain = func() (p [utf8.RuneSelf]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		p[c] = c != '"' && c != '\\'
	}
	return p
}()

const hexDigits = "0123456789abcdef"

// AppendQuoted appends a text as a JSON string, as it stands in [Value.AppendJSON].
func AppendQuoted(dst []byte, s string) []byte { return appendQuoted(dst, s) }

// appendQuoted appends s as a JSON string, escaped as by Zeek; where Zeek
// writes what is not JSON, control characters become \u0000 and bytes that are
// not UTF-8 the text \xff.
func appendQuoted(dst []byte, s string) []byte { return appendString(dst, s, false) }

// appendQuotedBytes is appendQuoted, but leaves bytes that are not UTF-8 as they are.
func appendQuotedBytes(dst []byte, s string) []byte { return appendString(dst, s, true) }

func appendString(dst []byte, s string, bytes bool) []byte {
	dst = append(dst, '"')
	done := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf && plain[c] {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			if bytes {
				i++
				continue
			}
			if r, size := utf8.DecodeRuneInString(s[i:]); r != utf8.RuneError || size > 1 {
				i += size
				continue
			}
		}
		dst = appendEscaped(append(dst, s[done:i]...), c)
		i++
		done = i
	}
	return append(append(dst, s[done:]...), '"')
}

func appendEscaped(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, `\b`...)
	case '\f':
		return append(dst, `\f`...)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	}
	if c < utf8.RuneSelf {
		return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
	}
	return append(dst, '\\', '\\', 'x', hexDigits[c>>4], hexDigits[c&15])
}
