package archive

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

var background = context.Background()

func utc(dir string) Store { return Store{Dir: dir, Location: time.UTC} }

// Every compression, with every size that matters: none, less than a block, many.
func TestCompressions(t *testing.T) {
	t.Parallel()
	for _, pack := range []Compression{"", Gzip, Zstd, Plain} {
		for _, level := range []int{0, 1, 9} {
			for _, text := range []string{"", "a line\n", strings.Repeat("1764075600.123456\tCHhAvVGS1DHFjwGM9\t10.0.0.1\n", 20000)} {
				root := t.TempDir()
				src := write(t, root+"/spool/conn.log", text)
				s := Store{Dir: root + "/logs", Compression: pack, Level: level, Location: time.UTC}
				log, err := s.Archive(background, job(src, "conn", "logger-1"))
				if err != nil {
					t.Fatalf("%s %d: %v", pack, level, err)
				}
				want := "logs/2026-11-25/conn.13:00:00-14:00:00-logger-1.log" + pack.ext()
				if got := files(t, root); !maps.Equal(got, map[string]string{want: text}) {
					t.Errorf("%s %d: files are not %s", pack, level, want)
				}
				if log.Path != root+"/"+want || log.Size != must(os.Stat(log.Path)).Size() || log.Stream != "conn" || log.Size == 0 && pack != Plain {
					t.Errorf("%s %d: log is %+v", pack, level, log)
				}
			}
		}
	}
}

// Names of several logs that are equal get a counter, whoever had them first.
func TestCollisions(t *testing.T) {
	t.Parallel()
	for _, pack := range []Compression{Gzip, Plain} {
		root := t.TempDir()
		s := utc(root + "/logs")
		s.Compression = pack
		want := map[string]string{}
		for i, text := range []string{"a\n", "b\n", "c\n"} {
			src := write(t, root+"/spool/conn.log", text)
			log, err := s.Archive(background, job(src, "conn", ""))
			if err != nil {
				t.Fatal(err)
			}
			name := "conn.13:00:00-14:00:00" + []string{"", ".2", ".3"}[i] + ".log" + pack.ext()
			want["logs/2026-11-25/"+name] = text
			if filepath.Base(log.Path) != name {
				t.Errorf("log %d is %s", i, log.Path)
			}
		}
		if got := files(t, root); !maps.Equal(got, want) {
			t.Errorf("files are %v, want %v", got, want)
		}
	}
}

// A log whose source outlived a crash after its archive was whole is not
// archived twice; one with the name of a torn archive is.
func TestAgain(t *testing.T) {
	t.Parallel()
	for _, pack := range []Compression{Gzip, Zstd, Plain} {
		root := t.TempDir()
		s := utc(root + "/logs")
		s.Compression = pack
		text := strings.Repeat("a line\n", 50000)
		first, err := s.Archive(background, job(write(t, root+"/conn.log", text), "conn", ""))
		if err != nil {
			t.Fatal(err)
		}
		again, err := s.Archive(background, job(write(t, root+"/conn.log", text), "conn", ""))
		if err != nil || again.Path != first.Path {
			t.Errorf("%s: archived again: %+v %v", pack, again, err)
		}
		if err := os.Truncate(first.Path, first.Size-1); err != nil {
			t.Fatal(err)
		}
		other, err := s.Archive(background, job(write(t, root+"/conn.log", text), "conn", ""))
		if err != nil || other.Counter != 2 || unpack(t, other.Path) != text {
			t.Errorf("%s: beside a torn one: %+v %v", pack, other, err)
		}
		if n := len(must(filepath.Glob(root + "/*.log"))); n != 0 {
			t.Errorf("%s: %d sources are left", pack, n)
		}
	}
}

