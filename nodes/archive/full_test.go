package archive

import (
	"errors"
	"maps"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// small mounts a file system of 64 KiB.
func small(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("skipped: cannot mount a small file system, needs root: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// Where there is no room, or nothing may be written, the log stays as it is and
// is archived when that is over.
func TestNoRoom(t *testing.T) {
	t.Parallel()
	dir := small(t)
	filler := write(t, dir+"/filler", strings.Repeat("x", 60<<10))
	text := bigText(1)[:40<<10]
	for _, pack := range []Compression{Gzip, Zstd, Plain} {
		s := utc(dir + "/logs")
		s.Compression = pack
		src := write(t, t.TempDir()+"/conn.log", text)
		for _, c := range []struct {
			is       error
			says     string
			in, over func() error
		}{
			{unix.ENOSPC, "make room", func() error { return os.WriteFile(filler, make([]byte, 60<<10), 0o600) }, func() error { return os.Remove(filler) }},
			{unix.EROFS, "mount the file system writable", remount(dir, unix.MS_RDONLY), remount(dir, 0)},
		} {
			if err := c.in(); err != nil {
				t.Fatal(err)
			}
			before := files(t, dir)
			_, err := s.Archive(background, job(src, "conn", ""))
			if !errors.Is(err, c.is) || !strings.HasSuffix(err.Error(), c.says) && !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s: error %v", pack, err)
			}
			if unpack(t, src) != text || !maps.Equal(files(t, dir), before) {
				t.Errorf("%s: after %v the files have changed", pack, err)
			}
			if err := c.over(); err != nil {
				t.Fatal(err)
			}
		}
		log, err := s.Archive(background, job(src, "conn", ""))
		if err != nil || unpack(t, log.Path) != text {
			t.Errorf("%s: after that: %v", pack, err)
		}
		if err := os.RemoveAll(s.Dir); err != nil {
			t.Fatal(err)
		}
	}
}

// remount waits until no process that another test just forked has a file there.
func remount(dir string, flags uintptr) func() error {
	return func() error {
		for try := 0; ; try++ {
			err := unix.Mount("", dir, "", unix.MS_REMOUNT|flags, "size=64k")
			if !errors.Is(err, unix.EBUSY) || try == 1000 {
				return err
			}
			time.Sleep(time.Millisecond)
		}
	}
}
