package nodes

import (
	"os"

	"golang.org/x/sys/unix"
)

// queueWatch hears of files that come into directories.
type queueWatch struct {
	dirs    []string
	inotify *os.File
	seen    chan struct{} // has something when something came
	done    chan struct{} // closed when nobody listens any more
}

func watchQueues(dirs []string) (*queueWatch, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, err
	}
	w := &queueWatch{dirs, os.NewFile(uintptr(fd), "inotify"), make(chan struct{}, 1), make(chan struct{})}
	go w.listen()
	return w, nil
}

// watch begins to watch those directories that are there, and says whether some are
// not. To watch one twice is to watch it once; one that was removed and made again
// needs it.
func (w *queueWatch) watch() (missing bool) {
	conn, err := w.inotify.SyscallConn()
	if err != nil {
		return true
	}
	conn.Control(func(fd uintptr) {
		for _, dir := range w.dirs {
			if _, err := unix.InotifyAddWatch(int(fd), dir, unix.IN_MOVED_TO|unix.IN_CLOSE_WRITE|unix.IN_ONLYDIR); err != nil {
				missing = true
			}
		}
	})
	return missing
}

func (w *queueWatch) listen() {
	defer close(w.done)
	events := make([]byte, 16<<10)
	for {
		if _, err := w.inotify.Read(events); err != nil {
			return
		}
		select {
		case w.seen <- struct{}{}:
		default: // somebody is about to look
		}
	}
}

func (w *queueWatch) close() {
	w.inotify.Close()
	<-w.done
}
