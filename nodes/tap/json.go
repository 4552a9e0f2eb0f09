package tap

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"zctl/nodes/event"
)

// AppendJSON appends the message as one line with a JSON object:
//
//	time      when it was received, in UTC to the nanosecond
//	topic, sender, format
//	event     the name of the event
//	args      its arguments, a vector in the form of [event.Value.AppendTyped]
//	metadata  its metadata in that form: a vector, or none without any
//
// A message that is no event has the error instead of the last three, and
// frames: all of its frames, each in hex. So has one with a topic, sender, format
// or name that is not UTF-8, as the strings cannot tell it. The line is always
// valid JSON, and of printable characters.
func (d Decoded) AppendJSON(dst []byte) []byte {
	start := len(dst)
	dst = append(dst, `{"time":"`...)
	dst = d.Time.UTC().AppendFormat(dst, time.RFC3339Nano)
	dst = appendString(append(dst, `","topic":`...), d.Topic())
	dst = appendString(append(dst, `,"sender":`...), d.Sender())
	dst = appendString(append(dst, `,"format":`...), d.Format())
	if d.Err != nil {
		dst = appendString(append(dst, `,"error":`...), d.Err.Error())
	} else {
		dst = appendString(append(dst, `,"event":`...), d.Event.Name)
		dst = event.List(d.Event.Args...).AppendTyped(append(dst, `,"args":`...))
		dst = d.Event.Metadata.AppendTyped(append(dst, `,"metadata":`...))
	}
	if d.Err != nil || !utf8.ValidString(d.Topic()+d.Sender()+d.Format()+d.Event.Name) {
		dst = d.appendFrames(append(dst, `,"frames":`...))
	}
	return append(escape(dst, start, appendJSONEscape), '}', '\n')
}

func (m Message) appendFrames(dst []byte) []byte {
	for i, frame := range m.Frames {
		dst = append(dst, "[,"[min(i, 1)], '"')
		dst = append(hex.AppendEncode(dst, frame), '"')
	}
	return append(dst, ']')
}

// appendString appends a JSON string; what is not UTF-8 becomes U+FFFD.
func appendString(dst []byte, s string) []byte {
	quoted, err := json.Marshal(s)
	if err != nil { // no string has one
		quoted = []byte(`""`)
	}
	return append(dst, quoted...)
}

// escape replaces what would do something to a terminal in what was appended to
// dst from start on. In JSON such characters stand within strings only.
func escape(dst []byte, start int, appendEscape func(dst []byte, r rune, raw []byte) []byte) []byte {
	at := start + unprintable(dst[start:])
	if at == len(dst) {
		return dst
	}
	rest := append([]byte(nil), dst[at:]...)
	dst = dst[:at]
	for len(rest) > 0 {
		r, size := utf8.DecodeRune(rest)
		if printable(r, size) {
			dst = append(dst, rest[:size]...)
		} else {
			dst = appendEscape(dst, r, rest[:size])
		}
		rest = rest[size:]
	}
	return dst
}

// unprintable is where the first character is that a terminal may obey, or the
// length of the text.
func unprintable(text []byte) int {
	for i := 0; i < len(text); {
		if c := text[i]; c >= ' ' && c < 0x7f {
			i++
			continue
		}
		r, size := utf8.DecodeRune(text[i:])
		if !printable(r, size) {
			return i
		}
		i += size
	}
	return len(text)
}

func printable(r rune, size int) bool {
	return unicode.IsPrint(r) && !(r == utf8.RuneError && size == 1)
}

func appendJSONEscape(dst []byte, r rune, _ []byte) []byte {
	if hi, lo := utf16.EncodeRune(r); hi != utf8.RuneError {
		return fmt.Appendf(dst, `\u%04x\u%04x`, hi, lo)
	}
	return fmt.Appendf(dst, `\u%04x`, r)
}