// What cannot be archived stays, says why, and leaves nothing half done.
func TestRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		prepare func(t *testing.T, root string, j *Job)
		is      error
		says    string
	}{
		{"gone", func(t *testing.T, root string, j *Job) { j.File += "x" }, ErrGone, "the log is gone"},
		{"a directory", func(t *testing.T, root string, j *Job) { j.File = root }, nil, "not a regular file"},
		{"a slash", func(t *testing.T, root string, j *Job) { j.Stream = "a/conn" }, nil, "contains a slash"},
		{"hidden", func(t *testing.T, root string, j *Job) { j.Stream = ".conn" }, nil, "would be hidden"},
		{"no name", func(t *testing.T, root string, j *Job) { j.Stream = "" }, nil, "would be hidden"},
		{"a suffix", func(t *testing.T, root string, j *Job) { j.Suffix = "a.b" }, nil, `use "a-b"`},
		{"an extension", func(t *testing.T, root string, j *Job) { j.Ext = "log" }, nil, "use .log"},
		{"day is a file", func(t *testing.T, root string, j *Job) { write(t, root+"/logs/2026-11-25", "") }, unix.ENOTDIR, "in the way"},
		{"all is a file", func(t *testing.T, root string, j *Job) { write(t, root+"/logs", "") }, unix.ENOTDIR, "in the way"},
		{"locked", func(t *testing.T, root string, j *Job) {
			src, err := openSource(j.File)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(src.close)
		}, ErrBusy, "by another process"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			src := write(t, root+"/spool/conn.log", "a line\n")
			j := job(src, "conn", "logger-1")
			c.prepare(t, root, &j)
			before := files(t, root)
			_, err := utc(root+"/logs").Archive(background, j)
			if err == nil || c.is != nil && !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v", err)
			}
			if got := files(t, root); !maps.Equal(got, before) {
				t.Errorf("files are %v, were %v", got, before)
			}
		})
	}
}

// A log that was given back is free, whoever has the file open still.
func TestGivenBack(t *testing.T) {
	t.Parallel()
	path := write(t, t.TempDir()+"/conn.log", "")
	src, err := openSource(path)
	if err != nil {
		t.Fatal(err)
	}
	forked := must(unix.Dup(int(src.Fd())))
	defer unix.Close(forked)
	src.close()
	again, err := openSource(path)
	if err != nil {
		t.Fatalf("it is still locked: %v", err)
	}
	again.close()
}

// Archiving is interrupted in the middle of a log.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	src := write(t, root+"/conn.log", strings.Repeat("x", 1<<20))
	ctx := &endsAfter{background, 3}
	_, err := utc(root+"/logs").Archive(ctx, job(src, "conn", ""))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if got := files(t, root); len(got) != 1 {
		t.Errorf("%d files", len(got))
	}
}

// endsAfter is a context that is done after it was asked that often.
type endsAfter struct {
	context.Context
	times int
}

func (e *endsAfter) Err() error {
	if e.times--; e.times < 0 {
		return context.Canceled
	}
	return nil
}

// A live log that took the place of the archived one is left alone.
func TestSuccessor(t *testing.T) {
	t.Parallel()
	path := write(t, t.TempDir()+"/conn.log", "old")
	src, err := openSource(path)
	if err != nil {
		t.Fatal(err)
	}
	defer src.close()
	if err := os.Rename(path, path+".old"); err != nil {
		t.Fatal(err)
	}
	write(t, path, "new")
	if err := src.remove(); err != nil {
		t.Fatal(err)
	}
	if unpack(t, path) != "new" {
		t.Error("the successor is gone")
	}
}

