package supervisor

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// child is the pid that a node of the rig has written into the file child.
func (r *rig) child(node string) int {
	r.t.Helper()
	pid, err := strconv.Atoi(strings.TrimSpace(waitFile(r.t, filepath.Join(r.dirs.Node(node), "child"))))
	if err != nil {
		r.t.Fatal(err)
	}
	return pid
}

// waitsToGo is a node that ends when it is told to, but not before goes is called.
const waitsToGo = `trap 'until [ -e go ]; do sleep 0.01; done; exit' TERM; echo trapped; while :; do sleep 0.01; done`

func (r *rig) goes(node string) func() {
	return func() { os.WriteFile(filepath.Join(r.dirs.Node(node), "go"), nil, 0o600) }
}

// soon is a context that ends before long.
func soon(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// TestRestartBehindRemoval: who waits behind a deploy that removes a node does not
// wait for that node.
func TestRestartBehindRemoval(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.deploy(sleeper("worker-1"), script("worker-2", waitsToGo))
	r.trapped("worker-2")
	deployed := make(chan struct{})
	go func() { defer close(deployed); r.deployAny(clusterOf(sleeper("worker-1"))) }() // worker-1 may be restarting when it ends
	r.await("worker-2", "stopping", func(n NodeStatus) bool { return n.State == "stopping" })
	time.AfterFunc(100*time.Millisecond, r.goes("worker-2")) // when somebody waits behind it
	result, err := r.s.Restart(soon(t, patience), []string{"workers"})
	<-deployed
	if err != nil || result.TimedOut || len(result.Nodes) != 1 || result.Nodes[0].Name != "worker-1" {
		t.Errorf("%+v, %v", result, err)
	}
	r.do(r.s.Stop)
}

// TestStartBehindShutdown: nothing starts any more once everything has been
// stopped for the supervisor to end.
func TestStartBehindShutdown(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.deploy(script("worker-1", waitsToGo), sleeper("worker-2"))
	r.trapped("worker-1")
	answer := make(chan error, 1)
	go func(s *Supervisor) {
		r.await("worker-1", "stopping", func(n NodeStatus) bool { return n.State == "stopping" })
		time.AfterFunc(100*time.Millisecond, r.goes("worker-1")) // when somebody waits behind it
		_, err := s.Start(soon(t, patience), nil)
		answer <- err
	}(r.s)
	if _, err := r.s.Shutdown(soon(t, patience), false); err != nil {
		t.Error(err)
	}
	if err := <-answer; !errors.Is(err, ErrEnding) {
		t.Errorf("start behind the shutdown: %v", err)
	}
	if left := findAll(baseDirEnv + "=" + string(r.dirs)); len(left) > 0 {
		t.Errorf("still runs: %+v", left)
	}
	r.close()
}

// TestAbandonedDeploy: whoever goes away does not read what is still being written.
func TestAbandonedDeploy(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 20 {
		if _, err := r.s.Deploy(ctx, clusterOf(sleeper("worker-1")), DeployOptions{}); !errors.Is(err, context.Canceled) && err != nil {
			t.Error(err)
		}
	}
}

// TestStopIsSaved: what somebody was told is so is so for the next supervisor.
func TestStopIsSaved(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.deploy(sleeper("worker-1"))
	r.do(r.s.Stop, "worker-1")
	if state, err := loadState(r.dirs); err != nil || state.Nodes[0].Up {
		t.Errorf("%+v, %v", state.Nodes, err)
	}
	r.do(r.s.Start, "worker-1")
	if state, err := loadState(r.dirs); err != nil || !state.Nodes[0].Up {
		t.Errorf("%+v, %v", state.Nodes, err)
	}
}

// TestLeftoversOfThePast: what a process has left behind ends with the next
// supervisor, whether its predecessor was still busy with that or never saw it.
func TestLeftoversOfThePast(t *testing.T) {
	t.Parallel()
	const stubborn = `sh -c 'trap "" TERM; echo $$ > child; while :; do sleep 0.01; done' & exec sleep 1000`
	t.Run("stop interrupted", func(t *testing.T) {
		t.Parallel()
		r := newRig(t)
		s := script("worker-1", stubborn)
		s.StopTimeout = 5 * time.Second // in which the supervisor ends
		r.deploy(s)
		child := r.child("worker-1")
		if result, err := r.s.Stop(soon(t, 50*time.Millisecond), []string{"worker-1"}); err != nil || !result.TimedOut {
			t.Fatalf("%+v, %v", result, err)
		}
		r.terminate()
		if !alive(child) {
			t.Fatal("the child has ended too soon")
		}
		r.open()
		waitFor(t, func() bool { return !alive(child) })
	})
	t.Run("died meanwhile", func(t *testing.T) {
		t.Parallel()
		r := newRig(t)
		s := script("worker-1", stubborn)
		s.StopTimeout = 50 * time.Millisecond
		r.deploy(s)
		child, pid := r.child("worker-1"), r.status("worker-1").PID
		r.shutdown(true)
		unix.Kill(pid, unix.SIGKILL)
		waitFor(t, func() bool { return !alive(pid) })
		r.open()
		r.await("worker-1", "started again", isReady)
		waitFor(t, func() bool { return !alive(child) })
	})
}

// TestOtherGroup: a crash leaves nothing of a node, not even what had a process
// group of its own.
func TestOtherGroup(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.deploy(script("worker-1", `exec bash -c 'set -m; sleep 1003 & [ -e child ] || echo $! > child; exec sleep 1000'`))
	child := r.child("worker-1")
	if group, err := unix.Getpgid(child); err != nil || group != child {
		t.Fatalf("group %d, %v: not its own", group, err)
	}
	r.kill("worker-1")
	waitFor(t, func() bool { return !alive(child) })
}

// TestOutputIsPipe: a named pipe in place of an output file is an error of the
// node, and nobody waits for it.
func TestOutputIsPipe(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.deploy(sleeper("worker-1"), sleeper("worker-2"))
	r.do(r.s.Stop, "worker-1")
	out := r.dirs.Stdout("worker-1")
	if err := errors.Join(os.Remove(out), unix.Mkfifo(out, 0o600)); err != nil {
		t.Fatal(err)
	}
	result, err := r.s.Start(soon(t, patience), []string{"worker-1"})
	if err != nil || len(result.Nodes) != 1 || result.Nodes[0].State != "backoff" || !strings.Contains(result.Nodes[0].Message, out) {
		t.Errorf("%+v, %v", result, err)
	}
	r.do(r.s.Stop, "worker-2")
}

// TestErrorsIsPipe: the last words of a node are not waited for.
func TestErrorsIsPipe(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	file := r.dirs.Stderr("worker-1")
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), unix.Mkfifo(file, 0o600)); err != nil {
		t.Fatal(err)
	}
	reader, err := os.OpenFile(file, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	result, err := r.s.Deploy(soon(t, patience), clusterOf(dying("worker-1", "echo oops >&2; exit 3")), DeployOptions{})
	if err != nil || result.TimedOut || result.Nodes[0].State != "backoff" {
		t.Errorf("%+v, %v", result, err)
	}
}

