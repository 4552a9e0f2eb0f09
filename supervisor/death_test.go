package supervisor

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"zctl/supervisor/process"
)

// TestKillEach: each node in turn is killed and comes back at once, with its
// exit in the status; the others do not notice.
func TestKillEach(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	names := []string{"manager", "logger-1", "proxy-1", "worker-1"}
	var specs []Spec
	for _, name := range names {
		specs = append(specs, sleeper(name))
	}
	r.deploy(specs...)
	for _, name := range names {
		before := r.pids()
		n := r.kill(name)
		if n.Restarts != 1 || n.LastExit == nil || n.LastExit.Signal == nil || *n.LastExit.Signal != 9 || n.LastExit.Code != nil {
			t.Errorf("%s: %d restarts, last exit %+v", name, n.Restarts, n.LastExit)
		}
		delete(before, name)
		now := r.pids()
		delete(now, name)
		if !equal(now, before) {
			t.Errorf("%s killed: pids of the others %v, were %v", name, now, before)
		}
		want := []string{"stopped -> starting", "starting -> running", "running -> ready", "ready -> starting", "starting -> running", "running -> ready"}
		if got := r.events(name); !slices.Equal(got, want) {
			t.Errorf("%s: events %q", name, got)
		}
	}
}

// TestCrashLoop: a node that keeps dying waits ever longer, and status says why
// with its last words.
func TestCrashLoop(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	result := r.deployAny(clusterOf(sleeper("manager"), dying("worker-1", "echo one >&2; echo no such interface >&2; exit 3")))
	if len(result.Nodes) != 2 || !result.Nodes[0].OK || result.Nodes[1].OK {
		t.Errorf("deploy: %+v", result.Nodes)
	}
	n := r.await("worker-1", "in backoff with its last words", func(n NodeStatus) bool {
		return n.State == "backoff" && strings.Contains(n.Message, "stderr: one | no such interface")
	})
	if !strings.Contains(n.Message, "exited with code 3 after ") || !strings.Contains(n.Message, "next start in ") {
		t.Errorf("message %q", n.Message)
	}
	if n.LastExit == nil || n.LastExit.Code == nil || *n.LastExit.Code != 3 || n.PID != 0 {
		t.Errorf("%+v", n)
	}
	r.await("worker-1", "restarted twice", func(n NodeStatus) bool { return n.Restarts >= 2 && n.State == "backoff" })
	r.do(r.s.Stop, "worker-1")
	if got := r.status("worker-1"); got.State != "stopped" {
		t.Errorf("stopped in backoff: %+v", got)
	}
}

// TestGiveUp: with give_up_after a node that keeps dying is left alone.
func TestGiveUp(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	d := clusterOf(dying("worker-1", "exit 1"))
	d.GiveUpAfter = 1
	result := r.deployAny(d)
	if n := r.status("worker-1"); n.State != "failed" || !strings.Contains(n.Message, "gave up after 1 deaths in a row") || result.Nodes[0].OK {
		t.Errorf("%+v", n)
	}
	r.deployAny(clusterOf(sleeper("worker-1")))
	if n := r.status("worker-1"); n.State != "ready" {
		t.Errorf("mended: %+v", n)
	}
}

// TestCannotStart: a program that cannot be run is tried again, and the others
// run.
func TestCannotStart(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	bad := sleeper("worker-1")
	bad.Argv = []string{filepath.Join(string(r.dirs), "later")}
	r.deployAny(clusterOf(sleeper("manager"), bad))
	n := r.status("worker-1")
	if n.State != "backoff" || !strings.Contains(n.Message, "cannot run "+bad.Argv[0]+": no such file or directory") {
		t.Errorf("%+v", n)
	}
	if err := os.WriteFile(bad.Argv[0], []byte("#!/bin/sh\nexec sleep 1000\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	r.await("worker-1", "ready", isReady)
}

// TestIgnoresTerm: a node that ignores TERM is killed, all of it, after its
// stop_timeout.
func TestIgnoresTerm(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	s := script("worker-1", `trap '' TERM; sleep 1000 & echo $! > child; while :; do sleep 0.05; done`)
	s.StopTimeout = 100 * time.Millisecond
	r.deploy(s)
	child, _ := strconv.Atoi(strings.TrimSpace(waitFile(t, filepath.Join(r.dirs.Node("worker-1"), "child"))))
	pid := r.status("worker-1").PID
	r.do(r.s.Stop)
	if alive(pid) || alive(child) {
		t.Errorf("alive: node %v, child %v", alive(pid), alive(child))
	}
	if n := r.status("worker-1"); n.LastExit == nil || n.LastExit.Signal == nil || *n.LastExit.Signal != 9 {
		t.Errorf("last exit %+v", n.LastExit)
	}
}

// TestGrandchildren: stop leaves nothing behind: neither orphans that the node's
// first process does not wait for, nor such as have a process group of their
// own, nor such as ignore TERM.
func TestGrandchildren(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	s := script("worker-1", `
		(trap '' TERM; echo $$ > a; exec sleep 1001) &
		(sleep 1002 & exec sleep 1003) &
		set -m
		sleep 1004 &
		exec sleep 1000`)
	s.StopTimeout = 300 * time.Millisecond
	r.deploy(s)
	waitFile(t, filepath.Join(r.dirs.Node("worker-1"), "a"))
	proc, err := process.Adopt(r.s.find("worker-1").snapshot.Load().id)
	if err != nil {
		t.Fatal(err)
	}
	var members []process.Identity
	waitFor(t, func() bool {
		members, err = proc.Members()
		return err == nil && len(members) == 4
	})
	r.do(r.s.Stop, "worker-1")
	for _, m := range members {
		if m.Alive() {
			t.Errorf("process %d is left", m.PID)
		}
	}
}

// TestOrphansAfterCrash: when the node's first process dies, what it leaves
// behind is gone before its successor comes.
func TestOrphansAfterCrash(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.deploy(script("worker-1", `sleep 1001 & echo $! >> children; exec sleep 1000`))
	first := waitFile(t, filepath.Join(r.dirs.Node("worker-1"), "children"))
	r.kill("worker-1")
	waitFor(t, func() bool {
		text, _ := os.ReadFile(filepath.Join(r.dirs.Node("worker-1"), "children"))
		return len(text) > len(first)
	})
	if child, _ := strconv.Atoi(strings.TrimSpace(first)); alive(child) {
		t.Errorf("process %d is left", child)
	}
}
