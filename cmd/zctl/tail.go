package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// followEvery is how often a followed file is looked at.
const followEvery = 100 * time.Millisecond

// tailed is a file of which the end is printed, and then what is added. It may
// not exist yet, and may be replaced or truncated.
type tailed struct {
	path   string
	title  string // printed above its lines if there are several files
	file   *os.File
	offset int64
}

// tail prints the last lines of files, and with follow what is added to them
// until ctx ends. A negative number of lines means all.
func tail(ctx context.Context, w io.Writer, files []*tailed, lines int, follow bool) error {
	out := &titled{w: w, several: len(files) > 1}
	for _, t := range files {
		defer t.close()
		if err := t.open(lines); err != nil {
			return err
		}
	}
	for {
		for _, t := range files {
			if err := t.copyTo(out); err != nil {
				return err
			}
		}
		if !follow {
			return nil
		}
		select {
		case <-time.After(followEvery):
		case <-ctx.Done():
			return nil
		}
	}
}

// open opens the file at its last lines; one that does not exist is empty.
func (t *tailed) open(lines int) error {
	file, err := os.Open(t.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot read output: %w", err)
	}
	t.file, t.offset = file, 0
	if lines >= 0 {
		t.offset, err = lastLinesOffset(file, lines)
	}
	return err
}

func (t *tailed) close() {
	if t.file != nil {
		t.file.Close()
		t.file = nil
	}
}

// copyTo copies what was added since the last time.
func (t *tailed) copyTo(out *titled) error {
	if t.file == nil {
		if err := t.open(-1); err != nil || t.file == nil {
			return err
		}
	}
	if info, err := t.file.Stat(); err == nil && info.Size() < t.offset {
		t.offset = 0 // truncated
	}
	n, err := io.Copy(out.titled(t.title), io.NewSectionReader(t.file, t.offset, 1<<62))
	t.offset += n
	if err != nil {
		return err
	}
	if t.replaced() {
		t.close()
	}
	return nil
}

// replaced says whether the path now names another file, as after rotation.
func (t *tailed) replaced() bool {
	now, err := os.Stat(t.path)
	if err != nil {
		return false
	}
	ours, err := t.file.Stat()
	return err == nil && !os.SameFile(now, ours)
}

// lastLinesOffset is where the last lines of a file begin.
func lastLinesOffset(file *os.File, lines int) (int64, error) {
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return 0, err
	}
	if lines == 0 {
		return info.Size(), nil
	}
	buf := make([]byte, 64<<10)
	offset := info.Size()
	for seen := 0; offset > 0; {
		n := min(int64(len(buf)), offset)
		if _, err := file.ReadAt(buf[:n], offset-n); err != nil {
			return 0, err
		}
		for i := n - 1; i >= 0; i-- {
			at := offset - n + i
			if buf[i] != '\n' || at == info.Size()-1 {
				continue
			}
			if seen++; seen >= lines {
				return at + 1, nil
			}
		}
		offset -= n
	}
	return 0, nil
}

// titled writes output of several files, with a title wherever the file changes.
type titled struct {
	w       io.Writer
	several bool
	last    string
}

func (t *titled) titled(title string) io.Writer {
	return writerFunc(func(b []byte) (int, error) {
		if t.several && t.last != title && len(bytes.TrimSpace(b)) > 0 {
			if t.last != "" {
				fmt.Fprintln(t.w)
			}
			fmt.Fprintf(t.w, "==> %s <==\n", title)
			t.last = title
		}
		return t.w.Write(b)
	})
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }
