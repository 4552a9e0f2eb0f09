package logger

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"zctl/nodes/logtext"
)

// file is a live log. It is opened when there is something to write, and after a
// rotation again.
type file struct {
	l      *Logger
	path   string
	header int // bytes of the longest it had; guarded by l.mu

	mu     sync.Mutex // guards what follows; held while a full disk is waited for
	f      *os.File
	opened time.Time
	size   int64  // of what was written whole
	text   []byte // that waits to be written
	counts int    // bytes of its memory that count for l.waiting
	format *logtext.Formatter

	tickets []*ticket // of batches with text that waits
	owed    int       // bytes of that text
}

// append appends text in that format, behind the right header. The ticket is of the
// batch that ends with it; nil: there is none.
func (f *file) append(format *logtext.Formatter, text []byte, t *ticket) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.format == nil || f.format != format && f.format.Schema() != format.Schema() {
		if f.opened.IsZero() {
			f.opened = f.l.o.Now()
		}
		f.text = format.AppendHeader(f.text, f.l.o.Now().Local())
	}
	f.format = format
	if t != nil {
		f.await(t, len(text))
	}
	if len(text) >= chunk { // not worth a copy
		f.flush(text)
		return
	}
	f.text = append(f.text, text...)
	switch ok := f.count(); {
	case !ok:
		f.flush(nil)
		f.free()
	case len(f.text) >= chunk:
		f.flush(nil)
	}
}

// count counts the memory for text that waits.
func (f *file) count() bool { return f.l.waiting.count(&f.counts, cap(f.text)) }

// free gives that memory back; nothing waits.
func (f *file) free() {
	f.text = nil
	f.count()
}

// await has a batch be told when so many bytes more are written.
func (f *file) await(t *ticket, size int) {
	if f.tickets = append(f.tickets, t); len(f.tickets) == 1 {
		f.l.awaited.add(f)
	}
	f.owed += size
}

// flushSoon writes what waits, unless somebody does so already.
func (f *file) flushSoon() {
	if !f.mu.TryLock() {
		return
	}
	defer f.mu.Unlock()
	if len(f.text) > 0 {
		f.flush(nil)
		return
	}
	f.free() // there is little to write
}

// flushAwaited writes what somebody waits for.
func (f *file) flushAwaited() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.tickets) > 0 {
		f.flush(nil)
	}
}

// flush writes what waits, and then more.
func (f *file) flush(more []byte) {
	lost := len(f.text) + len(more)
	err := f.put(f.text)
	if err == nil {
		lost = len(more)
		err = f.put(more)
	}
	f.settle(err, lost)
	if f.text = f.text[:0]; cap(f.text) > 4*chunk {
		f.free()
	}
	if r := f.l.o.Rotation; r != nil && r.Size > 0 && f.size >= r.Size {
		if err := f.close(); err != nil {
			f.l.o.Log.Error(err.Error())
		}
	}
}

// settle tells those who wait for what was written, or could not be: then that many
// bytes are lost, except what the end left to those who wait.
func (f *file) settle(err error, lost int) {
	ended := errors.Is(err, errEnding)
	if err != nil {
		f.format = nil // its header may be lost
		if ended {
			lost -= min(lost, f.owed)
		}
		f.l.stats.lost.Add(uint64(lost))
	}
	if !ended {
		for _, t := range f.tickets {
			t.written()
		}
	}
	clear(f.tickets)
	f.tickets, f.owed = f.tickets[:0], 0
}

// errEnding says that a logger ended before its disk took something.
var errEnding = errors.New("cannot wait for the disk: the logger ends")

// put writes text, and waits for the disk if that is full, until the logger ends. A file
// that cannot be written whatever the disk does is not waited for: one that is a
// directory must not stop all logs.
func (f *file) put(text []byte) error {
	for len(text) > 0 {
		err := f.write(text)
		if err == nil {
			f.l.disk.clear(f.path)
			return nil
		}
		f.l.disk.note(f.path, err)
		if !passes(err) {
			return err
		}
		select {
		case <-f.l.ending:
			return errEnding
		case <-time.After(retryAfter):
		}
	}
	return nil
}

