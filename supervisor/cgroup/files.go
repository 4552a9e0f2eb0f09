package cgroup

import (
	"errors"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// Files is the file systems in which the kernel shows control groups: /proc and where
// cgroup2 is mounted. Paths are absolute. Errors wrap the kernel's number.
type Files interface {
	Read(file string) (string, error)
	// Write writes to a file that is there: the kernel's are.
	Write(file, text string) error
	Mkdir(dir string) error
	Rmdir(dir string) error
	// Dirs is the names of the directories in one.
	Dirs(dir string) ([]string, error)
	// Writable says whether we may make directories in one, or write to a file.
	Writable(path string) error
	// Delegated says whether systemd has left a directory to us.
	Delegated(dir string) bool
	// Open opens a directory, for processes that are born there; the caller closes
	// it with [Close].
	Open(dir string) (int, error)
	// Kill kills one process, where there is no cgroup.kill (before Linux 5.14).
	Kill(pid int) error
}

// Kernel is the real ones.
var Kernel Files = kernel{}

type kernel struct{}

// Read does without what os.ReadFile does for files of all kinds.
func (kernel) Read(file string) (string, error) {
	fd, err := unix.Open(file, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", &os.PathError{Op: "open", Path: file, Err: err}
	}
	defer unix.Close(fd)
	var text strings.Builder
	var buf [4 << 10]byte
	for text.Len() < maxFile {
		n, err := unix.Read(fd, buf[:])
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return "", &os.PathError{Op: "read", Path: file, Err: err}
		}
		if n == 0 {
			break
		}
		text.Write(buf[:n])
	}
	return text.String(), nil
}

// maxFile bounds what is read of one file, in bytes: a cgroup.procs of every process
// that there can be.
const maxFile = 32 << 20

func (kernel) Write(file, text string) error {
	fd, err := unix.Open(file, unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return &os.PathError{Op: "open", Path: file, Err: err}
	}
	defer unix.Close(fd)
	if _, err := unix.Write(fd, []byte(text)); err != nil {
		return &os.PathError{Op: "write", Path: file, Err: err}
	}
	return nil
}

func (kernel) Mkdir(dir string) error {
	if err := unix.Mkdir(dir, 0o755); err != nil {
		return &os.PathError{Op: "mkdir", Path: dir, Err: err}
	}
	return nil
}

func (kernel) Rmdir(dir string) error {
	if err := unix.Rmdir(dir); err != nil {
		return &os.PathError{Op: "rmdir", Path: dir, Err: err}
	}
	return nil
}

func (kernel) Dirs(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names, err
}

func (kernel) Writable(path string) error {
	err := unix.Faccessat(unix.AT_FDCWD, path, unix.W_OK, unix.AT_EACCESS)
	if err != nil {
		return &os.PathError{Op: "access", Path: path, Err: err}
	}
	return nil
}

func (kernel) Delegated(dir string) bool {
	for _, name := range []string{"user.delegate", "trusted.delegate"} {
		var value [1]byte
		if n, err := unix.Getxattr(dir, name, value[:]); err == nil && n == 1 && value[0] == '1' {
			return true
		}
	}
	return false
}

func (kernel) Open(dir string) (int, error) {
	fd, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, &os.PathError{Op: "open", Path: dir, Err: err}
	}
	return fd, nil
}

func (kernel) Kill(pid int) error { return unix.Kill(pid, unix.SIGKILL) }

// Close closes a directory that [Files.Open] has opened.
func Close(fd int) { unix.Close(fd) }
