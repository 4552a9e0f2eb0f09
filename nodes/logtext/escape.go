package logtext

import (
	"bytes"
	"slices"
	"strings"
)

// escaper is how TSV has the strings of records, or those of elements.
type escaper struct {
	special   [256]bool // bytes that cannot just be copied
	first     [2]uint64 // first bytes of separators, as plainBytes takes them
	sequences []string  // the separators, in the order Zeek looks for them
	utf8      bool
	bounded   bool // as its formatter
	odd       bool // a separator may stand in numbers and addresses

	unsetField, emptyField string // as in the options
	unset, empty           string // for values that are unset or empty
	likeUnset, likeEmpty   string // for strings that read like these
}

func newEscaper(o Options, sequences ...string) escaper {
	e := escaper{utf8: o.EnableUTF8, sequences: sequences, unsetField: o.UnsetField, emptyField: o.EmptyField}
	slices.Sort(e.sequences)
	for c := range 256 {
		e.special[c] = c < ' ' || c >= 0x7f || c == '\\'
	}
	for i, sequence := range sequences {
		e.first[i] = uint64(sequence[0]) * lows
		e.special[sequence[0]] = true
		e.odd = e.odd || strings.IndexByte("0123456789abcdef.:/+-inTF", sequence[0]) >= 0
	}
	e.unset, e.likeUnset = e.mark(o.UnsetField)
	e.empty, e.likeEmpty = e.mark(o.EmptyField)
	return e
}

// mark is the unset or empty mark, and a string that reads like it: its first
// byte is escaped.
func (e *escaper) mark(text string) (mark, like string) {
	if text == "" {
		return "", ""
	}
	return string(e.appendEscaped(nil, []byte(text))), string(e.appendEscaped(appendHex(nil, text[0]), []byte(text[1:])))
}

// appendText appends a string value.
func (e *escaper) appendText(dst, s []byte) []byte {
	switch {
	case len(s) == 0:
		return append(dst, e.empty...)
	case string(s) == e.unsetField:
		return append(dst, e.likeUnset...)
	case string(s) == e.emptyField:
		return append(dst, e.likeEmpty...)
	}
	for _, c := range s[plainBytes(s, e.first[0], e.first[1]):] {
		if e.special[c] {
			return e.appendEscaped(dst, s)
		}
	}
	return append(dst, s...)
}

// appendEscaped appends the segments between backslashes and separators. Whether
// UTF-8 stays is decided for each segment alone, as Zeek does.
func (e *escaper) appendEscaped(dst, s []byte) []byte {
	for {
		at, length := e.firstSequence(s)
		dst = e.appendSegment(dst, s[:at])
		if length == 0 {
			return dst
		}
		for _, c := range s[at : at+length] {
			if c == '\\' {
				dst = append(dst, '\\', '\\')
			} else {
				dst = appendHex(dst, c)
			}
		}
		s = s[at+length:]
	}
}

// firstSequence finds the first backslash or separator; its length is 0 if there
// is none.
func (e *escaper) firstSequence(s []byte) (at, length int) {
	for i, c := range s {
		if !e.special[c] {
			continue
		}
		if c == '\\' {
			return i, 1
		}
		for _, sequence := range e.sequences {
			if bytes.HasPrefix(s[i:], []byte(sequence)) {
				return i, len(sequence)
			}
		}
	}
	return len(s), 0
}

func (e *escaper) appendSegment(dst, s []byte) []byte {
	keep := e.utf8 && keepsUTF8(s)
	for _, c := range s {
		if c < ' ' || c == 0x7f || c > 0x7f && !keep {
			dst = appendHex(dst, c)
		} else {
			dst = append(dst, c)
		}
	}
	return dst
}

// escapeAgain escapes what stands behind start: a number with an odd separator.
func (e *escaper) escapeAgain(dst []byte, start int) []byte {
	end := len(dst)
	dst = e.appendEscaped(dst, dst[start:end])
	return append(dst[:start], dst[end:]...)
}

func appendHex(dst []byte, c byte) []byte {
	const digits = "0123456789abcdef"
	return append(dst, '\\', 'x', digits[c>>4], digits[c&15])
}
