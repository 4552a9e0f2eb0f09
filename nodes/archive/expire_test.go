package archive

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// filled is a store with logs of 10 bytes each, and with what is none.
func filled(t *testing.T) Store {
	t.Helper()
	s := utc(t.TempDir())
	for _, path := range []string{
		"2026-11-23/conn.23:00:00-00:00:00.log.gz",
		"2026-11-24/conn.00:00:00-01:00:00.log.gz",
		"2026-11-24/dns.00:00:00-01:00:00-logger-1.log.gz",
		"2026-11-25/conn.00:00:00-01:00:00.log.zst",
		"2026-11-25/notice.00:00:00-01:00:00.2.log.gz",
	} {
		write(t, s.Dir+"/"+path, strings.Repeat("x", 10))
	}
	for _, path := range notArchives {
		write(t, s.Dir+"/"+path, strings.Repeat("x", 1000))
	}
	for from, to := range map[string]string{"2026-11-20": "stats", "2026-11-24/x.00:00:00-01:00:00.log": "../stats/meta.dat"} {
		if err := os.Symlink(to, s.Dir+"/"+from); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(s.Dir+"/2026-11-24/dir.00:00:00-01:00:00.log", 0o755); err != nil {
		t.Fatal(err)
	}
	return s
}

// notArchives are in the directories, too, and must not be deleted.
var notArchives = []string{
	"conn.00:00:00-01:00:00.log.gz", "stats/meta.dat", "stats/conn.00:00:00-01:00:00.log.gz", "2026-11-24/notes.txt",
	"2026-11-24/.tmp.conn.00:00:00-01:00:00.log", "2026-11-24/conn.log", "2026-11-24/" + tempPrefix + "00",
	"2026-11-24/deep/conn.00:00:00-01:00:00.log.gz", "backup-2026-11-24/conn.00:00:00-01:00:00.log.gz",
}

func paths(s Store, logs []Log) string {
	var names []string
	for _, log := range logs {
		names = append(names, strings.TrimPrefix(log.Path, s.Dir+"/"))
	}
	return strings.Join(names, " ")
}

func TestExpire(t *testing.T) {
	t.Parallel()
	const (
		first  = "2026-11-23/conn.23:00:00-00:00:00.log.gz"
		second = "2026-11-24/conn.00:00:00-01:00:00.log.gz"
		third  = "2026-11-24/dns.00:00:00-01:00:00-logger-1.log.gz"
	)
	now := at("2026-11-25 01:00:00")
	for _, c := range []struct {
		name  string
		rules Rules
		want  string
		over  bool
	}{
		{"nothing", Rules{}, "", false},
		{"age, not yet", Rules{MaxAge: 25 * time.Hour}, "", false},
		{"age", Rules{MaxAge: 25*time.Hour - 1}, first, false},
		{"age of a day", Rules{MaxAge: 24*time.Hour - 1}, first + " " + second + " " + third, false},
		{"age, kept", Rules{MaxAge: time.Hour, Keep: []string{"c*"}}, third, false},
		{"size, not yet", Rules{MaxBytes: 50}, "", false},
		{"size", Rules{MaxBytes: 49}, first, false},
		{"size of three", Rules{MaxBytes: 30}, first + " " + second, false},
		{"size, kept", Rules{MaxBytes: 35, Keep: []string{"conn", "notice"}}, third, true},
		{"both", Rules{MaxAge: 25*time.Hour - 1, MaxBytes: 35}, first + " " + second, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := filled(t)
			before := files(t, s.Dir)
			r, err := s.Expire(now, c.rules)
			if err != nil || paths(s, r.Deleted) != c.want || r.Over != c.over {
				t.Errorf("%+v %v, want %q", r, err, c.want)
			}
			n := len(r.Deleted)
			if r.Left != 5-n || r.Freed != int64(10*n) || r.Bytes != int64(50-10*n) {
				t.Errorf("counted %+v", r)
			}
			for path := range strings.FieldsSeq(c.want) {
				delete(before, path)
			}
			if got := files(t, s.Dir); !maps.Equal(got, before) {
				t.Errorf("files are %v", slices.Sorted(maps.Keys(got)))
			}
			if _, err := os.Stat(s.Dir + "/2026-11-23"); (err != nil) != (n > 0 && c.want != third) {
				t.Errorf("the directory that got empty: %v", err)
			}
		})
	}
}

