package process

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"zctl/cpuaffinity"
)

// inOf is a field of /proc/PID/status, as it is printed by cat.
func inOf(t *testing.T, status, field string) string {
	t.Helper()
	for line := range strings.Lines(status) {
		if value, ok := strings.CutPrefix(line, field+":"); ok {
			return strings.Join(strings.Fields(value), " ")
		}
	}
	t.Fatalf("no %s in %q", field, status)
	return ""
}

// born is /proc/self/status and /proc/self/limits of a process at its first sight.
func born(t *testing.T, c Command) string {
	t.Helper()
	c.Argv = []string{program(t, "cat"), "/proc/self/status", "/proc/self/limits"}
	r := launch(t, c)
	if e := how(r.wait()); e != exited(0) {
		t.Fatalf("%v: %s", e, readFile(t, r.command.Stderr))
	}
	return r.output()
}

// TestUmask shows that a process has its umask, that we keep ours, and that it goes
// together with what else a thread has.
func TestUmask(t *testing.T) {
	t.Parallel()
	ours := inOf(t, readFile(t, "/proc/self/status"), "Umask")
	all, err := cpuaffinity.Affinity()
	if err != nil {
		t.Fatal(err)
	}
	nicer := min(niceOf(t, os.Getpid())+2, 19)
	for _, mask := range []int{0, 0o27, 0o777} {
		c := Command{Limits: Limits{Umask: &mask}, CPUs: all[:1], Nice: nicer}
		got := born(t, c)
		if have := inOf(t, got, "Umask"); have != fmt.Sprintf("%04o", mask) {
			t.Errorf("umask %o: born with %s", mask, have)
		}
		if cpus := inOf(t, got, "Cpus_allowed_list"); cpus != all[:1].String() {
			t.Errorf("umask %o: born on %s", mask, cpus)
		}
	}
	if got := inOf(t, born(t, Command{}), "Umask"); got != ours {
		t.Errorf("without one: born with %s, we have %s", got, ours)
	}
	if got := inOf(t, readFile(t, "/proc/self/status"), "Umask"); got != ours {
		t.Errorf("our umask is %s now, not %s", got, ours)
	}
}

// TestRlimits shows that a process has its limits before its first instruction, and
// that we keep ours. A shell reads its own at once.
func TestRlimits(t *testing.T) {
	t.Parallel()
	limits := []Rlimit{{"nofile", unix.RLIMIT_NOFILE, 77}, {"core", unix.RLIMIT_CORE, 0}}
	c := sh("ulimit -n; ulimit -Hn; ulimit -c; ulimit -Hc; exit 42")
	c.Limits = Limits{Rlimits: limits}
	for range 5 {
		r := launch(t, c)
		if e := how(r.wait()); e != exited(42) {
			t.Errorf("%v", e)
		}
		if got := r.output(); got != "77\n77\n0\n0\n" {
			t.Errorf("got %q", got)
		}
	}
	var ours unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &ours); err != nil || ours.Max == 77 {
		t.Errorf("ours is %+v, %v", ours, err)
	}
	plain := born(t, Command{Nice: 19, Limits: Limits{Rlimits: limits[:1]}})
	if !strings.Contains(plain, "Max open files            77                   77 ") {
		t.Errorf("with a nice value: %s", plain)
	}
	if inOf(t, plain, "TracerPid") != "0" {
		t.Error("it is traced")
	}
}