// TestHangingJournal: looking waits for nothing and nobody.
func TestHangingJournal(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.deploy(sleeper("worker-1"))
	r.shutdown(true)
	file := r.dirs.Events()
	if err := errors.Join(os.Remove(file), unix.Mkfifo(file, 0o600)); err != nil {
		t.Fatal(err)
	}
	r.open()
	written := make(chan struct{})
	go func() { // more than a pipe holds
		defer close(written)
		for range 200 {
			r.s.event("%s", strings.Repeat("x", 1000))
		}
	}()
	select {
	case <-written:
		t.Error("the journal does not hang")
	case <-time.After(100 * time.Millisecond):
	}
	looked := make(chan error, 1)
	go func() { _, err := r.s.Status(nil); looked <- err }()
	select {
	case err := <-looked:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(patience):
		t.Error("status waits for the journal")
	}
	pipe, err := os.OpenFile(file, os.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	go func() {
		for _, err := pipe.Read(make([]byte, 1<<16)); err == nil; _, err = pipe.Read(make([]byte, 1<<16)) {
		}
	}()
	<-written
	r.shutdown(false)
}

// TestStaleFiles: what a predecessor that was killed has left in the place of a
// node that does not run is not taken for true, nor left.
func TestStaleFiles(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.deploy(sleeper("worker-1"), sleeper("worker-2"))
	r.do(r.s.Stop, "worker-1")
	r.shutdown(true)
	pid := filepath.Join(r.dirs.Node("worker-1"), pidFile)
	socket, gone := r.dirs.notifySocket("worker-1"), r.dirs.notifySocket("worker-9")
	for _, file := range []string{pid, socket, gone} {
		if err := os.WriteFile(file, []byte("1\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r.open()
	for _, file := range []string{pid, socket, gone} {
		if _, err := os.Lstat(file); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is left: %v", file, err)
		}
	}
	if n := r.status("worker-1"); n.State != "stopped" || n.PID != 0 {
		t.Errorf("%+v", n)
	}
}

// TestFlood: a node that never stops talking is heard, and keeps neither the
// supervisor nor whoever wants to stop it busy.
func TestFlood(t *testing.T) {
	t.Parallel()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 to talk without end")
	}
	r := newRig(t)
	s := script("worker-1", "exec "+python+` -c '
import os, socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect(os.environ["NOTIFY_SOCKET"])
n = 0
while True:
    n += 1
    s.send(b"READY=1\nSTATUS=%d" % n)
'`)
	s.NotifyOnly = true
	r.deploy(s)
	first := r.status("worker-1").Message
	r.await("worker-1", "heard again", func(n NodeStatus) bool { return n.Message != first })
	begin, before := time.Now(), r.saidNumber()
	const watched = 1500 * time.Millisecond
	time.Sleep(watched)
	if heard, took := r.saidNumber()-before, time.Since(begin); heard > int(took/time.Second+2)*2000 {
		t.Errorf("%d messages in %v", heard, took)
	}
	r.do(r.s.Stop, "worker-1")
}

// saidNumber is the number in what worker-1 says of itself.
func (r *rig) saidNumber() int {
	r.t.Helper()
	n, err := strconv.Atoi(r.status("worker-1").Message)
	if err != nil {
		r.t.Error(err)
	}
	return n
}

// TestGoOn: a step that fails keeps the others from nothing; the end of everything
// does.
func TestGoOn(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stuck := errors.New("stuck")
	var taken []int
	step := func(n int, err error) func() error {
		return func() error { taken = append(taken, n); return err }
	}
	if err := goOn(ctx, step(1, nil), step(2, stuck), step(3, nil)); !errors.Is(err, stuck) || len(taken) != 3 {
		t.Errorf("steps %v, %v", taken, err)
	}
	taken = nil
	end := func() error { cancel(); return context.Canceled }
	if err := goOn(ctx, step(1, nil), end, step(3, nil)); !errors.Is(err, context.Canceled) || len(taken) != 1 {
		t.Errorf("steps %v, %v", taken, err)
	}
}
