package supervisor

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"zctl/cpuaffinity"
)

func itoa(n int) string { return strconv.Itoa(n) }

// TestSpawn: a node is started as Zeek's documentation of spawning says (spec:
// generators R4, R7 to R9, R11).
func TestSpawn(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	s := script("worker-1", `pwd; env; cat cluster-layout.zeek; ps -o sid= -p $$; echo to stderr >&2; touch done; exec sleep 1000`)
	s.Env = map[string]string{"MINE": "a b", "ZEEKPATH": "/site"}
	s.Interface = "lo"
	r.deploy(s)
	dir := r.dirs.Node("worker-1")
	waitFor(t, func() bool { _, err := os.Stat(filepath.Join(dir, "done")); return err == nil })
	pid := r.status("worker-1").PID
	out := waitFile(t, r.dirs.Stdout("worker-1"))
	for _, line := range []string{
		dir, "CLUSTER_NODE=worker-1", "ZEEKPATH=" + dir + ":/site", "MINE=a b", "INTERFACE=lo", "# layout",
		"NOTIFY_SOCKET=" + r.dirs.notifySocket("worker-1"),
	} {
		if !strings.Contains("\n"+out, "\n"+line+"\n") {
			t.Errorf("no line %q in\n%s", line, out)
		}
	}
	if lines := strings.Fields(out); lines[len(lines)-1] != itoa(pid) {
		t.Errorf("session %s, pid %d", lines[len(lines)-1], pid)
	}
	if got := waitFile(t, r.dirs.Stderr("worker-1")); got != "to stderr\n" {
		t.Errorf("stderr.log: %q", got)
	}
	if got := waitFile(t, filepath.Join(dir, "pid")); got != itoa(pid)+"\n" {
		t.Errorf("pid file: %q, want %d", got, pid)
	}
	r.do(r.s.Stop, "worker-1")
	if _, err := os.Stat(filepath.Join(dir, "pid")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("pid file of a stopped node: %v", err)
	}
	if link, err := os.Readlink(filepath.Join(r.dirs.Logs(), "current")); err == nil {
		t.Errorf("logs/current is %s without a logger or manager", link)
	}
}

func waitFor(t *testing.T, is func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("waited too long")
		}
	}
}

// TestDeploy: a deploy starts what is new, restarts what differs, stops what is
// gone, and leaves everything else alone.
func TestDeploy(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.deploy(sleeper("manager"), sleeper("logger-1"), sleeper("worker-1"), sleeper("worker-2"))
	before := r.pids()

	changes := r.deploy(sleeper("manager"), sleeper("logger-1"), sleeper("worker-1"), sleeper("worker-2"))
	for _, c := range changes {
		if c.Action != ChangeNothing {
			t.Errorf("unchanged: %v", c)
		}
	}
	if now := r.pids(); !equal(now, before) {
		t.Errorf("an unchanged deploy: pids %v, were %v", now, before)
	}

	other := sleeper("worker-1")
	other.Env = map[string]string{"NEW": "1"}
	r.deploy(sleeper("manager"), sleeper("logger-1"), other, sleeper("worker-3"))
	now := r.pids()
	for name, same := range map[string]bool{"manager": true, "logger-1": true, "worker-1": false} {
		if (now[name] == before[name]) != same {
			t.Errorf("%s: pid %d, was %d", name, now[name], before[name])
		}
	}
	if now["worker-3"] == 0 || now["worker-2"] != 0 || alive(before["worker-2"]) {
		t.Errorf("pids %v; worker-2 (%d) alive: %v", now, before["worker-2"], alive(before["worker-2"]))
	}
	if link, err := os.Readlink(filepath.Join(r.dirs.Logs(), "current")); err != nil || link != "../spool/logger-1" {
		t.Errorf("logs/current: %q, %v", link, err)
	}
	if n := r.status("worker-1").Restarts; n != 0 {
		t.Errorf("a deploy counts as %d restarts", n)
	}
}

// TestPolicyWithoutRestart: how a node is treated changes while it runs.
func TestPolicyWithoutRestart(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	stubborn := script("worker-1", `trap '' TERM; echo trapped; while :; do sleep 0.05; done`)
	stubborn.StopTimeout = time.Hour
	r.deploy(stubborn)
	r.trapped("worker-1")
	pid := r.status("worker-1").PID
	stubborn.StopTimeout = 50 * time.Millisecond
	r.deploy(stubborn)
	if now := r.status("worker-1").PID; now != pid {
		t.Fatal("restarted")
	}
	r.do(r.s.Stop, "worker-1") // with the old stop_timeout it would not end before the test
}

