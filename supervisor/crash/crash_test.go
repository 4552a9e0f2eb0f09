package crash

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// site is a node that can crash.
type site struct {
	*testing.T
	c        *Collector
	dir      string // of the crashes
	work     string // of the node
	now      time.Time
	problems []error
}

func newSite(t *testing.T, keep Keep) *site {
	s := &site{T: t, dir: filepath.Join(t.TempDir(), "crashes"), work: t.TempDir(), now: time.Now().Add(-time.Hour)}
	s.c = New(s.dir, func(err error) { s.problems = append(s.problems, err) })
	s.c.SetKeep(keep)
	return s
}

func (s *site) write(name, text string) {
	if err := os.WriteFile(filepath.Join(s.work, name), []byte(text), 0o644); err != nil {
		s.Fatal(err)
	}
}

// end is the end of a process of a node that lived so long and ended just now.
func (s *site) end(node string, pid, code int, lived time.Duration) End {
	began := s.now
	s.now = s.now.Add(lived)
	return End{
		Report: Report{Node: node, PID: pid, Code: &code, Cause: fmt.Sprintf("exited with code %d", code), StartedAt: &began, EndedAt: s.now},
		Dir:    s.work,
	}
}

// collect waits for what was added, and returns the names of what is there.
func (s *site) collect(ends ...End) []Report {
	s.Helper()
	for _, e := range ends {
		s.c.Add(e)
	}
	s.c.wait.Wait()
	for _, err := range s.problems {
		s.Error(err)
	}
	all, err := List(s.dir, "")
	if err != nil {
		s.Fatal(err)
	}
	return all
}

func pids(all []Report) []int {
	var list []int
	for _, r := range all {
		list = append(list, r.PID)
	}
	return list
}

func TestCollect(t *testing.T) {
	t.Parallel()
	s := newSite(t, Keep{Count: 5})
	var output strings.Builder
	for i := range 300 {
		fmt.Fprintf(&output, "line %d\n", i)
	}
	s.write("stderr.log", "of the one before\n"+output.String()+"of the successor\n")
	s.write("reporter.log", output.String())
	s.write("loaded_scripts.log", "all\nof\nthem\n")
	e := s.end("worker-1", 7, 3, time.Minute)
	e.Stderr = Output{filepath.Join(s.work, "stderr.log"), 18, 18 + int64(output.Len())}
	e.Env = []string{"CLUSTER_NODE=worker-1", "ZEEK_CLUSTER_BACKEND_ZEROMQ_CURVE_SERVER_SECRETKEY=abc", "ZCTL_SPEC={}", "PATH=/bin"}
	e.Status = "RUNNING [run_loop]"
	reports := s.collect(e)
	if len(reports) != 1 {
		t.Fatalf("%d reports", len(reports))
	}
	b, err := Read(s.dir, reports[0].Name)
	if err != nil {
		t.Fatal(err)
	}
	if lines := strings.Split(strings.TrimSpace(b.Files["stderr.log"]), "\n"); len(lines) != 100 || lines[0] != "line 200" || lines[99] != "line 299" {
		t.Errorf("stderr: %d lines, %q", len(lines), lines)
	}
	if lines := strings.Split(strings.TrimSpace(b.Files["reporter.log"]), "\n"); len(lines) != 10 || lines[9] != "line 299" {
		t.Errorf("reporter.log: %q", lines)
	}
	if b.Files["loaded_scripts.log"] != "all\nof\nthem\n" {
		t.Errorf("loaded_scripts.log: %q", b.Files["loaded_scripts.log"])
	}
	if env := b.Files["env_vars"]; strings.Contains(env, "abc") || strings.Contains(env, "{}") || !strings.Contains(env, "PATH=/bin\n") {
		t.Errorf("environment: %q", env)
	}
	if b.PID != 7 || *b.Code != 3 || b.Status != e.Status || b.Series.Number != 1 || !strings.HasPrefix(b.Name, "worker-1-") {
		t.Errorf("%+v", b.Report)
	}
	if info, err := os.Stat(b.Path); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if len(b.Files) != 4 {
		t.Errorf("files: %d", len(b.Files))
	}
}

// TestSeries: of ends that follow each other the first and the last are kept.
func TestSeries(t *testing.T) {
	t.Parallel()
	s := newSite(t, Keep{Count: 10})
	for pid := 1; pid <= 5; pid++ {
		s.collect(s.end("worker-1", pid, 1, time.Second))
	}
	all := s.collect()
	if !slices.Equal(pids(all), []int{5, 1}) || all[0].Series.Number != 5 || all[0].Series.First != all[1].Name || all[0].Series.Between() != 3 {
		t.Fatalf("%v, %+v", pids(all), all[0].Series)
	}
	// Another end, one of another node, one that lived long and one that comes late
	// belong to no series.
	s.collect(s.end("worker-1", 6, 2, time.Second), s.end("worker-2", 7, 2, time.Second), s.end("worker-2", 8, 2, time.Hour))
	s.now = s.now.Add(time.Hour)
	all = s.collect(s.end("worker-2", 9, 2, time.Second))
	if !slices.Equal(pids(all), []int{9, 8, 7, 6, 5, 1}) || all[0].Series.Number != 1 {
		t.Fatalf("%v, %+v", pids(all), all[0].Series)
	}
}

