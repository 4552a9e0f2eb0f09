package process

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"zctl/cpuaffinity"
)

// TestStartArgv shows that a program gets its arguments as they are, whatever
// is in them.
func TestStartArgv(t *testing.T) {
	t.Parallel()
	argv := sh("cat /proc/$$/cmdline; exit", "", "two words", "new\nline", "$HOME", "\xff*").Argv
	r := launch(t, Command{Argv: argv, Env: []string{path}})
	if e := how(r.wait()); e != exited(0) {
		t.Errorf("%v: %s", e, readFile(t, r.command.Stderr))
	}
	if got, want := r.output(), strings.Join(argv, "\x00")+"\x00"; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// TestStartEnv shows that the environment is the one that was given, and
// nothing of ours.
func TestStartEnv(t *testing.T) {
	t.Parallel()
	cat := program(t, "cat")
	for _, env := range [][]string{nil, {"A=b=c", "EMPTY=", "NEWLINE=a\nb", "A=again", "nothing"}} {
		r := launch(t, Command{Argv: []string{cat, "/proc/self/environ"}, Env: env})
		if e := how(r.wait()); e != exited(0) {
			t.Errorf("%v: %s", e, readFile(t, r.command.Stderr))
		}
		want := strings.Join(env, "\x00")
		if len(env) > 0 {
			want += "\x00"
		}
		if got := r.output(); got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
}

// TestStartDir shows that a program runs where it should, and not where we do.
func TestStartDir(t *testing.T) {
	t.Parallel()
	in, out := pipe(t)
	dir := t.TempDir()
	c := sh("read line")
	c.Dir, c.Stdin = dir, in
	r := launch(t, c)
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got := linkOf(t, r.id.PID, "cwd"); got != real {
		t.Errorf("it runs in %s, want %s", got, real)
	}
	if ours, err := os.Getwd(); err != nil || ours == real {
		t.Errorf("we run in %s, %v", ours, err)
	}
	say(t, out, "\n")
}

// TestStartOutput shows that output goes to the two files, behind what is there,
// even if they are emptied meanwhile or are one and the same.
func TestStartOutput(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	in, out := pipe(t)
	c := sh("echo out; echo err >&2; read line; echo more; echo worse >&2")
	c.Stdin, c.Stdout, c.Stderr = in, filepath.Join(dir, "stdout"), filepath.Join(dir, "stderr")
	if err := os.WriteFile(c.Stdout, []byte("before\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := launch(t, c)
	eventually(t, "there is output", func() bool {
		return r.output() == "before\nout\n" && readFile(t, c.Stderr) == "err\n"
	})
	if err := os.Truncate(c.Stdout, 0); err != nil {
		t.Fatal(err)
	}
	say(t, out, "\n")
	r.wait()
	if got := r.output(); got != "more\n" {
		t.Errorf("behind the truncation: %q", got)
	}
	if got := readFile(t, c.Stderr); got != "err\nworse\n" {
		t.Errorf("stderr: %q", got)
	}

	c = sh("echo out; echo err >&2; echo out")
	c.Stdout = filepath.Join(dir, "both")
	c.Stderr = c.Stdout
	r = launch(t, c)
	r.wait()
	if got := r.output(); got != "out\nerr\nout\n" {
		t.Errorf("one file for both: %q", got)
	}
}

// TestStartDescriptors shows that a process has three descriptors, stdin being
// nothing or what was given, and none of those that we opened.
func TestStartDescriptors(t *testing.T) {
	t.Parallel()
	in, out := pipe(t)
	c := sh("echo up; read line; echo read $line")
	c.Stdin = in
	r := launch(t, c)
	r.await("up") // the shell has its libraries, and they are closed
	fds, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", r.id.PID))
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		n, err := strconv.Atoi(fd.Name())
		if err != nil {
			t.Fatal(err)
		}
		flags, err := unix.FcntlInt(uintptr(n), unix.F_GETFD, 0)
		inherited := err == nil && flags&unix.FD_CLOEXEC == 0 // by us, from whoever runs the test
		if n > 2 && !inherited {
			t.Errorf("descriptor %d is %s", n, linkOf(t, r.id.PID, "fd/"+fd.Name()))
		}
	}
	say(t, out, "something\n")
	r.wait()
	if got := r.output(); got != "up\nread something\n" {
		t.Errorf("with a stdin: %q", got)
	}

	c = sh("sleep 1000")
	p, err := Start(c) // without any file
	if err != nil {
		t.Fatal(err)
	}
	manage(t, p, c)
	for _, fd := range []string{"0", "1", "2"} {
		if got := linkOf(t, p.id.PID, "fd/"+fd); got != os.DevNull {
			t.Errorf("descriptor %s is %s", fd, got)
		}
	}

	c = sh("read line || echo nothing to read")
	r = launch(t, c)
	r.wait()
	if got := r.output(); got != "nothing to read\n" {
		t.Errorf("without a stdin: %q", got)
	}
}

// TestStartSession shows that a process leads a session and a group, and that
// its identity is known.
func TestStartSession(t *testing.T) {
	t.Parallel()
	r := launch(t, sh("exec sleep 1000"))
	pid := r.ID().PID
	sid, err := unix.Getsid(pid)
	if err != nil || sid != pid {
		t.Errorf("process %d is in session %d, %v", pid, sid, err)
	}
	group, err := unix.Getpgid(pid)
	if err != nil || group != pid {
		t.Errorf("process %d is in group %d, %v", pid, group, err)
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		t.Fatal(err)
	}
	s, err := readStat(pid)
	if want := (Identity{pid, s.startTicks, string(bytes.TrimSpace(boot))}); err != nil || r.ID() != want {
		t.Errorf("identity %+v, want %+v (%v)", r.ID(), want, err)
	}
}

// TestStartPinned shows that a process is born with its CPUs and its nice value,
// and that we keep ours.
func TestStartPinned(t *testing.T) {
	t.Parallel()
	all, err := cpuaffinity.Affinity()
	if err != nil {
		t.Fatal(err)
	}
	ours := niceOf(t, os.Getpid())
	nicer := min(ours+3, 19)
	tests := []struct {
		cpus     cpuaffinity.List
		nice     int
		wantCPUs cpuaffinity.List
		wantNice int
	}{
		{nil, 0, all, ours},
		{all[:1], 0, all[:1], ours},
		{all[len(all)-1:], nicer, all[len(all)-1:], nicer},
		{nil, nicer, all, nicer},
	}
	for _, test := range tests {
		r := launch(t, Command{Argv: []string{program(t, "cat"), "/proc/self/status", "/proc/self/stat"}, CPUs: test.cpus, Nice: test.nice})
		r.wait()
		status, stat, _ := strings.Cut(r.output(), strconv.Itoa(r.id.PID)+" (")
		_, cpus, _ := strings.Cut(status, "Cpus_allowed_list:")
		cpus, _, _ = strings.Cut(cpus, "\n")
		if got, err := cpuaffinity.Parse(cpus); err != nil || !got.SameSet(test.wantCPUs) {
			t.Errorf("cpus %v: born with %s, %v", test.cpus, cpus, err)
		}
		if got := niceIn(t, stat); got != test.wantNice {
			t.Errorf("nice %d: born with %d", test.nice, got)
		}
	}
	if got, err := cpuaffinity.Affinity(); err != nil || !slices.Equal(got, all) {
		t.Errorf("we are on %v now, %v", got, err)
	}
	if got := niceOf(t, os.Getpid()); got != ours {
		t.Errorf("our nice value is %d now, not %d", got, ours)
	}
}

func niceOf(t *testing.T, pid int) int {
	t.Helper()
	return niceIn(t, readFile(t, fmt.Sprintf("/proc/%d/stat", pid)))
}

// niceIn is field 19 of a stat file, 17 behind the name.
func niceIn(t *testing.T, stat string) int {
	t.Helper()
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 17 {
		t.Fatalf("no nice value in %q", stat)
	}
	nice, err := strconv.Atoi(fields[16])
	if err != nil {
		t.Fatal(err)
	}
	return nice
}

// TestStartErrors shows that every way to fail says what is wrong with what, and
// leaves neither a process nor a descriptor behind.
func TestStartErrors(t *testing.T) {
	wantNothingLeft(t)
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return file
	}
	plain := write("plain", "#!/bin/sh\n", 0o644)
	garbage := write("garbage", "\x00\x01", 0o755)
	orphan := write("orphan", "#!"+dir+"/no-interpreter\n", 0o755)
	closed := filepath.Join(dir, "closed")
	if err := os.Mkdir(closed, 0); err != nil {
		t.Fatal(err)
	}
	none := filepath.Join(dir, "none")
	tests := []struct {
		name    string
		command Command
		want    string
		notRoot bool // root may
	}{
		{"no argv", Command{}, "cannot start a program without a name", false},
		{"empty name", Command{Argv: []string{""}}, "cannot start a program without a name", false},
		{"no program", Command{Argv: []string{none}}, "cannot run NONE: no such file or directory", false},
		{"a directory", Command{Argv: []string{dir}}, "cannot run DIR: is a directory", false},
		{"not executable", Command{Argv: []string{plain}}, "cannot run DIR/plain: permission denied", false},
		{"not a program", Command{Argv: []string{garbage}}, "cannot run DIR/garbage: exec format error", false},
		{"no interpreter", Command{Argv: []string{orphan}}, "cannot run DIR/orphan: its interpreter: no such file or directory", false},
		{"no directory", Command{Argv: []string{"/bin/sh"}, Dir: none}, "cannot run /bin/sh: cannot enter NONE: no such file or directory", false},
		{"directory is a file", Command{Argv: []string{"/bin/sh"}, Dir: plain}, "cannot run /bin/sh: cannot enter DIR/plain: not a directory", false},
		{"directory is closed", Command{Argv: []string{"/bin/sh"}, Dir: closed}, "cannot run /bin/sh: cannot enter DIR/closed: permission denied", true},
		{"stdout is a directory", Command{Argv: []string{"/bin/sh"}, Stdout: dir}, "cannot open output of /bin/sh: open DIR: is a directory", false},
		{"stderr in no directory", Command{Argv: []string{"/bin/sh"}, Stderr: none + "/err"}, "cannot open output of /bin/sh: open NONE/err: no such file or directory", false},
		{"stdout in a closed directory", Command{Argv: []string{"/bin/sh"}, Stdout: closed + "/out"}, "cannot open output of /bin/sh: open DIR/closed/out: permission denied", true},
		{"NUL in an argument", Command{Argv: []string{"/bin/sh", "a\x00b"}}, "cannot run /bin/sh: invalid argument", false},
		{"no such CPU", Command{Argv: []string{"/bin/sh"}, CPUs: cpuaffinity.List{cpuaffinity.MaxCPU}}, "cannot run /bin/sh: cannot bind a thread to CPU 65535: absent, offline, or outside our cpuset: invalid argument", false},
		{"too nice", Command{Argv: []string{"/bin/sh"}, Nice: 20}, "cannot run /bin/sh: cannot set nice value 20: nice values go from -20 to 19", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.notRoot && os.Geteuid() == 0 {
				t.Skip("root may enter every directory")
			}
			wantNothingLeft(t)
			p, err := Start(test.command)
			if err == nil {
				manage(t, p, test.command)
				t.Fatal("it was started")
			}
			want := strings.NewReplacer("NONE", none, "DIR", dir).Replace(test.want)
			if err.Error() != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
}

// TestStartWithoutDescriptors shows that Start fails cleanly wherever it runs out
// of descriptors, and works as soon as there are enough.
func TestStartWithoutDescriptors(t *testing.T) {
	wantNothingLeft(t)
	var old unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &old); err != nil {
		t.Fatal(err)
	}
	defer unix.Setrlimit(unix.RLIMIT_NOFILE, &old)
	lowest, err := unix.Dup(0)
	if err != nil {
		t.Fatal(err)
	}
	unix.Close(lowest)
	failed := 0
	for spare := range uint64(20) {
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: uint64(lowest) + spare, Max: old.Max}); err != nil {
			t.Fatal(err)
		}
		p, err := Start(Command{Argv: []string{"/bin/sh", "-c", "exit 42"}})
		if err == nil {
			if e := how(p.Wait()); e != exited(42) {
				t.Errorf("with %d spare descriptors: %v", spare, e)
			}
			break
		}
		failed++
		if !strings.HasPrefix(err.Error(), "cannot ") {
			t.Errorf("with %d spare descriptors: %v", spare, err)
		}
		if fd, err := unix.Dup(0); spare > 0 && fd != lowest {
			t.Errorf("with %d spare descriptors: descriptor %d (%v) is free next, not %d", spare, fd, err, lowest)
		} else if spare > 0 {
			unix.Close(fd)
		}
	}
	if failed < 4 || failed == 20 {
		t.Errorf("failed %d times", failed)
	}
}

// TestWatchChildErrors shows that nothing is kept of a child that cannot be
// watched: neither its descriptor nor itself.
func TestWatchChildErrors(t *testing.T) {
	wantNothingLeft(t)
	const noPID, noFD = 1<<22 + 1, 1<<20 + 1 // beyond any (proc(5): pid_max, nr_open)
	null, err := unix.Dup(0)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := syscall.ForkExec("/bin/sh", []string{"sh", "-c", "exec sleep 1000"}, &syscall.ProcAttr{Env: []string{path}})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ pid, fd int }{{noPID, null}, {pid, noFD}} {
		failed := make(chan error, 1)
		go func() { failed <- new(Process).watchChild(test.pid, test.fd, "boot") }()
		select {
		case err = <-failed:
		case <-time.After(patience):
			t.Fatal("the child is waited for, not killed")
		}
		if want := fmt.Sprintf("cannot watch process %d: ", test.pid); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