func TestExpireRefused(t *testing.T) {
	t.Parallel()
	s := filled(t)
	for _, r := range []Rules{{MaxAge: -1}, {MaxBytes: -1}, {MaxAge: 1, Keep: []string{"[a"}}} {
		if report, err := s.Expire(at("2026-11-26 00:00:00"), r); err == nil || len(report.Deleted) > 0 {
			t.Errorf("%+v: %+v %v", r, report, err)
		}
	}
	if _, err := utc(s.Dir+"/none").Expire(at("2026-11-26 00:00:00"), Rules{MaxAge: 1}); err != nil {
		t.Errorf("nothing to expire: %v", err)
	}
}

// A log that cannot be deleted is told of, and the next one goes instead.
func TestExpireStuck(t *testing.T) {
	t.Parallel()
	s := filled(t)
	fixed := must(os.Open(s.Dir + "/2026-11-23/conn.23:00:00-00:00:00.log.gz"))
	defer fixed.Close()
	const immutable = 0x10 // FS_IMMUTABLE_FL
	if err := unix.IoctlSetPointerInt(int(fixed.Fd()), unix.FS_IOC_SETFLAGS, immutable); err != nil {
		t.Skipf("skipped: cannot make a file immutable, needs root and ext4 or the like: %v", err)
	}
	defer unix.IoctlSetPointerInt(int(fixed.Fd()), unix.FS_IOC_SETFLAGS, 0)
	r, err := s.Expire(at("2026-11-25 01:00:00"), Rules{MaxBytes: 45})
	if !errors.Is(err, unix.EPERM) || paths(s, r.Deleted) != "2026-11-24/conn.00:00:00-01:00:00.log.gz" {
		t.Errorf("%+v %v", r, err)
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	s := filled(t)
	const all = "2026-11-23/conn.23:00:00-00:00:00.log.gz 2026-11-24/conn.00:00:00-01:00:00.log.gz" +
		" 2026-11-24/dns.00:00:00-01:00:00-logger-1.log.gz 2026-11-25/conn.00:00:00-01:00:00.log.zst" +
		" 2026-11-25/notice.00:00:00-01:00:00.2.log.gz"
	one := func(i int) string { return strings.Fields(all)[i] }
	for _, c := range []struct {
		filter Filter
		want   string
	}{
		{Filter{}, all},
		{Filter{Streams: []string{"dns"}}, one(2)},
		{Filter{Streams: []string{"n*", "dns"}}, one(2) + " " + one(4)},
		{Filter{Streams: []string{"con"}}, ""},
		{Filter{Since: at("2026-11-25 00:30:00")}, one(3) + " " + one(4)},
		{Filter{Until: at("2026-11-24 00:00:00")}, one(0)},
		{Filter{Since: at("2026-11-24 00:00:01"), Until: at("2026-11-25 00:00:00")}, one(1) + " " + one(2)},
		{Filter{Streams: []string{"conn"}, Since: at("2026-11-24 00:30:00"), Until: at("2026-11-24 00:31:00")}, one(1)},
	} {
		logs, err := s.List(c.filter)
		if err != nil || paths(s, logs) != c.want {
			t.Errorf("%+v: %s %v, want %s", c.filter, paths(s, logs), err, c.want)
		}
	}
	if _, err := s.List(Filter{Streams: []string{"[a"}}); err == nil {
		t.Error("a bad pattern is accepted")
	}
	if logs, err := utc(filepath.Join(s.Dir, "none")).List(Filter{}); len(logs) != 0 || err != nil {
		t.Errorf("a store that is not: %v %v", logs, err)
	}
	if _, err := utc(write(t, t.TempDir()+"/file", "")).List(Filter{}); err == nil {
		t.Error("a file is listed")
	}
}
