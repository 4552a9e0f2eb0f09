package supervisor

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// roll deploys step by step, however that ends.
func (r *rig) roll(o DeployOptions, specs ...Spec) Result {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	o.Rolling = true
	result, err := r.s.Deploy(ctx, withLayout("of the roll-out", specs), o)
	if err != nil || result.TimedOut {
		r.t.Fatalf("roll-out: %+v, %v", result, err)
	}
	return result
}

func withLayout(text string, specs []Spec) Deployment {
	d := clusterOf(specs...)
	d.Files = map[string]string{"cluster-layout.zeek": "# " + text + "\n"}
	return d
}

// version is a node with other arguments than all its other versions.
func version(name string, n int) Spec {
	s := sleeper(name)
	s.Argv[2] = "exec sleep " + itoa(1000+n)
	return s
}

func versions(n int, nodes ...string) []Spec {
	var all []Spec
	for _, name := range nodes {
		all = append(all, version(name, n))
	}
	return all
}

// layout is what a node finds in its work directory.
func (r *rig) layout(node string) string {
	text, _ := os.ReadFile(filepath.Join(r.dirs.Node(node), "cluster-layout.zeek"))
	return strings.TrimPrefix(strings.TrimSpace(string(text)), "# ")
}

// starts is the nodes in the order in which the journal says they were started.
func (r *rig) starts() []string {
	var all []string
	for _, e := range r.journal() {
		if e.To == "running" {
			all = append(all, e.Node)
		}
	}
	return all
}

// TestRolling: nodes are replaced one after the other, in the order of the plan, and
// each finds the new layout; those that stay get it while they run.
func TestRolling(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	nodes := []string{"manager", "logger-1", "proxy-1", "worker-1", "worker-2", "worker-3"}
	r.deploy(versions(1, nodes...)...)
	before, begun := r.pids(), len(r.starts())
	want := versions(2, nodes...)
	want[1] = version("logger-1", 1)
	result := r.roll(DeployOptions{Canary: []string{"worker-2"}}, want...)
	if result.Rolling != nil || slices.ContainsFunc(result.Nodes, func(n NodeResult) bool { return !n.OK }) {
		t.Errorf("%+v", result)
	}
	if got := strings.Join(r.starts()[begun:], " "); got != "worker-2 worker-1 worker-3 proxy-1 manager" {
		t.Errorf("started %s", got)
	}
	if got := inSteps(result.Changes); got != "1 worker-2 | 2 =logger-1 worker-1 | 3 worker-3 | 4 proxy-1 | 5 manager" {
		t.Errorf("plan %s", got)
	}
	for _, name := range nodes {
		if r.layout(name) != "of the roll-out" {
			t.Errorf("layout of %s: %s", name, r.layout(name))
		}
	}
	if now := r.pids(); now["logger-1"] != before["logger-1"] {
		t.Error("the logger was restarted")
	}
	if status, _ := r.s.Status(nil); status.Supervisor.Rolling != nil || status.Nodes[0].Name != "manager" || status.Nodes[5].Name != "worker-3" {
		t.Errorf("%+v", status)
	}
}

