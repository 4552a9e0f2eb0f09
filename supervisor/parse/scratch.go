package parse

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"zctl/supervisor/process"
)

// scratchEnv marks the runs of a check, so that those which survived it are
// found.
const scratchEnv = "ZCTL_CHECK"

// scratch is the temporary directory of one check. It is locked for as long as
// the check lives.
type scratch struct {
	dir  string
	lock *os.File
}

// newScratch makes one, and removes those of checks that were killed.
func newScratch(temp string) (*scratch, error) {
	sweep(temp)
	dir, err := os.MkdirTemp(temp, "zctl-check-")
	if err != nil {
		return nil, fmt.Errorf("cannot make temporary directory: %w; free some space, or set TMPDIR", err)
	}
	lock, err := lockDir(dir)
	if err != nil { // by a sweep that has just seen it
		return newScratch(temp)
	}
	os.Chmod(dir, 0o755) // nodes may have another user; what they are told of secrets is not in it
	return &scratch{dir, lock}, nil
}

func (s *scratch) remove() {
	os.RemoveAll(s.dir)
	s.lock.Close()
}

// sweep removes what checks of the same user left that could not do so, and
// kills what they left running.
func sweep(temp string) {
	dirs, _ := filepath.Glob(filepath.Join(temp, "zctl-check-*")) // the pattern is good
	for _, dir := range dirs {
		lock, err := lockDir(dir)
		if err != nil {
			continue // its check goes on, or it is somebody else's
		}
		left, _ := process.Find(scratchEnv + "=" + dir)
		for _, p := range left {
			p.SignalSession(unix.SIGKILL)
		}
		(&scratch{dir, lock}).remove()
	}
}

var errNotOurs = errors.New("it belongs to somebody else")

// lockDir locks a directory of ours that nobody else has locked.
func lockDir(dir string) (*os.File, error) {
	file, err := os.OpenFile(dir, os.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, err
	}
	var stat unix.Stat_t
	err = unix.Fstat(int(file.Fd()), &stat)
	if err == nil && int(stat.Uid) != os.Geteuid() {
		err = errNotOurs
	}
	if err == nil {
		err = unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	}
	if err == nil && stat.Nlink == 0 {
		err = unix.ENOENT
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}