// TestFilesOfRunningNodes: a node that is not restarted finds the new layout.
func TestFilesOfRunningNodes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.deploy(sleeper("worker-1"))
	d := clusterOf(sleeper("worker-1"), sleeper("worker-2"))
	d.Files["cluster-layout.zeek"] = "# another\n"
	r.deployAny(d)
	got, err := os.ReadFile(filepath.Join(r.dirs.Node("worker-1"), "cluster-layout.zeek"))
	if err != nil || string(got) != "# another\n" {
		t.Errorf("%q, %v", got, err)
	}
}

// TestRestart: a restart concerns the nodes that were named.
func TestRestart(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.deploy(sleeper("manager"), sleeper("logger-1"), sleeper("worker-1"), sleeper("worker-2"))
	before := r.pids()
	r.do(r.s.Restart, "worker-2")
	now := r.pids()
	if now["worker-2"] == before["worker-2"] {
		t.Error("worker-2 was not restarted")
	}
	delete(now, "worker-2")
	delete(before, "worker-2")
	if !equal(now, before) {
		t.Errorf("pids %v, were %v", now, before)
	}
	before = r.pids()
	r.do(r.s.Restart)
	for name, pid := range r.pids() {
		if pid == before[name] {
			t.Errorf("%s was not restarted", name)
		}
	}
	if _, err := r.s.Restart(context.Background(), []string{"worker-9"}); err == nil {
		t.Error("restarted an unknown node")
	}
}

// TestOrder: a broker is spawned first and workers last, and they are told to stop
// the other way round: a proxy soon after the workers, the others when all before are
// gone.
func TestOrder(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const run = `echo trapped; while :; do sleep 0.01; done`
	const slow = `trap 'sleep 0.3; exit 0' TERM; ` + run
	const proxy = `trap '>told; sleep 0.3; exit 0' TERM; ` + run
	const worker = `trap 'until [ -e ../proxy-1/told ]; do sleep 0.01; done; exit 0' TERM; ` + run
	r.deploy(script("manager", slow), script("logger-1", slow), script("proxy-1", proxy), script("worker-1", worker), script("worker-2", worker), script("broker", slow))
	r.trapped("manager", "logger-1", "proxy-1", "worker-1", "worker-2", "broker")
	r.do(r.s.Stop)
	var spawned, stopping []string
	for _, e := range r.journal() {
		typ := strings.Split(e.Node, "-")[0]
		switch e.To {
		case "running":
			spawned = append(spawned, typ)
		case "stopping":
			stopping = append(stopping, typ)
		case "stopped":
			stopping = append(stopping, typ+" gone")
		}
	}
	if got, want := strings.Join(spawned, " "), "broker logger manager proxy worker worker"; got != want {
		t.Errorf("spawned %s", got)
	}
	told := slices.DeleteFunc(slices.Clone(stopping), func(e string) bool { return strings.HasSuffix(e, " gone") })
	if got, want := strings.Join(told, " "), "worker worker proxy manager logger broker"; got != want {
		t.Errorf("told to stop %s", got)
	}
	if got := strings.Join(stopping[:3], " "); got != "worker worker proxy" {
		t.Errorf("the proxy waited too long: %q", stopping)
	}
	if got := strings.Join(stopping[len(stopping)-6:], ", "); got != "manager, manager gone, logger, logger gone, broker, broker gone" {
		t.Errorf("somebody did not wait: %q", stopping)
	}
}

// TestStopDuringHangingStart: a node that never becomes ready keeps nobody from
// stopping it, or others.
func TestStopDuringHangingStart(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	hanging := sleeper("worker-1")
	hanging.NotifyOnly = true
	deployed := make(chan Result, 1)
	go func() {
		result, _ := r.s.Deploy(context.Background(), clusterOf(sleeper("manager"), hanging), DeployOptions{})
		deployed <- result
	}()
	waitFor(t, func() bool { return r.s.find("worker-1") != nil })
	r.await("worker-1", "running", func(n NodeStatus) bool { return n.State == "running" })
	r.do(r.s.Stop, "worker-1")
	if result := <-deployed; result.Nodes[1].OK || result.Nodes[1].State != "stopped" {
		t.Errorf("the deploy says %+v", result.Nodes)
	}
}