// TestRlimitsOfTheDying shows that a program which ends at once is seen to, however
// it ends, and that one which cannot be run is said to be so.
func TestRlimitsOfTheDying(t *testing.T) {
	t.Parallel()
	limits := Limits{Rlimits: []Rlimit{{"nofile", unix.RLIMIT_NOFILE, 77}}}
	for _, test := range ends[:4] {
		c := sh(test.script)
		c.Limits = limits
		if got := how(launch(t, c).wait()); got != test.want {
			t.Errorf("%s: %v", test.script, got)
		}
	}
	_, err := Start(Command{Argv: []string{"/none"}, Limits: limits})
	if want := "cannot run /none: no such file or directory"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestRlimitRefused shows that a process which cannot be limited as it should is not
// left running.
func TestRlimitRefused(t *testing.T) {
	wantNothingLeft(t)
	text, err := os.ReadFile("/proc/sys/fs/nr_open")
	if err != nil {
		t.Skip("this kernel does not say how many files a process may have open")
	}
	most, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	c := sh("exec sleep 20")
	c.Limits.Rlimits = []Rlimit{{"nofile", unix.RLIMIT_NOFILE, most + 1}}
	_, err = Start(c)
	want := "cannot run /bin/sh: cannot set nofile: it is more than our own hard limit; run zctl as root, or with a higher limit (LimitNOFILE=, LimitCORE= of its unit)"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// nobody is a user that nobody else is.
var nobody = &User{UID: 64321, GID: 64322, Groups: []uint32{64323, 64324}}

// openDir is a directory that everybody may enter, as that of t is not.
func openDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for up := dir; strings.HasPrefix(up, os.TempDir()) && up != os.TempDir(); up = filepath.Dir(up) {
		os.Chmod(up, 0o755)
	}
	return dir
}

// TestUser shows that a process runs as its user and with its groups, and may do
// nothing more than that, but for the capabilities it was given.
func TestUser(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can be somebody else")
	}
	const none, netRaw = "0000000000000000", "0000000000002000"
	for _, test := range []struct {
		capabilities []uintptr
		want         string
	}{{nil, none}, {[]uintptr{unix.CAP_NET_RAW}, netRaw}} {
		umask := 0o27
		got := born(t, Command{Dir: openDir(t), Limits: Limits{
			User: nobody, Capabilities: test.capabilities, Umask: &umask,
			Rlimits: []Rlimit{{"nofile", unix.RLIMIT_NOFILE, 177}},
		}})
		for field, want := range map[string]string{
			"Uid": "64321 64321 64321 64321", "Gid": "64322 64322 64322 64322", "Groups": "64323 64324", "Umask": "0027",
			"CapEff": test.want, "CapPrm": test.want, "CapAmb": test.want,
		} {
			if have := inOf(t, got, field); have != want {
				t.Errorf("capabilities %v: %s is %s, want %s", test.capabilities, field, have, want)
			}
		}
		if !strings.Contains(got, "Max open files            177                  177 ") {
			t.Errorf("limits: %s", got)
		}
	}
}

// TestUserRefused shows what is said of a user that we may not be, and of one who
// may not go where he should.
func TestUserRefused(t *testing.T) {
	wantNothingLeft(t)
	closed := filepath.Join(openDir(t), "closed")
	if err := os.Mkdir(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	inside := filepath.Join(closed, "inside")
	if err := os.Mkdir(inside, 0o755); err != nil {
		t.Fatal(err)
	}
	tool := filepath.Join(inside, "tool")
	if err := os.WriteFile(tool, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		command Command
		want    string
	}{
		{Command{Argv: []string{"/bin/sh"}, Dir: inside}, "cannot run /bin/sh: cannot enter " + inside + ": user 64321 may not enter " + closed},
		{Command{Argv: []string{tool}, Dir: "/"}, "cannot run " + tool + ": user 64321 may not enter " + closed},
	}
	for _, test := range tests {
		test.command.User = nobody
		want := test.want
		if os.Geteuid() != 0 {
			want = "cannot run " + test.command.Argv[0] + ": only root may run it as user 64321"
		}
		_, err := Start(test.command)
		if err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

// BenchmarkStart is a start and end of a program, as it is and with limits.
func BenchmarkStart(b *testing.B) {
	umask := 0o27
	few := []Rlimit{{"nofile", unix.RLIMIT_NOFILE, 77}}
	for name, limits := range map[string]Limits{
		"unlimited": {},
		"umask":     {Umask: &umask},
		"rlimits":   {Rlimits: few},
		"user":      {User: nobody},
		"all":       {User: nobody, Umask: &umask, Rlimits: few, Capabilities: []uintptr{unix.CAP_NET_RAW}},
	} {
		b.Run(name, func(b *testing.B) {
			if limits.User != nil && os.Geteuid() != 0 {
				b.Skip("only root can be somebody else")
			}
			for range b.N {
				p, err := Start(Command{Argv: []string{"/bin/true"}, Limits: limits})
				if err != nil {
					b.Fatal(err)
				}
				p.Wait()
			}
		})
	}
}
