package logger

import (
	"fmt"
	"slices"
	"strings"

	"zctl/nodes/logtext"
	"zctl/nodes/logwire"
)

// schema is what batches with the same header have in common: where their text goes.
type schema struct {
	targets []target // none if the log is not wanted
}

// target is a file and the format of the text in it.
type target struct {
	file   *file
	format *logtext.Formatter
	long   *logtext.Formatter // for what format leaves alone because it makes too much text
}

// maxSchemas bounds the headers that are remembered. More than a cluster has begin
// anew.
const maxSchemas = 10000

// schema is that of a batch's header, whose bytes are the key: stream, writer, filter,
// path and fields.
func (l *Logger) schema(key []byte, h logwire.Header) (*schema, error) {
	key = key[:len(key)-recordCount]
	l.mu.RLock()
	s := l.schemas[string(key)]
	l.mu.RUnlock()
	if s != nil {
		return s, nil
	}
	s, err := l.newSchema(h, len(key))
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.keys += len(key); len(l.schemas) >= maxSchemas || l.keys > l.headerMemory() {
		clear(l.schemas)
		l.keys = len(key)
	}
	l.schemas[string(key)] = s
	return s, nil
}

// recordCount is the size of the number of records, which ends a header.
const recordCount = 4

func (l *Logger) newSchema(h logwire.Header, size int) (*schema, error) {
	if !validPath(h.Path) {
		return nil, fmt.Errorf("cannot write log %.100q: its path cannot be the name of a file", h.Path)
	}
	s := &schema{}
	h = clone(h)
	for _, kind := range l.o.Text.of(h.Path) {
		format, err := logtext.New(h, kind.options)
		if err != nil {
			return nil, fmt.Errorf("cannot write log %q: %w", h.Path, err)
		}
		f, err := l.file(h.Path+kind.ext, size)
		if err != nil {
			return nil, err
		}
		s.targets = append(s.targets, target{f, format.Bounded(), format})
	}
	return s, nil
}

// clone is a header that does not refer to the batch it was read from.
func clone(h logwire.Header) logwire.Header {
	h.Stream, h.Writer, h.Filter, h.Path = strings.Clone(h.Stream), strings.Clone(h.Writer), strings.Clone(h.Filter), strings.Clone(h.Path)
	h.Fields = slices.Clone(h.Fields)
	for i := range h.Fields {
		h.Fields[i].Name = strings.Clone(h.Fields[i].Name)
	}
	return h
}

// validPath says whether a log path, which comes from the wire, may name a file. The
// directory is also that of the node's own output.
func validPath(path string) bool {
	return path != "" && path != "stdout" && path != "stderr" && len(path) <= 200 && !strings.HasPrefix(path, ".") &&
		!strings.ContainsFunc(path, func(r rune) bool { return r <= ' ' || r == '/' || r == 0x7f })
}
