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
	"strings"
	"sync"
	"time"

	"zctl/nodes/logtext"
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
	text  []byte // of Write, kept for its capacity
}

// New makes a logger that writes into dir.
func New(dir string) *Logger {
	return &Logger{dir: dir, now: time.Now, files: map[string]*logFile{}}
}

// logFile is the open file of one path.
type logFile struct {
	*os.File
	formatter *logtext.Formatter // of the last header written
}

// Write writes the records of a batch to the file of its path.
func (l *Logger) Write(payload []byte) error {
	header, records, err := logwire.Parse(payload)
	if err != nil {
		return err
	}
	formatter, err := logtext.New(header, logtext.Defaults())
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	text, err := formatter.Append(l.text[:0], records.Rest(), records.Records)
	if err != nil {
		return atOffset(err, records.Offset())
	}
	l.text = text
	if len(text) == 0 {
		return nil
	}
	f, err := l.open(header.Path, formatter)
	if err != nil {
		return err
	}
	if _, err := f.Write(text); err != nil {
		return fmt.Errorf("cannot write %s: %w", f.Name(), err)
	}
	return nil
}

// atOffset makes an error in the records one of the batch they begin in at offset.
func atOffset(err error, offset int) error {
	if in, ok := errors.AsType[*logwire.Error](err); ok {
		return &logwire.Error{Offset: offset + in.Offset, Reason: in.Reason}
	}
	return err
}

// open is the file of a path, with the right header behind its last line.
func (l *Logger) open(path string, formatter *logtext.Formatter) (*logFile, error) {
	f := l.files[path]
	if f != nil && f.formatter.Schema() == formatter.Schema() {
		return f, nil
	}
	if f == nil {
		if !validPath(path) {
			return nil, fmt.Errorf("cannot write log %q: its path cannot be the name of a file", path)
		}
		if len(l.files) >= maxPaths {
			return nil, fmt.Errorf("cannot write log %q: there are %d logs already", path, maxPaths)
		}
		file, err := os.OpenFile(filepath.Join(l.dir, path+".log"), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
		if err != nil {
			return nil, fmt.Errorf("cannot write log %q: %w", path, err)
		}
		f = &logFile{File: file}
		l.files[path] = f
	}
	if _, err := f.Write(formatter.AppendHeader(nil, l.now().Local())); err != nil {
		return nil, fmt.Errorf("cannot write %s: %w", f.Name(), err)
	}
	f.formatter = formatter
	return f, nil
}

// Close ends all files.
func (l *Logger) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var errs []error
	for _, f := range l.files {
		if f.formatter != nil { // its header could be written
			_, err := f.Write(f.formatter.AppendFooter(nil, l.now().Local()))
			errs = append(errs, err)
		}
		errs = append(errs, f.File.Close())
	}
	l.files = map[string]*logFile{}
	return errors.Join(errs...)
}

// validPath says whether a log path, which comes from the wire, may name a file.
func validPath(path string) bool {
	return len(path) <= 200 && !strings.HasPrefix(path, ".") &&
		!strings.ContainsFunc(path, func(r rune) bool { return r <= ' ' || r == '/' || r == 0x7f })
}