func TestKeep(t *testing.T) {
	t.Parallel()
	s := newSite(t, Keep{Count: 2})
	for pid := 1; pid <= 4; pid++ {
		s.collect(s.end("worker-1", pid, pid, time.Second), s.end("worker-10", 10+pid, pid, time.Second))
	}
	if got := pids(s.collect()); !slices.Equal(got, []int{14, 4, 13, 3}) {
		t.Errorf("by count: %v", got)
	}
	if r, _ := List(s.dir, "worker-1"); !slices.Equal(pids(r), []int{4, 3}) {
		t.Errorf("of worker-1: %v", pids(r))
	}
	os.MkdirAll(filepath.Join(s.dir, unfinished+"x"), 0o700)
	s.c.SetKeep(Keep{Count: 2, Age: time.Since(s.now) + 1500*time.Millisecond})
	s.c.Tidy()
	if got := pids(s.collect()); !slices.Equal(got, []int{14, 4}) {
		t.Errorf("by age: %v", got)
	}
	if _, err := os.Stat(filepath.Join(s.dir, unfinished+"x")); err == nil {
		t.Error("what was not finished is still there")
	}
	s.c.SetKeep(Keep{})
	if got := pids(s.collect(s.end("worker-1", 5, 5, time.Second))); !slices.Equal(got, []int{14, 4}) {
		t.Errorf("with none to keep: %v", got)
	}
}

// aCore is a file that begins as a core does.
var aCore = "\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 9) + "\x04\x00>\x00" + strings.Repeat("\x00", 40)

// TestCore: a core in the working directory is moved to the crash, and of a node only
// the newest one stays.
func TestCore(t *testing.T) {
	t.Parallel()
	s := newSite(t, Keep{Count: 10})
	for pid := 1; pid <= 2; pid++ {
		s.write("core.txt", "no core")
		s.write("core", aCore)
		e := s.end("worker-1", pid, 0, time.Hour)
		signal := 11
		e.Code, e.Signal, e.Program = nil, &signal, "/bin/true"
		s.collect(e)
	}
	all := s.collect()
	if strings.HasPrefix(corePattern(), "/") {
		t.Skip("cores are elsewhere on this host")
	}
	for i, want := range []bool{true, false} {
		_, err := os.Stat(filepath.Join(s.dir, all[i].Name, coreFile))
		if (err == nil) != want || all[i].Core != coreFile {
			t.Errorf("core of %d: %v, %q", all[i].PID, err, all[i].Core)
		}
		b, _ := Read(s.dir, all[i].Name)
		if b.Files[backtraceFile] == "" && len(b.Notes) == 0 {
			t.Error("neither a backtrace nor a word why there is none")
		}
	}
	if _, err := os.Stat(filepath.Join(s.work, "core.txt")); err != nil {
		t.Error("what is no core was taken")
	}
}

func TestExpandPattern(t *testing.T) {
	t.Parallel()
	if got := expandPattern("/var/crash/%e-%p.%t%%", 42); got != "/var/crash/*-42.*%" {
		t.Error(got)
	}
}

func TestConcerns(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"zeek[42]: segfault at 0 ip 000055 sp 00007f error 4 in zeek[55d+1000]":                        true,
		"Out of memory: Killed process 42 (zeek) total-vm:1000kB":                                      true,
		"oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),task_memcg=/zctl,task=zeek,pid=42,uid=0": true,
		"Memory cgroup out of memory: Killed process 421 (zeek) total-vm:42kB":                         false,
		"traps: zeek[4242] general protection fault ip:42 sp:42 error:0":                               false,
		"usb 1-42: new device": false,
	} {
		if got := concerns(text, 42); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
	at, text := kernelRecord("6,339,5140900,-;zeek[42]: segfault\n SUBSYSTEM=acpi\n")
	if at != 5140900*time.Microsecond || text != "zeek[42]: segfault" {
		t.Errorf("%v %q", at, text)
	}
	for _, broken := range []string{"", ";", "1,2;x", "a,b,c;x"} {
		kernelRecord(broken)
	}
}

func TestTail(t *testing.T) {
	t.Parallel()
	file := strings.NewReader("a\nb\nc\n\n")
	for lines, want := range map[int]string{0: "a\nb\nc\n", 1: "c\n", 2: "b\nc\n", 9: "a\nb\nc\n"} {
		if got := tailOf(file, 0, 8, lines); got != want {
			t.Errorf("%d lines: %q", lines, got)
		}
	}
	if got := tailOf(file, 2, 4, 5); got != "b\n" {
		t.Errorf("a part: %q", got)
	}
	if got := tailOf(file, 5, 3, 5); got != "" {
		t.Errorf("nothing: %q", got)
	}
}

func TestReadNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "..", "../x", ".unfinished-x", "a/b", "none"} {
		if _, err := Read(t.TempDir(), name); err == nil {
			t.Errorf("%q can be read", name)
		}
	}
}
