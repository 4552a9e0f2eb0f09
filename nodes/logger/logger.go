// Package logger writes log batches to files as Zeek's ASCII writer does
// (spec: cluster-framework 3.6): one file for each log path in one directory,
// in TSV with Zeek's header.
//
// Batches flow in from PULL sockets and from the node itself, lines flow out to
// files. What a batch contains is said by the batch, so a new or changed stream
// needs no configuration. A batch that cannot be understood is dropped whole and
// leaves no trace in a file.
//
// Files are only ever appended to, so that a restart loses nothing; they are not
// rotated.
package logger

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"zctl/nodes/logwire"
)

// maxPaths bounds the files a logger has open; Zeek has about 80 logs.
const maxPaths = 4096

// Logger writes the logs of a cluster into one directory. Its methods may be
// called by several goroutines.
type Logger struct {
	dir string
	now func() time.Time

	mu    sync.Mutex // guards what follows, and the order of lines in a file
	files map[string]*logFile
	line  []byte // of Write, kept for its capacity
}

// New makes a logger that writes into dir.
func New(dir string) *Logger {
	return &Logger{dir: dir, now: time.Now, files: map[string]*logFile{}}
}

// logFile is the open file of one path.
type logFile struct {
	*os.File
	schema string // what the last header written says
}

// Write writes the records of a batch to the file of its path.
func (l *Logger) Write(payload []byte) error {
	header, records, err := logwire.Parse(payload)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	text := l.line[:0]
	for range records.Records {
		start := len(text)
		for i := range header.Fields {
			if i > 0 {
				text = append(text, '\t')
			}
			text = appendValue(text, records)
		}
		text = endLine(text, start)
	}
	l.line = text
	if err := records.End(); err != nil {
		return err
	}
	if len(text) == 0 {
		return nil
	}
	f, err := l.open(header)
	if err != nil {
		return err
	}
	if _, err := f.Write(text); err != nil {
		return fmt.Errorf("cannot write %s: %w", f.Name(), err)
	}
	return nil
}

// open is the file for a batch, with the right header behind its last line.
func (l *Logger) open(h logwire.Header) (*logFile, error) {
	schema := fieldLines(h)
	f := l.files[h.Path]
	if f != nil && f.schema == schema {
		return f, nil
	}
	if f == nil {
		if !validPath(h.Path) {
			return nil, fmt.Errorf("cannot write log %q: its path cannot be the name of a file", h.Path)
		}
		if len(l.files) >= maxPaths {
			return nil, fmt.Errorf("cannot write log %q: there are %d logs already", h.Path, maxPaths)
		}
		file, err := os.OpenFile(filepath.Join(l.dir, h.Path+".log"), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
		if err != nil {
			return nil, fmt.Errorf("cannot write log %q: %w", h.Path, err)
		}
		f = &logFile{File: file}
		l.files[h.Path] = f
	}
	if _, err := f.WriteString(l.header(h.Path) + schema); err != nil {
		return nil, fmt.Errorf("cannot write %s: %w", f.Name(), err)
	}
	f.schema = schema
	return f, nil
}

// header is the lines that begin a log.
func (l *Logger) header(path string) string {
	return "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\t" + path +
		"\n#open\t" + l.stamp() + "\n"
}

// fieldLines is the rest of the header, which depends on the stream alone.
func fieldLines(h logwire.Header) string {
	var names, types strings.Builder
	for _, f := range h.Fields {
		names.WriteString("\t" + f.Name)
		types.WriteString("\t" + f.TypeName())
	}
	return "#fields" + names.String() + "\n#types" + types.String() + "\n"
}

func (l *Logger) stamp() string { return l.now().Local().Format("2006-01-02-15-04-05") }

// Close ends all files.
func (l *Logger) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var errs []error
	for _, f := range l.files {
		_, err := f.WriteString("#close\t" + l.stamp() + "\n")
		errs = append(errs, err, f.File.Close())
	}
	l.files = map[string]*logFile{}
	return errors.Join(errs...)
}

// validPath says whether a log path, which comes from the wire, may name a file.
func validPath(path string) bool {
	return len(path) <= 200 && !strings.HasPrefix(path, ".") &&
		!strings.ContainsFunc(path, func(r rune) bool { return r <= ' ' || r == '/' || r == 0x7f })
}

// endLine ends the line that begins at start, which must not look like a
// comment.
func endLine(text []byte, start int) []byte {
	if len(text) > start && text[start] == '#' {
		text = slices.Replace(text, start, start+1, []byte(`\x23`)...)
	}
	return append(text, '\n')
}
