package tap

import "time"

// LogLine is a line that a logger wrote to a file, to be shown between messages.
type LogLine struct {
	Time               time.Time // when it was seen
	Logger, File, Line string
}

// AppendText appends the line for people, with the tabs between its fields and
// without what would do something to a terminal:
//
//	2026-01-02 15:04:05.000000  LOGGER  FILE  LINE
func (l LogLine) AppendText(dst []byte) []byte {
	dst = l.Time.Local().AppendFormat(dst, "2006-01-02 15:04:05.000000")
	start := len(dst)
	for _, s := range []string{l.Logger, l.File, l.Line} {
		dst = append(append(dst, "  "...), s...)
	}
	return append(escape(dst, start, appendLogEscape), '\n')
}

// appendLogEscape leaves tabs as they are.
func appendLogEscape(dst []byte, r rune, raw []byte) []byte {
	if r == '\t' {
		return append(dst, '\t')
	}
	return appendTextEscape(dst, r, raw)
}

// AppendJSON appends the line as one with a JSON object: time, logger, file and
// line. What is not UTF-8 becomes U+FFFD.
func (l LogLine) AppendJSON(dst []byte) []byte {
	start := len(dst)
	dst = append(dst, `{"time":"`...)
	dst = l.Time.UTC().AppendFormat(dst, time.RFC3339Nano)
	dst = appendString(append(dst, `","logger":`...), l.Logger)
	dst = appendString(append(dst, `,"file":`...), l.File)
	dst = appendString(append(dst, `,"line":`...), l.Line)
	return append(escape(dst, start, appendJSONEscape), '}', '\n')
}
