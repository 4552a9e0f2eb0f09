package supervisor

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"zctl/supervisor/notify"
	"zctl/supervisor/process"
)

// TestAdopt: nodes outlive their supervisor, and the next one takes them over as
// they are, with their counts.
func TestAdopt(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.deploy(sleeper("manager"), sleeper("worker-1"), sleeper("worker-2"), sleeper("worker-3"))
	r.kill("worker-1")
	r.do(r.s.Stop, "worker-3")
	before := r.pids()
	r.shutdown(true)
	for name, pid := range before {
		if pid != 0 && !alive(pid) {
			t.Fatalf("%s ended with its supervisor", name)
		}
	}
	if err := unix.Kill(before["worker-2"], unix.SIGKILL); err != nil { // nobody sees it
		t.Fatal(err)
	}
	waitFor(t, func() bool { return !alive(before["worker-2"]) })
	r.open()
	r.await("worker-2", "restarted", isReady)
	now := r.pids()
	if now["manager"] != before["manager"] || now["worker-1"] != before["worker-1"] || now["worker-2"] == before["worker-2"] || now["worker-3"] != 0 {
		t.Errorf("pids %v, were %v", now, before)
	}
	for name, want := range map[string]int{"manager": 0, "worker-1": 1, "worker-2": 1} {
		if n := r.status(name); n.Restarts != want || n.State != "ready" {
			t.Errorf("%s: %d restarts, want %d; %+v", name, n.Restarts, want, n)
		}
	}
	if n := r.status("worker-2").LastExit; n == nil || n.Code != nil || n.Signal != nil {
		t.Errorf("exit that nobody saw: %+v", n)
	}
	for _, c := range r.deploy(sleeper("manager"), sleeper("worker-1"), sleeper("worker-2")) {
		if c.Action != ChangeNothing && c.Node != "worker-3" {
			t.Errorf("deploy after adoption: %v", c)
		}
	}
}

