package process

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// MayEnter says whether the user may go to a directory, as far as owners and modes
// say; the error names the first on the way that he may not enter.
func (u User) MayEnter(dir string) error {
	path := "/"
	for _, name := range append([]string{""}, strings.Split(strings.Trim(filepath.Clean(dir), "/"), "/")...) {
		path = filepath.Join(path, name)
		if !u.may(path, unix.X_OK) {
			return fmt.Errorf("user %d may not enter %s", u.UID, path)
		}
	}
	return nil
}

// MayRun says whether the user may run a program, likewise.
func (u User) MayRun(program string) error {
	if real, err := filepath.EvalSymlinks(program); err == nil {
		program = real
	}
	if err := u.MayEnter(filepath.Dir(program)); err != nil {
		return err
	}
	if !u.may(program, unix.X_OK) {
		return fmt.Errorf("user %d may not run %s", u.UID, program)
	}
	return nil
}

// may says whether a file has a permission (unix.X_OK and the like) for the user.
// What cannot be looked at is not what stops him, and what has a list of who may
// (acl(5)) is not looked at.
func (u User) may(file string, what uint32) bool {
	var stat unix.Stat_t
	if u.UID == 0 || unix.Stat(file, &stat) != nil {
		return true
	}
	shift := 0
	switch {
	case stat.Uid == u.UID:
		shift = 6
	case stat.Gid == u.GID, slices.Contains(u.Groups, stat.Gid):
		shift = 3
	}
	if stat.Mode>>shift&what == what {
		return true
	}
	_, err := unix.Getxattr(file, "system.posix_acl_access", nil)
	return err == nil
}

// reason is why a program could not be run as a user, where the kernel only says that
// it is not permitted.
func (u User) reason(c Command, err error) error {
	if errors.Is(err, unix.EPERM) && os.Geteuid() != 0 {
		return fmt.Errorf("only root may run it as user %d", u.UID)
	}
	if c.Dir != "" {
		if err := u.MayEnter(c.Dir); err != nil {
			return fmt.Errorf("cannot enter %s: %w", c.Dir, err)
		}
	}
	if filepath.IsAbs(c.Argv[0]) {
		if err := u.MayRun(c.Argv[0]); err != nil {
			return err
		}
	}
	if errors.Is(err, unix.EPERM) && len(c.Capabilities) > 0 {
		return fmt.Errorf("cannot be user %d with these capabilities, which we may not have ourselves: %w", u.UID, err)
	}
	return err
}
