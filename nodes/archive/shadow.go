package archive

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// shadowPrefix begins the name of the file that Zeek's ASCII writer puts beside a
// live log and removes when it rotates it (spec: cluster-framework 3.2).
const shadowPrefix = ".shadow."

// shadow is such a file.
type shadow struct {
	path string // "" if there is none
	ext  string // its first line; the second, a function of Zeek, is not for us
	open time.Time
}

// readShadow reads the shadow of a log, if it has one. The log was opened when
// the shadow's inode last changed.
func readShadow(log string) shadow {
	dir, file := filepath.Split(log)
	path := dir + shadowPrefix + file
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return shadow{}
	}
	defer f.Close()
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil || st.Mode&unix.S_IFMT != unix.S_IFREG {
		return shadow{}
	}
	lines := bufio.NewScanner(io.LimitReader(f, 4096))
	lines.Scan()
	return shadow{path: path, ext: lines.Text(), open: time.Unix(st.Ctim.Unix())}
}

func (s shadow) remove() error {
	if s.path == "" {
		return nil
	}
	return os.Remove(s.path)
}

// dropShadow removes a shadow whose log is gone.
func dropShadow(path, log string) error {
	if _, err := os.Lstat(log); !errors.Is(err, fs.ErrNotExist) {
		return errNoLog // it goes with its log
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return errNoLog
}
