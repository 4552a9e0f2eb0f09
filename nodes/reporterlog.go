package nodes

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"zctl/nodes/event"
	"zctl/nodes/logstream"
)

// reporterLine is a record of Reporter::LOG, with the fields of Zeek's, so that Zeek's
// loggers take it. They do not say which node it is of; the message begins with that.
type reporterLine struct {
	TS       time.Time  `log:"ts"`
	Level    event.Enum `log:"level"`
	Message  string     `log:"message"`
	Location *string    `log:"location"` // "zmq/link.go, line 61"
}

var reporterLog = logstream.ID{Stream: "Reporter::LOG", Path: "reporter"}

// reporterHandler writes a node's warnings and errors to reporter.log, too.
type reporterHandler struct {
	slog.Handler
	logs   *logs
	stream *logstream.Stream[reporterLine]
	attrs  string // of With, " key=value" each
	group  string // of WithGroup, with a dot behind each
}

func (h reporterHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn || h.Handler.Enabled(ctx, level)
}

func (h reporterHandler) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelWarn {
		h.logs.refuse(h.stream.TryWrite(h.line(r)))
	}
	if !h.Handler.Enabled(ctx, r.Level) {
		return nil
	}
	return h.Handler.Handle(ctx, r)
}

func (h reporterHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	h.Handler = h.Handler.WithAttrs(attrs)
	for _, a := range attrs {
		h.attrs += attrText(h.group, a)
	}
	return h
}

func (h reporterHandler) WithGroup(name string) slog.Handler {
	h.Handler = h.Handler.WithGroup(name)
	h.group += name + "."
	return h
}

// line is the record as Zeek has it.
func (h reporterHandler) line(r slog.Record) reporterLine {
	line := reporterLine{TS: r.Time, Level: "Reporter::WARNING", Location: location(r.PC)}
	if r.Level >= slog.LevelError {
		line.Level = "Reporter::ERROR"
	}
	var text strings.Builder
	text.WriteString(h.logs.node + ": " + r.Message + h.attrs)
	r.Attrs(func(a slog.Attr) bool {
		text.WriteString(attrText(h.group, a))
		return true
	})
	line.Message = text.String()
	return line
}

func attrText(group string, a slog.Attr) string {
	text := a.Value.Resolve().String()
	if strings.ContainsAny(text, " =\"\n") || text == "" {
		text = fmt.Sprintf("%q", text)
	}
	return " " + group + a.Key + "=" + text
}

// location is where in the source something was said, nil if that is unknown.
func location(pc uintptr) *string {
	if pc == 0 {
		return nil
	}
	frame, _ := runtime.CallersFrames([]uintptr{pc}).Next()
	dir, file := filepath.Split(frame.File)
	text := fmt.Sprintf("%s/%s, line %d", filepath.Base(dir), file, frame.Line)
	return &text
}
