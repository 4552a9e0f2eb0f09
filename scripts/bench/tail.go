package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"time"
)

// tail follows a live log, through rotations, and notes how old its marked records are
// when they can be read: those whose ts is of this hour. The recorded ones are older.
type tail struct {
	path   string
	f      *os.File
	files  int
	buf    []byte
	left   int // bytes of a line that has not ended
	mark   []byte
	delays sample
}

// newTail follows a log from its present end.
func newTail(path string) (*tail, error) {
	const digits = 4 // of ten: some months
	now := strconv.FormatInt(time.Now().Unix(), 10)
	t := &tail{path: path, buf: make([]byte, 1<<20), mark: []byte("\n" + now[:digits])}
	err := t.open()
	if err == nil {
		_, err = t.f.Seek(0, io.SeekEnd)
	}
	return t, err
}

func (t *tail) open() error {
	f, err := os.Open(t.path)
	if err != nil {
		return fmt.Errorf("cannot follow log: %w", err)
	}
	t.close()
	t.f, t.left = f, 0
	t.files++
	return nil
}

func (t *tail) close() {
	if t.f != nil {
		t.f.Close()
	}
}

// follow follows until there were so many marked records.
func (t *tail) follow(ctx context.Context, records int) error {
	const patience = 30 * time.Second
	for begin := now(); len(t.delays) < records; {
		n, err := t.f.Read(t.buf[t.left:])
		t.see(t.left + n)
		switch {
		case n > 0:
			continue
		case err != nil && !errors.Is(err, io.EOF):
			return err
		case now()-begin > patience:
			return fmt.Errorf("cannot measure the delay of records: %d of %d were in the file after %v", len(t.delays), records, patience)
		case t.rotated():
			if err := t.last(); err != nil {
				return err
			}
			continue
		}
		if err := sleep(ctx, time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// rotated says whether there is another log by that name now.
func (t *tail) rotated() bool {
	old, err := t.f.Stat()
	if err != nil {
		return false
	}
	info, err := os.Stat(t.path)
	return err == nil && !os.SameFile(old, info) && !errors.Is(err, fs.ErrNotExist)
}

// last reads what came into the old log before it was renamed, and opens the new one.
func (t *tail) last() error {
	for {
		n, err := t.f.Read(t.buf[t.left:])
		if t.see(t.left + n); n == 0 {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return errors.Join(err, t.open())
		}
	}
}

// see looks for marked records in what has been read, and keeps the line that has not
// ended, with the end of the one before it.
func (t *tail) see(n int) {
	at := time.Now()
	whole := max(0, bytes.LastIndexByte(t.buf[:n], '\n'))
	for in := t.buf[:whole]; ; {
		i := bytes.Index(in, t.mark)
		if i < 0 {
			break
		}
		in = in[i+1:]
		ts, _, _ := bytes.Cut(in, []byte("\t"))
		seconds, err := strconv.ParseFloat(string(ts), 64)
		if delay := at.Sub(time.UnixMicro(int64(seconds * 1e6))); err == nil && delay < time.Hour {
			t.delays = append(t.delays, delay)
		}
	}
	t.left = copy(t.buf, t.buf[whole:n])
}
