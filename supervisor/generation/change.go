package generation

import (
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// The changes of the file system that a store makes, each of which may fail, or be
// the last that was made before the power went.

func (s *Store) before(op, path string) error {
	if s.step == nil {
		return nil
	}
	return s.step(op, path)
}

// makeDirs makes the directories of the store, which everybody may pass through.
func (s *Store) makeDirs() error {
	for _, dir := range []string{s.dir, s.sites()} {
		if err := s.mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		if err := s.sync(filepath.Dir(dir)); err != nil { // who made it may not have got to that
			return err
		}
	}
	return nil
}

func (s *Store) mkdir(path string, mode fs.FileMode) error {
	if err := s.before("mkdir", path); err != nil {
		return err
	}
	if err := os.Mkdir(path, mode); err != nil {
		return err
	}
	if err := os.Chmod(path, mode); err != nil { // whatever the umask is
		return err
	}
	return s.own(path)
}

// write makes a file of what content writes.
func (s *Store) write(path string, mode fs.FileMode, content func(io.Writer) error) error {
	if err := s.before("create", path); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|unix.O_NOFOLLOW, mode)
	if err != nil {
		return err
	}
	err = s.before("write", path)
	if err == nil {
		err = content(f)
	}
	err = errors.Join(err, f.Chmod(mode), f.Close())
	if err != nil {
		return err
	}
	return s.own(path)
}

func (s *Store) symlink(target, path string) error {
	if err := s.before("symlink", path); err != nil {
		return err
	}
	if err := os.Symlink(target, path); err != nil {
		return err
	}
	return s.own(path)
}

// own gives what root makes to the owner of the directory above the store: he runs
// the supervisor, which has to remove it one day.
func (s *Store) own(path string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	var base unix.Stat_t
	if err := unix.Stat(filepath.Dir(s.dir), &base); err != nil || base.Uid == 0 {
		return err
	}
	return os.Lchown(path, int(base.Uid), int(base.Gid))
}

// sync makes a file, or the names in a directory, survive a power cut.
func (s *Store) sync(path string) error {
	if err := s.before("sync", path); err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

func (s *Store) rename(from, to string) error {
	if err := s.before("rename", from+" "+to); err != nil {
		return err
	}
	return os.Rename(from, to)
}

// exchange swaps two names, or, where the file system cannot, frees to and renames.
func (s *Store) exchange(from, to string) error {
	if err := s.before("exchange", from+" "+to); err != nil {
		return err
	}
	err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_EXCHANGE)
	if !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOSYS) {
		return err
	}
	if err := s.rename(to, s.stageName()); err != nil { // and it is swept
		return err
	}
	return s.rename(from, to)
}

// remove removes something that has no name of its own any more. What cannot be
// removed now is swept some other time.
func (s *Store) remove(path string) error {
	if err := s.before("remove", path); err != nil {
		return err
	}
	return os.RemoveAll(path)
}

// stageName is a path for something that is being made.
func (s *Store) stageName() string {
	return filepath.Join(s.dir, stagePrefix+strconv.FormatUint(rand.Uint64(), 36))
}
