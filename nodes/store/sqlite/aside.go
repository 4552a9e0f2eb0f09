package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// putAside renames a damaged file so that it ends in .corrupt, and with it what
// belongs to it: a journal that stayed would be taken for the next file's.
func putAside(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is no regular file, but %s; move it away", path, info.Mode().Type())
	}
	for _, suffix := range []string{"", "-journal", "-wal"} {
		err := os.Rename(path+suffix, path+".corrupt"+suffix)
		if errors.Is(err, fs.ErrNotExist) { // then no old one may stay with the new one either
			err = os.Remove(path + ".corrupt" + suffix)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
