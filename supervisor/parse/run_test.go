package parse

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"zctl/layoutgen/zeek/zeektest"
)

// runThenWait makes this test binary run a shell that does not end, so that it
// can be killed while it does.
const runThenWait = "PARSE_TEST_RUN"

func TestMain(m *testing.M) {
	zeektest.Hook(zeektest.Options{})
	if dir := os.Getenv(runThenWait); dir != "" {
		runAll(context.Background(), []Run{shell(dir, "echo $$ >pid.new; mv pid.new pid; sleep 600")}, plenty)
	}
	os.Exit(m.Run())
}

var plenty = Limits{Memory: 1 << 40, CPUs: 4, Timeout: time.Minute}

// shell is a run of a script.
func shell(dir, script string) Run {
	return Run{Nodes: []string{"worker-1"}, Argv: []string{"/bin/sh", "-c", script}, Dir: dir, Env: os.Environ()}
}

func TestResults(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ what, script, want string }{
		{"ok", "exit 0", "true: "},
		{"a warning", "echo careful >&2", "true: careful\n"},
		{"an error", "echo 'error in ./bad.zeek, line 1' >&2; exit 1", "false: error in ./bad.zeek, line 1\n"},
		{"both outputs, no line end", "echo out; printf err >&2; exit 3", "false: out\nerr\n"},
		{"nothing said", "exit 3", "false: it ended with code 3 and said nothing\n"},
		{"crash", "echo x; kill -SEGV $$", "false: x\nit was killed by signal 11 (segmentation fault)\n"},
	} {
		got, err := runAll(t.Context(), []Run{shell(t.TempDir(), test.script)}, plenty)
		if text := fmt.Sprintf("%t: %s", got[0].OK, got[0].Output); err != nil || text != test.want {
			t.Errorf("%s: %q, %v", test.what, text, err)
		}
		if got[0].MaxRSSBytes <= 0 || got[0].Seconds <= 0 {
			t.Errorf("%s: took %d bytes, %v s", test.what, got[0].MaxRSSBytes, got[0].Seconds)
		}
	}
}

func TestNoProgram(t *testing.T) {
	t.Parallel()
	got, err := runAll(t.Context(), []Run{{Argv: []string{"/nope/zeek"}}}, plenty)
	if err != nil || got[0].OK || got[0].Output != "cannot run it: fork/exec /nope/zeek: no such file or directory\n" {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestTogether: all but the first run at the same time, and each result is at
// its run's place.
func TestTogether(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var runs []Run
	for i := range 5 {
		script := fmt.Sprintf("echo %d", i)
		if i > 0 { // waits for the other three
			script = fmt.Sprintf("touch %[1]d; while ! [ -e 1 -a -e 2 -a -e 3 -a -e 4 ]; do sleep 0.01; done; echo %[1]d", i)
		}
		runs = append(runs, shell(dir, script))
	}
	results, err := runAll(t.Context(), runs, Limits{Memory: 1 << 40, CPUs: 4, Timeout: time.Minute})
	for i, r := range results {
		if err != nil || !r.OK || r.Output != fmt.Sprintln(i) {
			t.Errorf("run %d: %+v, %v", i, r, err)
		}
	}
}

// TestOneByOne: where memory suffices for one only, there is one only.
func TestOneByOne(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	run := shell(dir, "mkdir alone && sleep 0.02 && rmdir alone")
	results, err := runAll(t.Context(), []Run{run, run, run, run}, Limits{Memory: 1, CPUs: 4, Timeout: time.Minute})
	for i, r := range results {
		if err != nil || !r.OK {
			t.Errorf("run %d: %+v, %v", i, r, err)
		}
	}
}

// TestHang: a run that hangs, and what it started, is killed; the others are not.
func TestHang(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	runs := []Run{shell(dir, "echo hm; sleep 600 & echo $! >pid.new; mv pid.new pid; wait"), shell(dir, "true")}
	limits := plenty
	limits.Timeout = 500 * time.Millisecond
	results, err := runAll(t.Context(), runs, limits)
	if err != nil || results[0].OK || !results[0].TimedOut || !results[1].OK {
		t.Errorf("%+v, %v", results, err)
	}
	if want := "hm\nit had not parsed the scripts after 500ms and was killed\n"; results[0].Output != want {
		t.Errorf("said %q, want %q", results[0].Output, want)
	}
	awaitEnd(t, pidIn(t, dir))
}

func TestCancel(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	go func() { pidIn(t, dir); cancel() }()
	begun := shell(dir, "echo $$ >pid.new; mv pid.new pid; sleep 600")
	results, err := runAll(ctx, []Run{begun, shell(dir, "touch never")}, plenty)
	if !errors.Is(err, context.Canceled) || results[0].OK || results[0].TimedOut || results[1].OK {
		t.Errorf("%+v, %v", results, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "never")); err == nil {
		t.Error("the next run was begun")
	}
	awaitEnd(t, pidIn(t, dir))
}

// TestKilled: runs end with whoever has them done, however he ends.
func TestKilled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), runThenWait+"="+dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := pidIn(t, dir)
	cmd.Process.Kill()
	cmd.Wait()
	awaitEnd(t, pid)
}

// pidIn is what a script wrote to a file called pid.
func pidIn(t *testing.T, dir string) int {
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if text, err := os.ReadFile(filepath.Join(dir, "pid")); err == nil {
			pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
			return pid
		}
	}
	t.Error("the script did not begin")
	return -1
}

func awaitEnd(t *testing.T, pid int) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil || strings.Contains(string(text), ") Z ") {
			return
		}
	}
	t.Errorf("process %d goes on", pid)
	unix.Kill(pid, unix.SIGKILL)
}

func TestHead(t *testing.T) {
	t.Parallel()
	var h head
	fmt.Fprint(&h, strings.Repeat("x", mostOutput-1))
	fmt.Fprint(&h, "yz")
	fmt.Fprint(&h, "z")
	want := strings.Repeat("x", mostOutput-1) + "y\n(and 2 bytes more)\n"
	if h.String() != want {
		t.Errorf("%d bytes, ends %q", len(h.String()), h.String()[mostOutput-2:])
	}
}