// TestTimeout: what takes too long is said to, and goes on.
func TestTimeout(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	s := sleeper("worker-1")
	s.ReadyAfter = time.Second
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	result, err := r.s.Deploy(ctx, clusterOf(s), DeployOptions{})
	ok := slices.ContainsFunc(result.Nodes, func(n NodeResult) bool { return n.OK }) // there may be none yet
	if err != nil || !result.TimedOut || ok {
		t.Errorf("%+v, %v", result, err)
	}
	r.await("worker-1", "ready", isReady)
}

// TestDrift: threads that may run elsewhere than planned are shown.
func TestDrift(t *testing.T) {
	t.Parallel()
	usable, err := cpuaffinity.Affinity()
	if err != nil {
		t.Fatal(err)
	}
	if len(usable) < 2 {
		t.Skip("needs two CPUs")
	}
	r := newRig(t)
	s := sleeper("worker-1")
	s.CPUs = usable[:1]
	r.deploy(s)
	if n := r.status("worker-1"); !n.CPUs.OK || n.CPUs.Have != itoa(usable[0]) || n.CPUs.Want != n.CPUs.Have {
		t.Errorf("pinned to %d: %+v", usable[0], n.CPUs)
	}
	wide := unix.NewCPUSet(usable[len(usable)-1] + 1)
	for _, cpu := range usable {
		wide.Set(cpu)
	}
	if err := unix.SchedSetaffinityDynamic(r.status("worker-1").PID, wide); err != nil {
		t.Fatal(err)
	}
	if n := r.status("worker-1"); n.CPUs.OK || n.CPUs.Have != usable.Sorted().String() || !strings.Contains(n.Message, "CPU drift") {
		t.Errorf("after somebody moved it: %+v, %q", n.CPUs, n.Message)
	}
}

// TestMove: a node gets other CPUs without a restart, also if a supervisor that
// planned it did not live to do it.
func TestMove(t *testing.T) {
	t.Parallel()
	usable, err := cpuaffinity.Affinity()
	if err != nil {
		t.Fatal(err)
	}
	if len(usable) < 2 {
		t.Skip("needs two CPUs")
	}
	r := newRig(t)
	s := sleeper("worker-1")
	s.CPUs = usable[:1]
	r.deploy(s)
	pid := r.status("worker-1").PID
	for _, cpus := range []cpuaffinity.List{usable[1:2], nil, usable[:1]} {
		s.CPUs = cpus
		changes := r.deploy(s)
		n := r.status("worker-1")
		want := cpus
		if want == nil {
			want = usable
		}
		if changes[0].Action != ChangeMove || n.PID != pid || n.CPUs.Have != want.String() || !n.CPUs.OK {
			t.Errorf("to %v: %v, %+v", cpus, changes, n)
		}
	}
	r.shutdown(true)
	if err := cpuaffinity.Move(pid, usable); err != nil {
		t.Fatal(err)
	}
	r.open()
	if n := r.await("worker-1", "back on its CPU", func(n NodeStatus) bool { return isReady(n) && n.CPUs.OK }); n.PID != pid {
		t.Errorf("%+v", n)
	}
}

// TestStatusNumbers: memory and CPU time are those of the process.
func TestStatusNumbers(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	begun := time.Now()
	r.deploy(script("worker-1", "while :; do :; done"), sleeper("worker-2"))
	n := r.await("worker-1", "busy", func(n NodeStatus) bool { return n.CPUPercent > 1 }) // as much as a loaded machine gives it
	if n.RSSBytes < 100<<10 || n.RSSBytes > 1<<30 {
		t.Errorf("%d bytes", n.RSSBytes)
	}
	n = r.await("worker-2", "idle", func(n NodeStatus) bool { return n.CPUPercent < 1 })
	if n.StartedAt == nil || n.StartedAt.Before(begun.Add(-time.Second)) || n.StartedAt.After(time.Now().Add(time.Second)) {
		t.Errorf("started at %v, the test at %v", n.StartedAt, begun)
	}
}

// pids is the pid of every node that runs.
func (r *rig) pids() map[string]int {
	r.t.Helper()
	s, err := r.s.Status(nil)
	if err != nil {
		r.t.Fatal(err)
	}
	pids := map[string]int{}
	for _, n := range s.Nodes {
		pids[n.Name] = n.PID
	}
	return pids
}

func equal(a, b map[string]int) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if b[k] != v {
			return false
		}
	}
	return true
}
