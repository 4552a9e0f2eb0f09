package generation

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// lockPatience is how long who stages waits for who removes, which takes moments.
const lockPatience = 10 * time.Second

// errBusy says that somebody is staging.
var errBusy = errors.New("somebody else is at it")

// share keeps everybody from removing until unlock is called.
func (s *Store) share() (unlock func(), err error) {
	for end := time.Now().Add(lockPatience); ; time.Sleep(5 * time.Millisecond) {
		unlock, err = s.lock(unix.LOCK_SH)
		if !errors.Is(err, errBusy) || time.Now().After(end) {
			return unlock, err
		}
	}
}

// lock takes a lock that ends with the process, or with unlock.
func (s *Store) lock(how int) (unlock func(), err error) {
	dir, err := os.Open(s.dir)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(dir.Fd()), how|unix.LOCK_NB); err != nil {
		dir.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			err = errBusy
		}
		return nil, fmt.Errorf("cannot lock %s: %w", s.dir, err)
	}
	return func() {
		unix.Flock(int(dir.Fd()), unix.LOCK_UN) // a process that is just being forked has it, too
		dir.Close()
	}, nil
}
