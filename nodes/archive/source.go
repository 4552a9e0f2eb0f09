package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// source is a log that is being archived. It is locked, so that two processes do
// not archive it twice.
type source struct {
	*os.File
	plain bool // not a symbolic link
}

func openSource(path string) (*source, error) {
	link, err := os.Lstat(path)
	if err != nil {
		return nil, gone(err)
	}
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0) // a FIFO must not block us
	if err != nil {
		return nil, gone(err)
	}
	src := &source{f, link.Mode().IsRegular()}
	if err := src.lock(); err != nil {
		src.close()
		return nil, err
	}
	return src, nil
}

// lock takes the log, if it is one and nobody else took it.
func (s *source) lock() error {
	if err := unix.Flock(int(s.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return fmt.Errorf("%w by another process", ErrBusy)
	}
	opened, err := s.Stat()
	if err != nil {
		return err
	}
	if !opened.Mode().IsRegular() {
		return errors.New("it is not a regular file")
	}
	now, err := os.Stat(s.Name())
	if err != nil {
		return gone(err)
	}
	if !os.SameFile(opened, now) {
		return ErrGone
	}
	return nil
}

// close gives the log back. A process that was just forked still has the file
// open until its exec, and would keep it locked.
func (s *source) close() {
	_ = unix.Flock(int(s.Fd()), unix.LOCK_UN)
	_ = s.Close()
}

// remove removes the log, unless its name is that of another file by now: the
// one that was renamed into the store may have a successor already.
func (s *source) remove() error {
	opened, err := s.Stat()
	if err != nil {
		return err
	}
	now, err := os.Stat(s.Name())
	if errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(opened, now) {
		return nil
	}
	if err != nil {
		return err
	}
	return os.Remove(s.Name())
}

func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return ErrGone
	}
	return err
}

// compress writes the log into tmp, and onto the disk.
func compress(ctx context.Context, tmp *temp, src *source, pack Compression, level int) error {
	w, err := pack.writer(tmp, level)
	if err != nil {
		return err
	}
	if _, err := io.CopyBuffer(struct{ io.Writer }{w}, interruptible{ctx, src.File}, make([]byte, 256<<10)); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return tmp.Sync()
}

// interruptible ends a copy that takes long.
type interruptible struct {
	ctx context.Context
	r   io.Reader
}

func (i interruptible) Read(p []byte) (int, error) {
	if err := i.ctx.Err(); err != nil {
		return 0, err
	}
	return i.r.Read(p)
}
