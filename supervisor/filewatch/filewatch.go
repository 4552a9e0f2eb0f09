// Package filewatch says when a file has been written: one inotify instance for
// all that are watched, and nothing at all while nobody writes. It reads no file
// itself, and knows nothing of what is in them.
package filewatch

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Watcher watches files. The zero value watches none, and costs nothing.
type Watcher struct {
	mu      sync.Mutex // guards what follows
	inotify *os.File   // nil before the first watch, and after Close
	fd      int        // of inotify: to ask the file for it would make it a blocking one
	watches map[int32]watch
	done    chan struct{} // closed when the reader has ended
}

// watch is one directory with the file in it that is of interest.
type watch struct {
	dir, file string
	changed   func()
}

// Watch calls changed whenever somebody has written the file of that name in a
// directory, or moved it there, until [Watcher.Forget] or [Watcher.Close]. The
// directory must exist, the file need not. It replaces an earlier watch of the same
// directory. changed is called from one goroutine, one at a time; a call may come
// for nothing.
func (w *Watcher) Watch(dir, file string, changed func()) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.open(); err != nil {
		return fmt.Errorf("cannot watch %s: %w", dir, err)
	}
	wd, err := unix.InotifyAddWatch(w.fd, dir, unix.IN_CLOSE_WRITE|unix.IN_MOVED_TO|unix.IN_ONLYDIR)
	if err != nil {
		if errors.Is(err, unix.ENOSPC) {
			err = errors.New("there are too many inotify watches; raise fs.inotify.max_user_watches")
		}
		return fmt.Errorf("cannot watch %s: %w", dir, err)
	}
	w.watches[int32(wd)] = watch{dir, file, changed}
	return nil
}

func (w *Watcher) open() error {
	if w.inotify != nil {
		return nil
	}
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if errors.Is(err, unix.EMFILE) {
		return errors.New("there are too many inotify instances; raise fs.inotify.max_user_instances")
	}
	if err != nil {
		return err
	}
	w.fd = fd
	w.inotify, w.watches, w.done = os.NewFile(uintptr(fd), "inotify"), map[int32]watch{}, make(chan struct{})
	go w.read(w.inotify, w.done)
	return nil
}

// Forget ends the watch of a directory.
func (w *Watcher) Forget(dir string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for wd, watch := range w.watches {
		if watch.dir == dir {
			delete(w.watches, wd)
			unix.InotifyRmWatch(w.fd, uint32(wd)) // it may be gone with the directory
		}
	}
}

// Close ends all watches. When it returns nothing is called any more.
func (w *Watcher) Close() {
	w.mu.Lock()
	inotify, done := w.inotify, w.done
	w.inotify, w.watches = nil, nil
	w.mu.Unlock()
	if inotify != nil {
		inotify.Close()
		<-done
	}
}

// breather is how long it does not look after it was woken up for nothing: a
// directory may be busy with files that are of no interest.
const breather = 20 * time.Millisecond

func (w *Watcher) read(inotify *os.File, done chan struct{}) {
	defer close(done)
	buf := make([]byte, 16<<10)
	for {
		n, err := inotify.Read(buf)
		if err != nil {
			return
		}
		calls := w.callsFor(buf[:n])
		for _, changed := range calls {
			changed()
		}
		if len(calls) == 0 {
			time.Sleep(breather)
		}
	}
}

// callsFor is whom to call for events as the kernel writes them (inotify(7)): each
// once.
func (w *Watcher) callsFor(events []byte) []func() {
	w.mu.Lock()
	defer w.mu.Unlock()
	hit := map[int32]bool{}
	for len(events) >= unix.SizeofInotifyEvent {
		wd := int32(binary.NativeEndian.Uint32(events))
		mask := binary.NativeEndian.Uint32(events[4:])
		size := int(binary.NativeEndian.Uint32(events[12:]))
		rest := events[unix.SizeofInotifyEvent:]
		if size > len(rest) {
			break
		}
		name := strings.TrimRight(string(rest[:size]), "\x00")
		events = rest[size:]
		switch watch, known := w.watches[wd]; {
		case mask&unix.IN_Q_OVERFLOW != 0: // some were lost: it may have been any
			for wd := range w.watches {
				hit[wd] = true
			}
		case mask&unix.IN_IGNORED != 0: // the directory is gone
			delete(w.watches, wd)
		case known && watch.file == name:
			hit[wd] = true
		}
	}
	var calls []func()
	for wd := range hit {
		calls = append(calls, w.watches[wd].changed)
	}
	return calls
}
