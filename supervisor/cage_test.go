package supervisor

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"zctl/supervisor/cgroup"
	"zctl/supervisor/lifecycle"
	"zctl/supervisor/process"
)

// newCagedRig is a rig on a host where control groups can be made, and sees to it that
// none is left.
func newCagedRig(t *testing.T) *rig {
	t.Helper()
	r := newRig(t)
	tree := r.s.shared.cgroups
	if err := tree.Check(); err != nil {
		t.Skipf("no cgroup can be made here: %v", err)
	}
	t.Cleanup(func() { // before the rig's own
		if r.s != nil {
			r.shutdown(false)
		}
		if _, err := os.Stat(tree.Where()); err == nil {
			t.Errorf("left: %s", tree.Where())
		}
	})
	return r
}

// hider is a node with a child that hides: in a session of its own, with nothing in its
// environment. Its pid is in the file hidden.
func hider(name string) Spec {
	return script(name, `env -i setsid sleep 1000 </dev/null >/dev/null 2>&1 & echo $! >hidden.new; mv hidden.new hidden; exec sleep 1000`)
}

// hidden is the pid of the child of a hider that is not among the old ones.
func (r *rig) hidden(name string, old ...int) int {
	r.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		text, err := os.ReadFile(filepath.Join(r.dirs.Node(name), "hidden"))
		pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
		if err != nil || pid == 0 || len(old) > 0 && pid == old[0] {
			continue
		}
		if comm, _ := os.ReadFile("/proc/" + itoa(pid) + "/comm"); string(comm) == "sleep\n" {
			return pid
		}
	}
	r.t.Fatalf("%s has hidden nothing", name)
	return 0
}

func (r *rig) awaitDead(pid int) {
	r.t.Helper()
	for end := time.Now().Add(patience); alive(pid); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			unix.Kill(pid, unix.SIGKILL)
			r.t.Fatalf("process %d is still there", pid)
		}
	}
}

