package archive

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Rotate gives a log that was just closed the name under which it waits to be
// archived, in dir, which is made if it is not there and must be on the same
// device. That costs one rename whatever the size, and then the place of the log
// is free for the next one. No file is overwritten: a name that is taken gets a
// counter. The name says everything, so that after a crash [Adopt] makes the
// same job of it, if the times of the name are in the location that it is given.
func Rotate(file, dir string, name Name) (Job, error) {
	path, err := rotate(file, dir, name)
	if err != nil {
		return Job{}, fmt.Errorf("cannot rotate %s: %w%s", file, err, advice(err))
	}
	return name.job(path), nil
}

func rotate(file, dir string, name Name) (string, error) {
	if err := name.check(); err != nil {
		return "", err
	}
	if err := makeDir(dir); err != nil {
		return "", err
	}
	for ; name.Counter <= maxCounter; name.Counter = max(2, name.Counter+1) {
		path := filepath.Join(dir, name.Rotated())
		if err := renameNew(file, path); !errors.Is(err, fs.ErrExist) {
			return path, err
		}
	}
	return "", errors.New("all names it could have are taken; look at what else writes there")
}

// job is the job for a log with that name.
func (n Name) job(path string) Job {
	return Job{File: path, Stream: n.Stream, Open: n.Open, Close: n.Close, Suffix: n.Suffix, Ext: n.Ext}
}

// isLog says whether a path is a regular file, or a link to one.
func isLog(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
