package archive

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// errOtherWay is that a file cannot get a name there by a rename.
var errOtherWay = errors.New("cannot rename to there")

// claim gives the whole archive in file the first name that is free, for good.
func (s Store) claim(src *source, file string, name Name, pack Compression) (Log, error) {
	for ; name.Counter <= maxCounter; name.Counter = max(2, name.Counter+1) {
		path := filepath.Join(s.Dir, name.Path())
		err := renameNew(file, path)
		if errors.Is(err, fs.ErrExist) && !sameLog(src, path, pack) {
			continue
		}
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return Log{}, err
		}
		if err := syncDir(filepath.Dir(path)); err != nil {
			return Log{}, err
		}
		info, err := os.Stat(path)
		if err != nil {
			return Log{}, err
		}
		return Log{Name: name, Path: path, Size: info.Size()}, nil
	}
	return Log{}, errors.New("all names it could have are taken; look at what else writes there")
}

// renameNew renames a file unless the new name is taken (fs.ErrExist). Where the
// file system cannot do that at once, a hard link is made first.
func renameNew(from, to string) error {
	err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) {
		if err = unix.Link(from, to); err == nil {
			return os.Remove(from)
		}
	}
	if errors.Is(err, unix.EXDEV) {
		return errOtherWay
	}
	if err != nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
	}
	return nil
}

// syncDir puts the names in a directory on the disk. Some file systems have
// nothing to do for that and say EINVAL.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, unix.EINVAL) {
		return err
	}
	return nil
}

// makeDir makes a directory of archives, and those above it, and puts their
// names on the disk. The mode is zeek-archiver's, less the umask.
func makeDir(dir string) error {
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		return nil
	}
	if parent := filepath.Dir(dir); parent != dir {
		if err := makeDir(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o775); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return &os.PathError{Op: "mkdir", Path: dir, Err: unix.ENOTDIR}
	}
	return syncDir(filepath.Dir(dir))
}
