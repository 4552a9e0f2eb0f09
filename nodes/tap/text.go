package tap

import (
	"fmt"
	"strconv"

	"zctl/nodes/event"
)

// maxText bounds a line for people. Programs get all of it.
const maxText = 64 << 10

// AppendText appends the message as a line for people:
//
//	2026-01-02 15:04:05.000000  SENDER  TOPIC  Mod::name(arg, arg)
//
// with the event as [event.Event.String] has it, and its metadata if there is
// any. A message that is no event shows why, and its frames from the second on
// in quotes or, where people cannot read them, in hex. Control characters are
// escaped, and very long lines cut.
func (d Decoded) AppendText(dst []byte) []byte {
	start := len(dst)
	dst = d.Time.Local().AppendFormat(dst, "2006-01-02 15:04:05.000000")
	dst = append(append(dst, "  "...), orDash(d.Sender())...)
	dst = append(append(dst, "  "...), orDash(d.Topic())...)
	dst = append(dst, "  "...)
	if d.Err == nil {
		dst = appendEvent(dst, d.Event)
	} else {
		dst = fmt.Appendf(dst, "%v:", d.Err)
		for _, frame := range d.Frames[1:] {
			dst = appendFrame(append(dst, ' '), frame)
		}
	}
	if long := len(dst) - start - maxText; long > 0 {
		dst = fmt.Appendf(dst[:start+maxText], "… (%d bytes more)", long)
	}
	return append(escape(dst, start, appendTextEscape), '\n')
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func appendEvent(dst []byte, e event.Event) []byte {
	dst = append(dst, e.String()...)
	if len(e.Metadata.Elems()) > 0 {
		dst = append(append(dst, " metadata "...), e.Metadata.String()...)
	}
	return dst
}

// appendFrame appends a frame in quotes if people can read it, else in hex.
func appendFrame(dst, frame []byte) []byte {
	if unprintable(frame) == len(frame) {
		return strconv.AppendQuote(dst, string(frame))
	}
	return fmt.Appendf(dst, "%x", frame)
}

// appendTextEscape writes what cannot be shown as Go does: \n, \x1b, \u009b.
func appendTextEscape(dst []byte, r rune, raw []byte) []byte {
	if len(raw) == 1 && raw[0] >= 0x80 {
		return fmt.Appendf(dst, `\x%02x`, raw[0])
	}
	quoted := strconv.AppendQuoteRuneToASCII(nil, r)
	return append(dst, quoted[1:len(quoted)-1]...)
}