// TestExitOfAdopted: the exit code of a process that is not our child is learnt
// all the same, and its restart is as quick as any.
func TestExitOfAdopted(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	s := script("worker-1", `trap 'exit 42' USR1; echo trapped; while :; do sleep 0.02; done`)
	r.deploy(s, sleeper("worker-2"))
	r.trapped("worker-1")
	pid := r.status("worker-1").PID
	r.shutdown(true)
	r.open()
	// Only a supervisor that did not make it can be asked: the test process
	// itself made the nodes, so let another parent have made one.
	if err := unix.Kill(pid, unix.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	n := r.await("worker-1", "restarted", func(n NodeStatus) bool { return isReady(n) && n.PID != pid })
	if n.LastExit == nil || n.LastExit.Code == nil || *n.LastExit.Code != 42 || n.Restarts != 1 {
		t.Errorf("%+v, last exit %+v", n, n.LastExit)
	}
}

// TestUnsavedProcess: a process that was made but not written down any more is
// found and adopted, not doubled.
func TestUnsavedProcess(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.deploy(sleeper("worker-1"), sleeper("worker-2"))
	r.shutdown(true)
	text, err := os.ReadFile(r.dirs.State())
	if err != nil {
		t.Fatal(err)
	}
	var state savedState
	if err := json.Unmarshal(text, &state); err != nil {
		t.Fatal(err)
	}
	want := state.Nodes[0].Process.PID
	state.Nodes[0].Process = nil
	if err := state.save(r.dirs, false); err != nil {
		t.Fatal(err)
	}
	r.open()
	r.await("worker-1", "adopted", isReady)
	if got := r.status("worker-1").PID; got != want {
		t.Errorf("pid %d, want %d", got, want)
	}
}

// TestCorruptState: a state file that cannot be read is put aside with a word,
// what runs is found and kept, and the next deploy restarts nothing.
func TestCorruptState(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"truncated": `{"version": 1, "nodes": [{"spec": {"name": "wor`,
		"empty":     "",
		"version":   `{"version": 99}`,
		"hostile":   `{"version": 1, "nodes": [{"spec": {"name": "../../x", "type": "worker", "argv": ["/bin/true"]}, "up": true}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.deploy(sleeper("manager"), sleeper("worker-1"))
			before := r.pids()
			r.shutdown(true)
			if err := os.WriteFile(r.dirs.State(), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			r.open()
			r.await("manager", "adopted", isReady)
			r.await("worker-1", "adopted", isReady)
			for _, c := range r.deploy(sleeper("manager"), sleeper("worker-1")) {
				if c.Action != ChangeNothing {
					t.Errorf("%v", c)
				}
			}
			if now := r.pids(); !equal(now, before) {
				t.Errorf("pids %v, were %v", now, before)
			}
			if aside, _ := filepath.Glob(r.dirs.State() + ".corrupt-*"); len(aside) != 1 {
				t.Errorf("put aside: %v", aside)
			}
			if !slices.ContainsFunc(r.journal(), func(e Event) bool { return strings.Contains(e.Cause, "cannot use "+r.dirs.State()) }) {
				t.Error("nothing about it in the journal")
			}
			r.kill("worker-1")
		})
	}
}

// TestLostStateRestarts: a node of which only the process is known can be
// restarted, too.
func TestLostStateRestarts(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	s := sleeper("worker-1")
	s.Env = map[string]string{"MINE": "1"}
	r.deploy(s)
	r.shutdown(true)
	os.Remove(r.dirs.State())
	r.open()
	r.await("worker-1", "adopted", isReady)
	n := r.kill("worker-1")
	found := findAll("MINE=1")
	if i := slices.IndexFunc(found, func(f process.Found) bool { return f.ID.PID == n.PID }); i < 0 || !slices.Contains(found[i].Env, "CLUSTER_NODE=worker-1") {
		t.Errorf("process %d is not like its predecessor", n.PID)
	}
}

// TestReusedPID: a pid that was given to another program is neither shown as
// ours nor signalled.
func TestReusedPID(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.deploy(sleeper("worker-1"))
	r.shutdown(false)
	stranger, err := process.Start(process.Command{Argv: []string{"/bin/sleep", "1000"}, Dir: "/"})
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Wait()
	defer stranger.Signal(unix.SIGKILL)
	state, err := loadState(r.dirs)
	if err != nil {
		t.Fatal(err)
	}
	id := stranger.ID()
	id.StartTicks--
	state.Version, state.Nodes[0].Up = stateVersion, true
	state.Nodes[0].Process = &savedProcess{Identity: id, Digest: state.Nodes[0].Spec.Digest(), Ready: true}
	if err := state.save(r.dirs, false); err != nil {
		t.Fatal(err)
	}
	r.open()
	n := r.await("worker-1", "started anew", isReady)
	if n.PID == id.PID || n.Restarts != 1 {
		t.Errorf("%+v", n)
	}
	r.do(r.s.Stop)
	if !stranger.ID().Alive() {
		t.Error("a stranger was killed")
	}
}

// TestInterruptedDeploy: a supervisor that ends in the middle of a deploy leaves
// a cluster that the next one makes what the deploy wanted.
func TestInterruptedDeploy(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	stubborn := script("worker-1", `trap '' TERM; echo trapped; while :; do sleep 0.02; done`)
	stubborn.StopTimeout = time.Second
	r.deploy(sleeper("manager"), stubborn, sleeper("worker-2"), sleeper("worker-3"))
	r.trapped("worker-1")
	before := r.pids()
	changed, other := stubborn, sleeper("worker-2")
	changed.Env = map[string]string{"NEW": "1"}
	other.Env = changed.Env
	answer := make(chan error, 1)
	go func() {
		_, err := r.s.Deploy(context.Background(), clusterOf(sleeper("manager"), changed, other), DeployOptions{})
		answer <- err
	}()
	r.await("worker-1", "stopping", func(n NodeStatus) bool { return n.State == "stopping" })
	r.terminate()
	if err := <-answer; !errors.Is(err, ErrEnded) {
		t.Errorf("the deploy says %v", err)
	}
	r.open()
	for _, name := range []string{"worker-1", "worker-2"} {
		r.await(name, "restarted", func(n NodeStatus) bool { return isReady(n) && n.PID != before[name] })
	}
	waitFor(t, func() bool { return r.s.find("worker-3") == nil })
	if alive(before["worker-3"]) || alive(before["worker-1"]) || !alive(before["manager"]) {
		t.Errorf("alive: removed %v, replaced %v, unchanged %v", alive(before["worker-3"]), alive(before["worker-1"]), alive(before["manager"]))
	}
}

// TestEndWithKill: on_supervisor_exit = "kill" stops the nodes with the
// supervisor, and the next one starts them again.
func TestEndWithKill(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	d := clusterOf(sleeper("worker-1"))
	d.OnSupervisorExit = "kill"
	r.deployAny(d)
	pid := r.status("worker-1").PID
	r.terminate()
	if alive(pid) {
		t.Error("it outlived the supervisor")
	}
	r.open()
	if n := r.await("worker-1", "ready", isReady); n.Restarts != 0 {
		t.Errorf("counts as a restart: %+v", n)
	}
}

// TestOneSupervisor: there is never a second one for a directory.
func TestOneSupervisor(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if s, err := Open(Options{Dirs: r.dirs}); !errors.Is(err, ErrRunning) {
		t.Errorf("%v, %v", s, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if err := r.dirs.AwaitUnlocked(ctx, time.Second); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("unlocked: %v", err)
	}
	r.shutdown(false)
	if err := r.dirs.AwaitUnlocked(context.Background(), patience); err != nil {
		t.Error(err)
	}
	r.open()
}

// TestNotifications: a node that speaks is ready when it says so, tells its
// peers and what it is doing, and goes on telling to the next supervisor.
func TestNotifications(t *testing.T) {
	r := newRig(t)
	s := sleeper("worker-1")
	s.NotifyOnly = true
	deployed := make(chan struct{})
	go func() { defer close(deployed); r.deploy(s) }()
	waitFor(t, func() bool { return r.s.find("worker-1") != nil })
	r.await("worker-1", "running", func(n NodeStatus) bool { return n.State == "running" })
	say := func(lines ...string) {
		t.Helper()
		t.Setenv("NOTIFY_SOCKET", r.dirs.notifySocket("worker-1"))
		if err := notify.Send(lines...); err != nil {
			t.Fatal(err)
		}
	}
	say("STATUS=reading scripts", "X_PEERS_UP=1", "X_PEERS_TOTAL=4")
	r.await("worker-1", "telling", func(n NodeStatus) bool {
		return n.State == "running" && n.Message == "reading scripts" && n.Peers != nil && *n.Peers == Peers{1, 4}
	})
	say("READY=1", "STATUS=", "X_PEERS_UP=4", "X_PEERS_TOTAL=4")
	<-deployed
	if n := r.status("worker-1"); n.Message != "" || *n.Peers != (Peers{4, 4}) {
		t.Errorf("%+v", n)
	}
	say("X_PEERS_UP=x", "X_PEERS_TOTAL=4", strings.Repeat("noise", 1000))
	r.shutdown(true)
	r.open()
	if n := r.await("worker-1", "adopted as ready", isReady); n.Peers == nil || *n.Peers != (Peers{4, 4}) {
		t.Errorf("adopted: %+v", n)
	}
	say("X_PEERS_UP=2", "X_PEERS_TOTAL=4")
	r.await("worker-1", "heard by the new supervisor", func(n NodeStatus) bool { return *n.Peers == Peers{2, 4} })
	n := r.kill2("worker-1")
	if n.Peers != nil || n.State != "running" {
		t.Errorf("what the dead process said counts for its successor: %+v", n)
	}
}

// kill2 kills a node and waits for its successor to run, ready or not.
func (r *rig) kill2(name string) NodeStatus {
	before := r.status(name)
	unix.Kill(before.PID, unix.SIGKILL)
	return r.await(name, "running again", func(n NodeStatus) bool { return n.PID != 0 && n.PID != before.PID })
}

// TestGuard: a supervisor that ends without a word has its nodes stopped by its
// guard, one that says goodbye has not, and a guard does not fight with a
// successor.
func TestGuard(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.deploy(sleeper("worker-1"))
	pid := r.status("worker-1").PID
	options := Options{Dirs: r.dirs}
	if err := Guard(strings.NewReader(""), options); err != nil || !alive(pid) {
		t.Errorf("beside a supervisor: %v, alive %v", err, alive(pid))
	}
	r.shutdown(true)
	if err := Guard(strings.NewReader(allWell), options); err != nil || !alive(pid) {
		t.Errorf("all well: %v, alive %v", err, alive(pid))
	}
	r.open()
	d := clusterOf(sleeper("worker-1"), sleeper("worker-2"))
	d.OnSupervisorExit = "kill"
	r.deployAny(d)
	other := r.status("worker-2").PID
	r.shutdown(true)
	unix.Kill(other, unix.SIGKILL) // must not be started only to be stopped
	waitFor(t, func() bool { return !alive(other) })
	if err := Guard(strings.NewReader(""), options); err != nil || alive(pid) {
		t.Errorf("without a word: %v, alive %v", err, alive(pid))
	}
	r.open()
	r.await("worker-1", "ready", isReady)
	if n := r.status("worker-2"); n.Restarts > 1 {
		t.Errorf("worker-2: %+v", n)
	}
}

// TestEscaped shows that what a node began in a session of its own ends with the
// node when it is stopped, TERM or not, and is never taken for the node.
func TestEscaped(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	mark := "ESCAPED=" + t.Name()
	s := sleeper("worker-1")
	s.Env = map[string]string{"ESCAPED": t.Name()}
	s.Argv = []string{"/bin/sh", "-c", `
		setsid sh -c 'trap "" TERM; while :; do sleep 100; done' &
		setsid sleep 1000 &
		exec sleep 1000`}
	s.StopTimeout = 100 * time.Millisecond
	all := func(n int) { waitFor(t, func() bool { return len(findAll(mark)) == n }) }
	r.deploy(s)
	all(3)
	r.do(r.s.Stop, "worker-1")
	all(0)

	for _, lost := range []bool{false, true} {
		r.do(r.s.Start, "worker-1")
		all(3)
		node := r.status("worker-1").PID
		r.shutdown(true)
		unix.Kill(node, unix.SIGKILL)
		if lost {
			os.Remove(r.dirs.State())
		}
		waitFor(t, func() bool { return !slices.Contains(pidsOf(findAll(mark)), node) })
		left := pidsOf(findAll(mark))
		r.open()
		n := r.await("worker-1", "started again", isReady)
		if slices.Contains(left, n.PID) {
			t.Errorf("process %d, which worker-1 had left behind, is taken for it", n.PID)
		}
		for _, pid := range left {
			if slices.Contains(pidsOf(findAll(mark)), pid) {
				t.Errorf("process %d, which worker-1 had left behind, still runs", pid)
			}
		}
		r.do(r.s.Stop, "worker-1")
		all(0)
	}
}

func pidsOf(found []process.Found) []int {
	var pids []int
	for _, f := range found {
		pids = append(pids, f.ID.PID)
	}
	return pids
}
