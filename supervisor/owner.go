package supervisor

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// introduce tells a program who it runs as, where the configuration does not: what is
// inherited speaks of us.
func (u *User) introduce(env map[string]string) {
	for key, value := range map[string]string{"USER": u.Name, "LOGNAME": u.Name, "HOME": cmp.Or(u.Home, "/")} {
		if _, said := env[key]; !said {
			env[key] = value
		}
	}
}

// give makes a directory and all in it a user's, unless it is his already. It follows
// no links, and leaves alone files that have several names: the earlier owner could
// have put anything there.
func (u *User) give(dir string) error {
	var stat unix.Stat_t
	if err := unix.Lstat(dir, &stat); err != nil {
		return fmt.Errorf("cannot give %s to %s: %w", dir, u, err)
	}
	if stat.Uid == u.UID && stat.Gid == u.GID {
		return nil
	}
	root, err := os.OpenRoot(dir)
	if err == nil {
		defer root.Close()
		err = u.giveTree(root)
	}
	if err != nil {
		return fmt.Errorf("cannot give %s to %s: %w", dir, u, err)
	}
	return nil
}

// giveTree gives what is below a directory, and itself last: who is interrupted
// begins anew.
func (u *User) giveTree(root *os.Root) error {
	err := fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // the node that runs removed it
		}
		if err != nil || name == "." {
			return err
		}
		info, err := root.Lstat(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case !info.IsDir() && (!info.Mode().IsRegular() || links(info) > 1):
			return nil
		}
		return root.Lchown(name, int(u.UID), int(u.GID))
	})
	if err != nil {
		return err
	}
	return root.Chown(".", int(u.UID), int(u.GID))
}

func links(info fs.FileInfo) uint64 {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 1
	}
	return uint64(stat.Nlink)
}

// letPass lets users that are not ours through a directory, but not see what is in it.
func letPass(dir string) error {
	info, err := os.Stat(dir)
	if err == nil && info.Mode().Perm()&0o011 != 0o011 {
		err = os.Chmod(dir, info.Mode().Perm()|0o011)
	}
	if err != nil {
		return fmt.Errorf("cannot let others through: %w", err)
	}
	return nil
}
