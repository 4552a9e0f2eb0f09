package supervisor

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestFullDisk: without room for state.json the old one stays whole, the nodes
// are supervised as before, status says so, and it is written when there is
// room again.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("needs root, for a small tmpfs")
	}
	dir, err := os.MkdirTemp("", "z")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=128k"); err != nil {
		t.Skipf("cannot mount a tmpfs here: %v", err)
	}
	defer unix.Unmount(dir, unix.MNT_DETACH)
	r := &rig{t: t, dirs: Dirs(dir)}
	r.open()
	defer func() { r.shutdown(false) }()
	r.deploy(sleeper("worker-1"))
	waitFor(t, func() bool { text, err := os.ReadFile(r.dirs.State()); return err == nil && len(text) > 0 })
	r.s.store.save(true)

	hog := filepath.Join(dir, "hog")
	fill := func() {
		f, err := os.OpenFile(hog, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for _, size := range []int{4096, 1} {
			for err = nil; err == nil; _, err = f.Write(make([]byte, size)) {
			}
		}
		if !errors.Is(err, unix.ENOSPC) {
			t.Fatal(err)
		}
	}
	fill()
	n := r.kill("worker-1")
	if n.Restarts != 1 {
		t.Errorf("%+v", n)
	}
	fill() // the file pid, which could not be written, has gone
	if err := r.s.store.save(true); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("saved: %v", err)
	}
	s, _ := r.s.Status(nil)
	if !strings.Contains(s.Supervisor.Message, "no space left on device") {
		t.Errorf("status says %q", s.Supervisor.Message)
	}
	var state savedState
	if text, err := os.ReadFile(r.dirs.State()); err != nil || json.Unmarshal(text, &state) != nil || len(state.Nodes) != 1 {
		t.Errorf("state.json: %q, %v", text, err)
	}
	for _, line := range readLines(t, r.dirs.Events()) {
		if !json.Valid([]byte(line)) {
			t.Errorf("half a line in the journal: %q", line)
		}
	}
	os.Remove(hog)
	waitFor(t, func() bool {
		state, err := loadState(r.dirs)
		return err == nil && len(state.Nodes) == 1 && state.Nodes[0].Restarts == 1
	})
	r.kill("worker-1")
	if s, _ := r.s.Status(nil); s.Supervisor.Message != "" {
		t.Errorf("status still says %q", s.Supervisor.Message)
	}
}