// TestRollingStops: when a node does not come up nobody else is touched; those that
// were not reached keep what they were deployed with, whoever dies, and the next
// deploy goes on or back.
func TestRollingStops(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	nodes := []string{"manager", "worker-1", "worker-2", "worker-3", "worker-4"}
	r.deployAny(withLayout("old", append(versions(1, nodes...), version("worker-9", 1))))
	before := r.pids()
	want := versions(2, nodes...)
	want[2] = dying("worker-2", "echo no such script >&2; exit 3")
	result := r.roll(DeployOptions{}, append(want, version("worker-5", 2))...)
	stop := result.Rolling
	if stop == nil || !strings.HasPrefix(stop.Stopped, "worker-2 did not stay up: exited with code 3 after ") || !strings.Contains(stop.Stopped, "stderr: no such script") {
		t.Fatalf("%+v", stop)
	}
	if got := strings.Join(stop.New, " ") + "|" + strings.Join(stop.Old, " ") + "|" + strings.Join(stop.Failed, " "); got != "worker-5 worker-1 worker-2|worker-3 worker-4 manager worker-9|worker-2" {
		t.Errorf("new, old, failed: %s", got)
	}
	if !strings.HasPrefix(stop.String(), "the roll-out of generation "+short(result.Generation)+" stopped at step 3 of 7: worker-2 did") {
		t.Error(stop.String())
	}
	untouched := func(when string) {
		t.Helper()
		for _, name := range []string{"manager", "worker-3", "worker-4", "worker-9"} {
			n := r.status(name)
			if n.State != "ready" || r.layout(name) != "old" || n.Message != "" {
				t.Errorf("%s, %s: %s, layout %s, %s", when, name, n.State, r.layout(name), n.Message)
			}
			if when == "stopped" && n.PID != before[name] {
				t.Errorf("%s was restarted", name)
			}
		}
	}
	untouched("stopped")
	old := r.status("worker-3").Generation
	r.kill("worker-3")
	os.WriteFile(filepath.Join(r.dirs.Node("worker-4"), "cluster-layout.zeek"), []byte("damaged"), 0o644)
	r.kill("worker-4")
	untouched("killed")
	r.do(r.s.Restart, "worker-9")
	untouched("restarted")
	r.shutdown(true)
	killed := r.savedPID("worker-3")
	unix.Kill(killed, unix.SIGKILL)
	waitFor(t, func() bool { return !alive(killed) })
	r.open()
	r.await("worker-3", "started again", func(n NodeStatus) bool { return isReady(n) && n.PID != killed })
	untouched("taken over")
	if now := r.status("worker-3"); now.Generation != old {
		t.Errorf("generation of worker-3: %s, want %s", now.Generation, old)
	}
	status, _ := r.s.Status(nil)
	if got := status.Supervisor.Rolling; got == nil || got.Stopped != stop.Stopped {
		t.Errorf("after a takeover: %+v", got)
	}
	r.do(r.s.Stop, "worker-2") // it may just run, or not
	result = r.roll(DeployOptions{MaxUnavailable: 9}, versions(2, nodes...)...)
	if result.Rolling != nil || inSteps(result.Changes) != "1 =worker-1 +worker-2 | 2 worker-3 worker-4 | 3 manager | 4 -worker-5 -worker-9" {
		t.Errorf("%s: %+v", inSteps(result.Changes), result.Rolling)
	}
}

// savedPID is the pid of a node while no supervisor runs.
func (r *rig) savedPID(node string) int {
	state, err := loadState(r.dirs)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, n := range state.Nodes {
		if n.Spec.Name == node && n.Process != nil {
			return n.Process.PID
		}
	}
	r.t.Fatalf("no process of %s", node)
	return 0
}

// TestRollingObserves: a node that is ready and dies soon stops the roll-out, and so
// does one that takes too long to become ready.
func TestRollingObserves(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		spec Spec
		o    DeployOptions
		why  string
	}{
		"dies": {script("worker-1", "sleep 0.2; echo gone >&2; exit 4"), DeployOptions{Observe: patience}, "worker-1 did not stay up: exited with code 4"},
		"slow": {func() Spec { s := sleeper("worker-1"); s.NotifyOnly = true; return s }(), DeployOptions{ReadyWithin: 50 * time.Millisecond}, "worker-1 is not ready after 50ms, but running"},
		"none": {func() Spec { s := sleeper("worker-1"); s.Argv = []string{"/no/such"}; return s }(), DeployOptions{}, "worker-1 did not stay up: cannot run /no/such"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.deploy(version("worker-1", 1), version("worker-2", 1))
			result := r.roll(test.o, test.spec, version("worker-2", 2))
			if result.Rolling == nil || !strings.HasPrefix(result.Rolling.Stopped, test.why) {
				t.Errorf("%+v", result.Rolling)
			}
			if n := r.status("worker-2"); n.Restarts != 0 || !isReady(n) {
				t.Errorf("%+v", n)
			}
		})
	}
}