// passes says whether an error may go away by itself, or by what an operator does about
// the disk or the directory as a whole.
func passes(err error) bool {
	for _, errno := range []syscall.Errno{
		unix.ENOSPC, unix.EDQUOT, unix.EROFS, unix.EIO, unix.ENOENT, unix.ENODEV, unix.ESTALE, unix.EMFILE, unix.ENFILE, unix.ENOMEM,
	} {
		if errors.Is(err, errno) {
			return true
		}
	}
	return false
}

// retryAfter is how long a disk that did not take something is left alone.
const retryAfter = time.Second

// write writes all of the text, or nothing: of what was written in part the file is
// freed again, which a full disk allows.
func (f *file) write(text []byte) error {
	if err := f.open(); err != nil {
		return err
	}
	if _, err := f.f.Write(text); err != nil {
		if cut := f.f.Truncate(f.size); cut != nil {
			return fmt.Errorf("cannot write %s: %w; nor take back the part of it that was written: %w", f.path, err, cut)
		}
		return fmt.Errorf("cannot write %s: %w", f.path, err)
	}
	f.size += int64(len(text))
	return nil
}

// open opens the file, and cuts off a line that a killed logger did not finish.
func (f *file) open() error {
	if f.f != nil {
		return nil
	}
	file, err := os.OpenFile(f.path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return fmt.Errorf("cannot write log: %w", err)
	}
	size, err := cutTorn(file)
	if err != nil {
		file.Close()
		return fmt.Errorf("cannot write log: %s: %w", f.path, err)
	}
	f.f, f.size = file, size
	return nil
}

// cutTorn cuts off what is behind the last whole line of a file, and returns the size.
func cutTorn(f *os.File) (int64, error) {
	all, err := f.Seek(0, io.SeekEnd)
	size := all
	for buf := make([]byte, 64<<10); err == nil && size > 0; {
		part := buf[:min(size, int64(len(buf)))]
		if _, err = f.ReadAt(part, size-int64(len(part))); err != nil {
			return 0, err
		}
		end := bytes.LastIndexByte(part, '\n') + 1
		if size -= int64(len(part) - end); end > 0 {
			break
		}
	}
	if err != nil || size == all {
		return size, err
	}
	return size, f.Truncate(size)
}

// rotate closes the file if it has records, and says whether.
func (f *file) rotate() (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	had := f.f != nil || len(f.text) > 0
	if f.flush(nil); f.f == nil { // that closed it
		return had, nil
	}
	return had, f.close()
}

// end closes the file for good.
func (f *file) end() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch f.flush(nil); {
	case f.f == nil:
		return nil
	case f.l.o.Rotation.Automatic():
		return f.close()
	}
	_, err := f.finish()
	return err
}

// close ends the file, and hands it to the archive where there is one. f.mu is held
// and nothing waits.
func (f *file) close() error {
	opened, err := f.finish()
	if err != nil || f.l.o.Rotation == nil {
		return err
	}
	return f.l.o.Rotation.archive(f.path, *f.l.suffix.Load(), opened, f.l.o.Now())
}

// finish writes the last line of the file and closes it. It says when it was opened.
func (f *file) finish() (opened time.Time, err error) {
	if f.format != nil {
		f.text = f.format.AppendFooter(f.text[:0], f.l.o.Now().Local())
		if err := f.write(f.text); err != nil { // a log without its last line is whole enough
			f.l.disk.note(f.path, err)
		}
		f.text = f.text[:0]
	}
	err = f.f.Close()
	f.f, f.format, f.size = nil, nil, 0
	opened, f.opened = f.opened, time.Time{}
	return opened, err
}