func readLines(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

// TestNoPermission: a base directory that cannot be made is an error that says
// what to do.
func TestNoPermission(t *testing.T) {
	t.Parallel()
	if dir := os.Getenv("ZCTL_TEST_OPEN"); dir != "" { // the unprivileged half, below
		_, err := Open(Options{Dirs: Dirs(dir)})
		os.Stdout.WriteString("error: " + errText(err) + "\n")
		return
	}
	parent := t.TempDir()
	if err := os.Chmod(parent, 0o500); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(parent, "base")
	message := ""
	if os.Getuid() == 0 { // root may do everything: ask as somebody else
		os.Chmod(filepath.Dir(parent), 0o755)
		self := filepath.Join(os.TempDir(), "supervisor.test."+itoa(os.Getpid()))
		copyFile(t, "/proc/self/exe", self)
		defer os.Remove(self)
		cmd := exec.Command(self, "-test.run=^TestNoPermission$")
		cmd.Dir = "/"
		cmd.Env = append(os.Environ(), "ZCTL_TEST_OPEN="+dir)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		message = string(out)
	} else {
		_, err := Open(Options{Dirs: Dirs(dir)})
		message = errText(err)
	}
	if !strings.Contains(message, "cannot create base_dir") || !strings.Contains(message, "permission denied; run zctl as the owner of") {
		t.Errorf("%q", message)
	}
}

func errText(err error) string {
	if err == nil {
		return "none"
	}
	return err.Error()
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	syscall.ForkLock.RLock() // a child that has it open for writing would keep us from running it
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(to, text, 0o755); err != nil {
		t.Fatal(err)
	}
}

// TestBadBaseDir covers directories that cannot be used whoever asks.
func TestBadBaseDir(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	os.WriteFile(file, nil, 0o600)
	for dir, want := range map[string]string{
		file:                               "cannot create base_dir",
		"/proc/zctl":                       "cannot create base_dir",
		"/tmp/" + strings.Repeat("x", 120): "too long",
	} {
		if _, err := Open(Options{Dirs: Dirs(dir)}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.30s: %v, want %q", dir, err, want)
		}
	}
}

// TestJournal: lines are whole, rotate, and survive a power cut in the middle of
// one.
func TestJournal(t *testing.T) {
	t.Parallel()
	dirs := Dirs(t.TempDir())
	if err := dirs.Make(); err != nil {
		t.Fatal(err)
	}
	os.WriteFile(dirs.Events(), []byte(`{"time":"2026-11-20T00:00:00Z","cause":"ha`), 0o600)
	j, err := openJournal(dirs)
	if err != nil {
		t.Fatal(err)
	}
	var heard []string
	stop := j.listen(func(e Event) { heard = append(heard, e.Cause) })
	j.add(Event{Time: time.Now(), Cause: "one"}, Event{Time: time.Now(), Cause: "two"})
	stop()
	j.add(Event{Time: time.Now(), Cause: "three"})
	lines := readLines(t, dirs.Events())
	if len(lines) != 4 || !strings.Contains(lines[1], `"one"`) || !strings.Contains(lines[3], `"three"`) {
		t.Errorf("%q", lines)
	}
	if strings.Join(heard, " ") != "one two" {
		t.Errorf("heard %q", heard)
	}
	j.size = maxJournal
	j.add(Event{Time: time.Now(), Cause: "four"})
	if lines := readLines(t, dirs.Events()); len(lines) != 1 || !strings.Contains(lines[0], `"four"`) {
		t.Errorf("after rotation: %q", lines)
	}
	if lines := readLines(t, dirs.Events()+".1"); len(lines) != 4 {
		t.Errorf("rotated: %q", lines)
	}
	if err := j.close(); err != nil || j.trouble() != "" {
		t.Error(err, j.trouble())
	}
}

// TestOutputRotation: output that has grown too large is put aside at the next
// start.
func TestOutputRotation(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	os.MkdirAll(r.dirs.Node("worker-1"), 0o755)
	os.WriteFile(r.dirs.Stderr("worker-1"), []byte("old\n"), 0o644)
	os.Truncate(r.dirs.Stderr("worker-1"), maxOutput+1)
	r.deploy(script("worker-1", "echo new >&2; exec sleep 1000"))
	if got := waitFile(t, r.dirs.Stderr("worker-1")); got != "new\n" {
		t.Errorf("%.20q", got)
	}
	if fileSize(r.dirs.Stderr("worker-1")+".1") != maxOutput+1 {
		t.Error("the old output is gone")
	}
}

func TestLastLines(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "f")
	long := strings.Repeat("x", 5000)
	tests := []struct {
		text   string
		offset int64
		want   string
	}{
		{"", 0, ""},
		{"\n\n", 0, ""},
		{"a", 0, "a"},
		{"a\nb\nc\nd\n", 0, "b|c|d"},
		{"a\nb\nc\nd\n", 4, "c|d"},
		{"a\nb\n", 4, ""},
		{"a\n", 100, "a"}, // truncated since
		{"a\n" + long + "\nb\n", 0, "b"},
		{long, 0, long[:4096]},
	}
	for _, test := range tests {
		os.WriteFile(file, []byte(test.text), 0o600)
		if got := strings.Join(lastLines(file, test.offset, 3), "|"); got != test.want {
			t.Errorf("%.20q from %d: %.40q, want %.40q", test.text, test.offset, got, test.want)
		}
	}
	if got := lastLines(filepath.Join(t.TempDir(), "none"), 0, 3); got != nil {
		t.Errorf("no file: %q", got)
	}
}
