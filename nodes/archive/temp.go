package archive

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// tempPrefix begins the name of an archive that is not whole yet. zeek-archiver's
// are called ".tmp." and are not ours to remove.
const tempPrefix = ".zctl-archive."

// temp is an archive in the making. It is locked as long as somebody makes it.
type temp struct{ *os.File }

// createTemp makes one with the mode that the umask gives; os.CreateTemp would
// keep archives from everybody else.
func createTemp(dir string) (*temp, error) {
	for {
		path := filepath.Join(dir, fmt.Sprintf("%s%016x", tempPrefix, rand.Uint64()))
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o664)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if lockTemp(f) {
			return &temp{f}, nil
		}
		f.Close() // taken for a left-over before it was locked
	}
}

// lockTemp locks a file and says whether it still has its name.
func lockTemp(f *os.File) bool {
	if unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
		return false
	}
	var st unix.Stat_t
	return unix.Fstat(int(f.Fd()), &st) == nil && st.Nlink > 0
}

// discard removes the file; if it became an archive there is nothing left to
// remove.
func (t *temp) discard() {
	_ = os.Remove(t.Name())
	_ = t.Close()
}

// Clean removes what processes that were killed left of archives they were
// making, and says how many there were. Those of living ones stay.
func (s Store) Clean() (int, error) {
	n := 0
	err := s.eachFile(func(day, file string) error {
		if !strings.HasPrefix(file, tempPrefix) {
			return nil
		}
		removed, err := removeStale(filepath.Join(s.Dir, day, file))
		if removed {
			n++
		}
		return err
	})
	if err != nil {
		return n, fmt.Errorf("cannot remove unfinished archives in %s: %w", s.Dir, err)
	}
	return n, nil
}

// removeStale removes a temporary file that nobody has locked.
func removeStale(path string) (bool, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	if !lockTemp(f) {
		return false, nil
	}
	return true, os.Remove(path)
}