// Archives on another device are copied; an empty log and a link, too.
func TestOtherDevice(t *testing.T) {
	t.Parallel()
	var shm, tmp unix.Stat_t
	root := t.TempDir()
	if unix.Stat("/dev/shm", &shm) != nil || unix.Stat(root, &tmp) != nil || shm.Dev == tmp.Dev {
		t.Skip("skipped: /dev/shm is not another device")
	}
	other, err := os.MkdirTemp("/dev/shm", "zctl-archive-test-")
	if err != nil {
		t.Skipf("skipped: %v", err)
	}
	t.Cleanup(func() { os.RemoveAll(other) })
	for i, text := range []string{"", "a line\n"} {
		for _, pack := range []Compression{Gzip, Plain} {
			s := Store{Dir: other, Compression: pack, Location: time.UTC}
			suffix := []string{"a", "b"}[i]
			log, err := s.Archive(background, job(write(t, root+"/conn.log", text), "conn", suffix))
			if err != nil || unpack(t, log.Path) != text {
				t.Errorf("%s %q: %+v %v", pack, text, log, err)
			}
		}
	}
	write(t, root+"/target", "tgt")
	if err := os.Symlink("target", root+"/dns.log"); err != nil {
		t.Fatal(err)
	}
	s := Store{Dir: root + "/logs", Compression: Plain, Location: time.UTC}
	log, err := s.Archive(background, job(root+"/dns.log", "dns", ""))
	if info := must(os.Lstat(log.Path)); err != nil || !info.Mode().IsRegular() || unpack(t, log.Path) != "tgt" {
		t.Errorf("a link: %+v %v", log, err)
	}
	if got := files(t, root); len(got) != 2 || got["target"] != "tgt" {
		t.Errorf("files are %v", got)
	}
}

// Temporary files of the dead are removed, those of the living and of others not.
func TestClean(t *testing.T) {
	t.Parallel()
	s := utc(t.TempDir())
	day := s.Dir + "/2026-11-25/"
	write(t, day+tempPrefix+"0123", "half")
	for _, other := range []string{day + ".tmp.conn", day + "conn.13:00:00-14:00:00.log", s.Dir + "/stats/" + tempPrefix + "1"} {
		write(t, other, "")
	}
	living, err := createTemp(day)
	if err != nil {
		t.Fatal(err)
	}
	defer living.discard()
	if n, err := s.Clean(); n != 1 || err != nil {
		t.Errorf("removed %d, %v", n, err)
	}
	if got := files(t, s.Dir); len(got) != 4 {
		t.Errorf("files are %v", got)
	}
	if err := os.Remove(living.Name()); err != nil {
		t.Fatal(err)
	}
	if lockTemp(living.File) {
		t.Error("a temporary file without a name is used")
	}
	if n, err := utc(s.Dir + "/none").Clean(); n != 0 || err != nil {
		t.Errorf("of nothing: %d, %v", n, err)
	}
}

// A name that cannot be taken at once, and one that can.
func TestRenameNew(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a, b := write(t, dir+"/a", "a"), write(t, dir+"/b", "b")
	if err := renameNew(a, b); !errors.Is(err, fs.ErrExist) || unpack(t, b) != "b" {
		t.Errorf("taken: %v", err)
	}
	if err := renameNew(a, dir+"/c"); err != nil || unpack(t, dir+"/c") != "a" {
		t.Errorf("free: %v", err)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for _, s := range []Store{{}, {Level: 9}, {Compression: Zstd, Level: 22}, {Compression: Plain}, {Compression: Gzip, Level: 1}} {
		if err := s.Check(); err != nil {
			t.Errorf("%+v: %v", s, err)
		}
	}
	for _, s := range []Store{{Level: 10}, {Level: -1}, {Compression: Zstd, Level: 23}, {Compression: Plain, Level: 1}, {Compression: "bzip2"}} {
		if s.Check() == nil {
			t.Errorf("%+v is accepted", s)
		}
	}
}

// The usual tools read what we compress.
func TestTools(t *testing.T) {
	t.Parallel()
	for pack, tool := range map[Compression]string{Gzip: "gzip", Zstd: "zstd"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Logf("skipped: there is no %s here", tool)
			continue
		}
		for _, text := range []string{"", "a line\n", bigText(1)} {
			root := t.TempDir()
			s := Store{Dir: root, Compression: pack}
			log, err := s.Archive(background, job(write(t, root+"/conn.log", text), "conn", ""))
			if err != nil {
				t.Fatal(err)
			}
			if out, err := exec.Command(tool, "-dc", log.Path).Output(); err != nil || string(out) != text {
				t.Errorf("%s: %d bytes of %d, %v", tool, len(out), len(text), err)
			}
		}
	}
}
