package supervisor

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"zctl/supervisor/cgroup"
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
	_, err = r.s.Plan(clusterOf(limited))
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
		return strings.Contains(n.Message, "killed by the kernel: memory_max 32MiB reached, after")
	})
}