// TestRollingMeanwhile: while a roll-out waits, others may do something about nodes;
// one that somebody stops stays so; and another deploy ends it.
func TestRollingMeanwhile(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.deploy(version("worker-1", 1), version("worker-2", 1), version("worker-3", 1))
	slow := sleeper("worker-1")
	slow.NotifyOnly = true
	rolled := make(chan Result, 1)
	go func() { rolled <- r.roll(DeployOptions{}, slow, version("worker-2", 2), version("worker-3", 2)) }()
	at := func(step int) func(NodeStatus) bool {
		return func(NodeStatus) bool {
			s, _ := r.s.Status(nil)
			return s.Supervisor.Rolling != nil && s.Supervisor.Rolling.Step == step
		}
	}
	r.await("worker-1", "being replaced", at(1))
	r.do(r.s.Stop, "worker-2")
	r.do(r.s.Stop, "worker-1") // and nobody waits for it any more
	result := <-rolled
	if result.Rolling != nil || r.status("worker-2").State != "stopped" || r.status("worker-1").State != "stopped" {
		t.Errorf("%+v", result)
	}
	if changes := r.deploy(version("worker-1", 2), version("worker-2", 2), version("worker-3", 2)); inSteps(changes) != " +worker-1 +worker-2 =worker-3" {
		t.Error(inSteps(changes))
	}

	go func() { rolled <- r.roll(DeployOptions{}, slow, version("worker-2", 3), version("worker-3", 3)) }()
	r.await("worker-1", "being replaced", at(1))
	r.deploy(version("worker-1", 4), version("worker-2", 4), version("worker-3", 4))
	if result := <-rolled; result.Rolling == nil || result.Rolling.Stopped != "another deploy followed" || strings.Join(result.Rolling.Old, " ") != "worker-2 worker-3" {
		t.Errorf("%+v", result.Rolling)
	}
	if s, _ := r.s.Status(nil); s.Supervisor.Rolling != nil {
		t.Errorf("%+v", s.Supervisor.Rolling)
	}
}

// TestRollingWithoutCaller: a roll-out goes on without whoever asked for it, and stops
// with the supervisor; the next one says so and does not go on by itself.
func TestRollingWithoutCaller(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.deploy(version("worker-1", 1), version("worker-2", 1), version("worker-3", 1))
	stuck := sleeper("worker-2")
	stuck.NotifyOnly = true
	ctx, cancel := context.WithCancel(t.Context())
	stop := r.s.Listen(func(e Event) {
		if e.Step == 1 {
			cancel()
		}
	})
	r.s.Deploy(ctx, clusterOf(version("worker-1", 2), stuck, version("worker-3", 2)), DeployOptions{Rolling: true})
	stop()
	r.await("worker-2", "replaced", func(n NodeStatus) bool {
		s, _ := r.s.Status(nil)
		return s.Supervisor.Rolling.Step == 2 && n.State == "running"
	})
	before := r.pids()
	r.shutdown(true)
	r.open()
	s, _ := r.s.Status(nil)
	rolling := s.Supervisor.Rolling
	if rolling == nil || rolling.Stopped == "" || strings.Join(rolling.Old, " ") != "worker-3" || strings.Join(rolling.New, " ") != "worker-1 worker-2" {
		t.Errorf("%+v", rolling)
	}
	if now := r.pids(); !equal(now, before) {
		t.Errorf("pids %v, were %v", now, before)
	}
	// Before what is new has come up nobody else is replaced.
	again := r.roll(DeployOptions{ReadyWithin: 20 * time.Millisecond}, version("worker-1", 2), stuck, version("worker-3", 2))
	if again.Rolling == nil || again.Rolling.Step != 0 || again.Rolling.Stopped != "worker-2 is not ready after 20ms, but running" {
		t.Errorf("%+v", again.Rolling)
	}
	if now := r.pids(); !equal(now, before) {
		t.Errorf("pids %v, were %v", now, before)
	}
	if changes := r.deploy(version("worker-1", 2), version("worker-2", 2), version("worker-3", 2)); inSteps(changes) != " =worker-1 worker-2 worker-3" {
		t.Error(inSteps(changes))
	}
}
