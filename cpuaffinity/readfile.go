package cpuaffinity

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"
)

// maxFile bounds what is read of one kernel file, in bytes. The longest honest one is a /proc/PID/status whose Groups
// line has the kernel's 65536 groups.
const maxFile = 1 << 20

// dirBatch is how many directory entries are held at a time.
const dirBatch = 256

// readText returns the text of a small file without the white space around it. mount is where root lies on the host and
// is only for messages. The error wraps fs.ErrNotExist where the file is absent.
func readText(root fs.FS, mount, name string) (string, error) {
	text, err := readBounded(root, name)
	if err != nil {
		return "", fmt.Errorf("cannot read %s/%s: %w", mount, name, withoutPath(err))
	}
	return strings.TrimSpace(text), nil
}

func readBounded(root fs.FS, name string) (string, error) {
	f, err := root.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return "", err
	}
	if len(data) > maxFile {
		return "", fmt.Errorf("it is longer than %d bytes, which no kernel writes", maxFile)
	}
	return string(data), nil
}

// withoutPath drops the path that package os puts into its errors: ours is the one the operator can use.
func withoutPath(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}

// readList reads a CPU list (or node list) below "/"; found is false, and err nil, where the file is absent.
func readList(root fs.FS, name string) (list List, found bool, err error) {
	text, err := readText(root, "", name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	if list, err = parse(text); err != nil {
		return nil, false, fmt.Errorf("cannot read /%s: %w", name, err)
	}
	return list, true, nil
}

// readInt reads a number below "/"; found is false, and err nil, where the file is absent or holds a negative number,
// which is the kernel's word for unknown.
func readInt(root fs.FS, name string) (n int, found bool, err error) {
	text, err := readText(root, "", name)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	if n, err = strconv.Atoi(text); err != nil {
		return 0, false, fmt.Errorf("cannot read /%s: %s is not a number", name, quote(text))
	}
	return n, n >= 0, nil
}

// eachEntry calls visit with the name of every entry of a directory, in the order the directory has them, a few at a
// time so that a huge directory costs no memory. It stops at visit's first error.
func eachEntry(root fs.FS, dir string, visit func(name string) error) error {
	f, err := root.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	d, ok := f.(fs.ReadDirFile)
	if !ok {
		return &fs.PathError{Op: "readdir", Path: dir, Err: errors.New("not a directory")}
	}
	for {
		entries, err := d.ReadDir(dirBatch)
		for _, entry := range entries {
			if err := visit(entry.Name()); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) || err == nil && len(entries) == 0 {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