// TestNothingHides shows that what a node has started ends with it, however it hides:
// when the node is stopped, restarted, dies, or is found dead by the next supervisor;
// and that what belongs to a process which runs is left alone all the time.
func TestNothingHides(t *testing.T) {
	t.Parallel()
	r := newCagedRig(t)
	other := hider("worker-2")
	r.deploy(hider("worker-1"), other)
	first, bystander := r.hidden("worker-1"), r.hidden("worker-2")

	r.do(r.s.Restart, "worker-1")
	if alive(first) {
		t.Error("it outlives a restart")
	}
	second := r.hidden("worker-1", first)
	r.kill("worker-1")
	r.awaitDead(second)
	third := r.hidden("worker-1", second)
	if !alive(third) {
		t.Error("the successor's child was killed with the old one")
	}

	pid := r.status("worker-1").PID
	r.terminate()
	if err := unix.Kill(pid, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	r.awaitDead(pid)
	r.open()
	r.awaitDead(third)
	r.await("worker-1", "ready", isReady)
	fourth := r.hidden("worker-1", third)
	r.do(r.s.Stop, "worker-1")
	if alive(fourth) {
		t.Error("it outlives a stop")
	}
	if !alive(bystander) || r.status("worker-2").Restarts != 0 {
		t.Error("another node was touched")
	}
	r.do(r.s.Stop, "worker-2") // adopted
	if alive(bystander) {
		t.Error("it outlives the stop of a node that was adopted")
	}
}

// TestGroupsGoWithTheirNodes shows that nothing is left of a node's group when the node
// is no longer wanted, or of a predecessor's groups.
func TestGroupsGoWithTheirNodes(t *testing.T) {
	t.Parallel()
	r := newCagedRig(t)
	r.deploy(sleeper("worker-1"), sleeper("worker-2"))
	where := r.s.shared.cgroups.Where()
	for _, dir := range []string{"worker-1", "worker-2"} {
		if _, err := os.Stat(filepath.Join(where, dir)); err != nil {
			t.Error(err)
		}
	}
	r.kill("worker-1")
	r.deploy(sleeper("worker-1"))
	if _, err := os.Stat(filepath.Join(where, "worker-2")); err == nil {
		t.Error("the group of a node that was removed is left")
	}
	r.terminate()
	if err := os.MkdirAll(filepath.Join(where, "worker-9", "1"), 0o755); err != nil {
		t.Fatal(err)
	}
	r.open()
	if _, err := os.Stat(filepath.Join(where, "worker-9")); err == nil {
		t.Error("the group of a node that nobody knows is left")
	}
	if !isReady(r.status("worker-1")) {
		t.Errorf("adopted: %+v", r.status("worker-1"))
	}
}

// ungrouped is a host without cgroup v2.
type ungrouped struct{ cgroup.Files }

func (ungrouped) Read(file string) (string, error) {
	if file == "/proc/self/cgroup" {
		return "4:memory:/\n1:name=systemd:/\n", nil
	}
	return "", &os.PathError{Op: "open", Path: file, Err: unix.ENOENT}
}

// TestWithoutGroups shows that a host without cgroup v2 runs everything but limits that
// need it, which are refused before anything is done.
func TestWithoutGroups(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.shutdown(false)
	s, err := Open(Options{Dirs: r.dirs, Version: "test", Cgroups: ungrouped{}})
	if err != nil {
		t.Fatal(err)
	}
	r.run(s)
	r.deploy(sleeper("worker-1"))
	limited := sleeper("worker-1")
	limited.Limits = Limits{MemoryMax: 1 << 30, CPUWeight: 200}
	pid := r.status("worker-1").PID
	_, err = r.s.Plan(clusterOf(limited), DeployOptions{})
	want := "memory_max of worker-1 needs cgroup v2: this host has no cgroup v2 (/proc/self/cgroup has no line 0::/…); boot it with systemd.unified_cgroup_hierarchy=1; or remove memory_max\n" +
		"cpu_weight of worker-1 needs cgroup v2: this host has no cgroup v2 (/proc/self/cgroup has no line 0::/…); boot it with systemd.unified_cgroup_hierarchy=1; or remove cpu_weight"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if n := r.status("worker-1"); n.PID != pid || len(n.Limits) != 0 {
		t.Errorf("%+v", n)
	}
}

// TestMemoryMaxKills shows what is said of a node that wants more memory than it may
// have, that it is all gone then, and that another limit needs no other process.
func TestMemoryMaxKills(t *testing.T) {
	t.Parallel()
	r := newCagedRig(t)
	if err := r.s.shared.cgroups.Check(cgroup.Memory, cgroup.CPU); err != nil {
		t.Skipf("memory cannot be limited here: %v", err)
	}
	greedy := script("worker-1", `mkfifo go; read line <go; exec tail -c 1G /dev/zero`)
	greedy.Limits = Limits{MemoryMax: 64 << 20, CPUWeight: 200}
	r.deploy(greedy)
	pid := r.status("worker-1").PID
	greedy.Limits = Limits{MemoryMax: 32 << 20}
	changes := r.deploy(greedy)
	if want := "limit    worker-1  (memory_max 64MiB -> 32MiB, cpu_weight 200 -> none)"; changes[0].String() != want {
		t.Errorf("%v, want %s", changes, want)
	}
	if n := r.status("worker-1"); n.PID != pid || n.Limits[0].Have != "32MiB" {
		t.Errorf("%+v", n)
	}
	if err := os.WriteFile(filepath.Join(r.dirs.Node("worker-1"), "go"), []byte("\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	r.await("worker-1", "killed", func(n NodeStatus) bool {
		return strings.Contains(n.Message, "killed by the kernel: memory_max 32MiB reached")
	})
}

// TestKilledByKernel shows how it is said, then and afterwards, that the kernel killed a
// node: on a host whose groups are files, because few hosts let a test do it.
func TestKilledByKernel(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for _, test := range []struct {
		events, want string
	}{
		{"oom 1\noom_kill 1\n", "killed by the kernel: memory_max 2GiB reached"},
		{"oom 0\noom_kill 1\n", "killed by the kernel: this host had no memory left"},
		{"oom 0\noom_kill 0\n", ""},
	} {
		n := limitedHost(map[string]string{"memory.events": test.events}).on(Limits{})
		n.cage.told.MemoryMax = 2 << 30
		if got := n.reasonOf(process.Exit{Known: true, Signal: unix.SIGKILL}); got != test.want {
			t.Errorf("%q: %q, want %q", test.events, got, test.want)
		}
		if got := n.reasonOf(process.Exit{Known: true, Code: 1}); got != "" {
			t.Errorf("of its own: %q", got)
		}
		s := &snapshot{lastExit: &ExitInfo{At: now.Add(-time.Minute), Why: test.want}}
		s.state.Phase = lifecycle.Ready
		message := ""
		if test.want != "" {
			message = "1m0s ago it was " + test.want
		}
		if got := s.message(now); got != message {
			t.Errorf("a minute later: %q, want %q", got, message)
		}
		if got := s.message(now.Add(remembered)); got != "" {
			t.Errorf("much later: %q", got)
		}
	}
}

// fewFiles is a host with cgroup v2 at /c, as far as its files are in the map.
type fewFiles struct {
	cgroup.Files
	files map[string]string
}

// limitedHost is one with the group of worker-1, whose first process is process 1.
func limitedHost(files map[string]string) fewFiles {
	f := fewFiles{files: map[string]string{
		"/proc/self/mountinfo":                      "30 23 0:26 / /c rw - cgroup2 cgroup2 rw\n",
		"/proc/self/cgroup":                         "0::/\n",
		"/proc/1/cgroup":                            "0::/zctl-x/worker-1/1\n",
		"/c/cgroup.subtree_control":                 "memory cpu\n",
		"/c/zctl-x/cgroup.subtree_control":          "memory cpu\n",
		"/c/zctl-x/worker-1/1/cgroup.procs":         "1\n",
		"/c/zctl-x/worker-1/memory.max":             "max\n",
		"/c/zctl-x/worker-1/memory.swap.max":        "max\n",
		"/c/zctl-x/worker-1/memory.oom.group":       "0\n",
		"/c/zctl-x/worker-1/memory.current":         "5368709120\n",
		"/c/zctl-x/worker-1/cpu.weight":             "100\n",
		"/c/zctl-x/worker-1/cgroup.subtree_control": "\n",
	}}
	for name, text := range files {
		f.files["/c/zctl-x/worker-1/"+name] = text
	}
	return f
}

func (f fewFiles) Read(file string) (string, error) {
	if text, ok := f.files[file]; ok {
		return text, nil
	}
	return "", &os.PathError{Op: "open", Path: file, Err: unix.ENOENT}
}

func (f fewFiles) Write(file, text string) error {
	if _, ok := f.files[file]; !ok {
		return &os.PathError{Op: "open", Path: file, Err: unix.ENOENT}
	}
	f.files[file] = text + "\n"
	return nil
}

func (f fewFiles) Mkdir(dir string) error {
	return &os.PathError{Op: "mkdir", Path: dir, Err: unix.EEXIST}
}

// on is a node whose process is in the group of that host.
func (f fewFiles) on(limits Limits) *node {
	spec := sleeper("worker-1")
	spec.Limits = limits
	tree := cgroup.Open(f, "zctl-x", true)
	n := newNode("worker-1", &shared{changed: func() {}, cgroups: tree}, targetOf(spec), savedNode{})
	n.proc = new(process.Process)
	n.cage.leaf = tree.LeafOf(1)
	return n
}

// TestLimitWhileItRuns shows that limits of a node that runs are changed, and that this
// is written down; but not to what would kill it, or where it cannot be.
func TestLimitWhileItRuns(t *testing.T) {
	t.Parallel()
	const gib = 1 << 30
	host := limitedHost(map[string]string{"memory.stat": "anon 3221225472\nfile 2147483648\nshmem 0\n"})
	for _, test := range []struct {
		limits    Limits
		max, swap string
		weight    string
		events    string
		err       string
		status    string
	}{
		{Limits{MemoryMax: 4 * gib, CPUWeight: 300}, "4294967296", "0", "300", "limiting it: memory_max none -> 4GiB|limiting it: cpu_weight none -> 300", "", "memory_max 4GiB 4GiB true|cpu_weight 300 300 true"},
		{Limits{MemoryMax: 4 * gib, CPUWeight: 300}, "4294967296", "0", "300", "", "", "memory_max 4GiB 4GiB true|cpu_weight 300 300 true"},
		{Limits{MemoryMax: 2 * gib}, "4294967296", "0", "300", "", "cannot lower memory_max to 2GiB, because the node holds 3GiB; zctl restart worker-1", "memory_max 2GiB 4GiB false"},
		{Limits{MemoryMax: 3 * gib}, "3221225472", "0", "100", "limiting it: memory_max 4GiB -> 3GiB|limiting it: cpu_weight 300 -> none", "", "memory_max 3GiB 3GiB true"},
		{Limits{}, "max", "max", "100", "limiting it: memory_max 3GiB -> none", "", ""},
	} {
		n := host.on(test.limits) // of a new supervisor each time
		n.cage.learn()
		err := n.limit()
		if got := fmt.Sprint(err); got != cmp.Or(test.err, "<nil>") {
			t.Errorf("%+v: %v, want %s", test.limits, err, test.err)
		}
		var events, status []string
		for _, e := range n.history {
			events = append(events, e.Cause)
		}
		for _, l := range test.limits.statusOf(1, n.cage.group()) {
			status = append(status, fmt.Sprint(l.Name, " ", l.Want, " ", l.Have, " ", l.OK))
		}
		if got := strings.Join(events, "|"); got != test.events {
			t.Errorf("%+v: events %q, want %q", test.limits, got, test.events)
		}
		if got := strings.Join(status, "|"); got != test.status {
			t.Errorf("%+v: status %q, want %q", test.limits, got, test.status)
		}
		for file, want := range map[string]string{"memory.max": test.max, "memory.swap.max": test.swap, "cpu.weight": test.weight} {
			if got := strings.TrimSpace(host.files["/c/zctl-x/worker-1/"+file]); got != want {
				t.Errorf("%+v: %s is %s, want %s", test.limits, file, got, want)
			}
		}
	}
	n := host.on(Limits{MemoryMax: gib})
	n.cage.leaf = nil
	if err := n.limit(); err == nil || !strings.HasSuffix(err.Error(), "which was started without a cgroup; zctl restart worker-1") {
		t.Errorf("without a group: %v", err)
	}
}
