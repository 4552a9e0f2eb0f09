package supervisor

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"zctl/supervisor/crash"
)

// crashes waits until a node has that many crashes, and returns them whole, the newest
// first.
func (r *rig) crashes(node string, count int) []crash.Bundle {
	r.t.Helper()
	var all []crash.Bundle
	waitFor(r.t, func() bool {
		reports, err := crash.List(r.dirs.Crashes(), node)
		if err != nil {
			r.t.Fatal(err)
		}
		all = nil
		for _, report := range reports {
			b, err := crash.Read(r.dirs.Crashes(), report.Name)
			if err != nil {
				return false // replaced just now
			}
			all = append(all, b)
		}
		return len(all) >= count
	})
	return all
}

// TestCrash: what is kept of a node that was killed, and of nothing else.
func TestCrash(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.deploy(script("worker-1", `echo said; echo complained >&2; exec sleep 1000`), sleeper("worker-2"))
	r.status("worker-1")
	waitFile(t, r.dirs.Stderr("worker-1")) // it is ready by the clock, and may have said nothing yet
	before := r.kill("worker-1").PID
	b := r.crashes("worker-1", 1)[0]
	if b.Signal == nil || *b.Signal != int(unix.SIGKILL) || b.Code != nil || !b.WasReady || b.Zctl != "test" || b.Generation == "" {
		t.Errorf("%+v", b.Report)
	}
	if b.Files["stdout.log"] != "said\n" || b.Files["stderr.log"] != "complained\n" || !strings.Contains(b.Files["env_vars"], "CLUSTER_NODE=worker-1\n") {
		t.Errorf("files: %q", b.Files)
	}
	if b.Usage == nil || b.Usage.MaxRSSBytes == 0 || len(b.RSS) == 0 || b.Argv[0] != "/bin/sh" {
		t.Errorf("usage %+v, memory %v, argv %q", b.Usage, b.RSS, b.Argv)
	}
	r.do(r.s.Restart, "worker-1")
	r.do(r.s.Stop, "worker-2")
	if r.status("worker-1").PID == before {
		t.Error("not restarted")
	}
	r.shutdown(false)
	r.open()
	if all := r.crashes("", 1); len(all) != 1 {
		t.Errorf("who was told to end has crashed: %+v", all[0].Report)
	}
}

// TestCrashWhenStopping: who ends badly, or has to be killed, has crashed as well.
func TestCrashWhenStopping(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.deploy(script("worker-1", `trap 'exit 3' TERM; echo trapped; while :; do sleep 0.01; done`))
	r.trapped("worker-1")
	r.do(r.s.Stop, "worker-1")
	if b := r.crashes("worker-1", 1)[0]; b.Code == nil || *b.Code != 3 || !strings.Contains(b.Cause, "when it was told to end") {
		t.Errorf("%+v", b.Report)
	}
}

// TestCrashUnseen: a node that died while no supervisor ran has crashed, too.
func TestCrashUnseen(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.deploy(script("worker-1", `echo last words >&2; exec sleep 1000`))
	waitFile(t, r.dirs.Stderr("worker-1"))
	pid := r.status("worker-1").PID
	r.shutdown(true)
	unix.Kill(pid, unix.SIGKILL)
	waitFor(t, func() bool { return !alive(pid) })
	r.open()
	b := r.crashes("worker-1", 1)[0]
	if b.Cause != diedUnseen || b.PID != pid || b.Code != nil || b.Signal != nil || b.Files["stderr.log"] != "last words\n" || b.Generation == "" {
		t.Errorf("%+v, %q", b.Report, b.Files)
	}
}

// TestCrashOfZeek: the status and the version of Zeek, and its own logs.
func TestCrashOfZeek(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	z := zeekNode(t, "worker-1", "ready=10ms;crash=200ms;signal=SEGV;stderr=oh no")
	z.Joins = []string{"zeek 8.1.2"}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if _, err := r.s.Deploy(ctx, zeekCluster(z), DeployOptions{}); err != nil {
		t.Fatal(err)
	}
	all := r.crashes("worker-1", 2) // the first and the last one of a series
	b := all[len(all)-1]
	if b.Status != "RUNNING [run_loop]" || b.Zeek != "8.1.2" || b.Signal == nil || *b.Signal != int(unix.SIGSEGV) || b.Files["stderr.log"] != "oh no\n" {
		t.Errorf("%+v %q", b.Report, b.Files)
	}
	if b.Core == "" && len(b.Notes) == 0 {
		t.Error("neither a core nor a word why there is none")
	}
	if last := all[0]; last.Series.Number < 2 || last.Series.First != b.Name {
		t.Errorf("series: %+v", last.Series)
	}
}

// TestKeepNoCrashes: nothing is kept if nothing is to be.
func TestKeepNoCrashes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	d := clusterOf(sleeper("worker-1"))
	d.KeepCrashes = new(int)
	r.deployAny(d)
	r.kill("worker-1")
	r.shutdown(false)
	if all, err := crash.List(r.dirs.Crashes(), ""); len(all) > 0 || err != nil {
		t.Errorf("%v, %v", all, err)
	}
	r.open()
}

// TestCrashCore: a core that the kernel really wrote is kept, with a backtrace if
// there is a debugger.
func TestCrashCore(t *testing.T) {
	t.Parallel()
	pattern, _ := os.ReadFile("/proc/sys/kernel/core_pattern")
	if p := string(pattern); p == "" || strings.ContainsAny(p[:1], "|/\n") {
		t.Skipf("cores of this host go to %q", p)
	}
	r := newRig(t)
	r.deploy(script("worker-1", `ulimit -c unlimited || echo no; exec sleep 1000`))
	if out, _ := os.ReadFile(r.dirs.Stdout("worker-1")); len(out) > 0 {
		t.Skip("processes may not leave cores here")
	}
	pid := r.status("worker-1").PID
	unix.Kill(pid, unix.SIGSEGV)
	b := r.crashes("worker-1", 1)[0]
	if b.PID != pid || !b.CoreDumped || b.Core != "core" {
		t.Fatalf("%+v", b.Report)
	}
	if left, _ := filepath.Glob(filepath.Join(r.dirs.Node("worker-1"), "*core*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if _, err := exec.LookPath("gdb"); err != nil {
		t.Skip("no gdb")
	}
	waitFor(t, func() bool { return strings.Contains(r.crashes("worker-1", 1)[0].Files["backtrace.txt"], "#0") })
}
