package supervisor

import (
	"context"
	"errors"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// shopWindow is an Exposer that notes what it is told, and can be told to fail.
type shopWindow struct {
	mu    sync.Mutex // guards what follows
	now   *Metrics
	fails error
}

func (w *shopWindow) Expose(_ *Supervisor, m *Metrics) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fails != nil && m != nil {
		return w.fails
	}
	w.now = m
	return nil
}

func (w *shopWindow) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fails = err
}

func (w *shopWindow) at() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.now == nil {
		return ""
	}
	return w.now.Listen
}

// withMetrics is a deployment that is to be exposed there.
func withMetrics(listen string, specs ...Spec) Deployment {
	d := clusterOf(specs...)
	d.Metrics = &Metrics{Listen: listen}
	return d
}

// What is deployed decides where numbers are served; a deploy that cannot have its port
// changes nothing.
func TestExpose(t *testing.T) {
	t.Parallel()
	w := &shopWindow{}
	r := newRigWith(t, Options{Exposer: w})
	want := func(what, at string) {
		t.Helper()
		s, err := r.s.Status(nil)
		if err != nil || s.Supervisor.Metrics != at || w.at() != at || s.Supervisor.Message != "" {
			t.Errorf("%s: served at %q, status says %q (%s), want %q; %v", what, w.at(), s.Supervisor.Metrics, s.Supervisor.Message, at, err)
		}
	}
	r.deploy(sleeper("worker-1"))
	want("nothing said", "")
	r.deployAny(withMetrics("127.0.0.1:9990", sleeper("worker-1")))
	want("deployed", "127.0.0.1:9990")
	w.fail(errors.New("somebody else has it"))
	_, err := r.s.Deploy(t.Context(), withMetrics("127.0.0.1:9991", sleeper("worker-1"), sleeper("worker-2")), DeployOptions{})
	var invalid *InvalidError
	if !errors.As(err, &invalid) || err.Error() != "somebody else has it" {
		t.Errorf("got %v", err)
	}
	want("refused", "127.0.0.1:9990")
	if s, _ := r.s.Status(nil); len(s.Nodes) != 1 {
		t.Errorf("the refused deploy has changed something: %+v", s.Nodes)
	}
	w.fail(nil)
	for _, bad := range []string{"", "9990", "localhost:9990", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:99999"} {
		if _, err := r.s.Deploy(t.Context(), withMetrics(bad, sleeper("worker-1")), DeployOptions{}); !errors.As(err, &invalid) {
			t.Errorf("%q: got %v", bad, err)
		}
	}
	r.terminate()
	if at := w.at(); at != "" {
		t.Errorf("served at %s when nobody is there any more", at)
	}
	r.open() // for the end of what runs
}

// A supervisor that comes back serves again what was; if it cannot, it supervises all the
// same, says so, and tries again.
func TestExposeAfterTakeover(t *testing.T) {
	t.Parallel()
	w := &shopWindow{}
	r := newRigWith(t, Options{Exposer: w})
	r.deployAny(withMetrics("127.0.0.1:9990", sleeper("worker-1")))
	r.terminate()
	w.fail(errors.New("somebody else has it"))
	r.openWith(Options{Exposer: w})
	s, err := r.s.Status(nil)
	if err != nil || s.Supervisor.Message != "somebody else has it" || s.Supervisor.Metrics != "" {
		t.Errorf("got %+v, %v", s.Supervisor, err)
	}
	r.await("worker-1", "ready", isReady)
	w.fail(nil)
	r.await("worker-1", "there, and the numbers served", func(NodeStatus) bool { return w.at() == "127.0.0.1:9990" })
	if s, _ := r.s.Status(nil); s.Supervisor.Message != "" || s.Supervisor.Metrics != "127.0.0.1:9990" {
		t.Errorf("got %+v", s.Supervisor)
	}
}

// At boot nodes do not wait for an address that is not there yet.
func TestExposeLater(t *testing.T) {
	t.Parallel()
	w := &shopWindow{fails: errors.New("no such address")}
	r := newRigWith(t, Options{Exposer: w})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, err := r.s.Deploy(ctx, withMetrics("127.0.0.1:9990", sleeper("worker-1")), DeployOptions{MetricsLater: true}); err != nil {
		t.Fatal(err)
	}
	r.await("worker-1", "ready", isReady)
	if s, _ := r.s.Status(nil); s.Supervisor.Message != "no such address" {
		t.Errorf("got %+v", s.Supervisor)
	}
	w.fail(nil)
	r.await("worker-1", "there, and the numbers served", func(NodeStatus) bool { return w.at() == "127.0.0.1:9990" })
}

func TestMetricsTargets(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	one, two, none := sleeper("worker-1"), sleeper("worker-2"), sleeper("worker-3")
	one.Address, one.MetricsPort = "127.0.0.1", 9991
	two.Address, two.MetricsPort = "::1", 9992
	for address, want := range map[string][2]string{
		"":          {"127.0.0.1:9991", "[::1]:9992"},
		"0.0.0.0":   {"127.0.0.1:9991", "127.0.0.1:9992"},
		"::":        {"[::1]:9991", "[::1]:9992"},
		"127.0.0.7": {"127.0.0.7:9991", "127.0.0.7:9992"},
	} {
		d := clusterOf(one, two, none)
		d.MetricsAddress = address
		r.deployAny(d)
		got := r.s.MetricsTargets()
		if len(got) != 2 || got[0] != (MetricsTarget{"worker-1", got[0].Address}) || got[0].Address.String() != want[0] || got[1].Address.String() != want[1] {
			t.Errorf("%q: got %v, want %v", address, got, want)
		}
		if at := r.status("worker-2").MetricsAt; at != want[1] {
			t.Errorf("status says %s, want %s", at, want[1])
		}
	}
	r.do(r.s.Stop, "worker-1")
	if got := r.s.MetricsTargets(); len(got) != 1 || got[0].Node != "worker-2" {
		t.Errorf("with worker-1 stopped: %v", got)
	}
}

// Ends are counted by their cause, also those that only the next supervisor hears of.
func TestExits(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	stubborn := script("worker-2", "trap '' TERM; echo trapped; while :; do sleep 0.05; done")
	stubborn.StopTimeout = 1
	r.deployAny(clusterOf(sleeper("worker-1"), stubborn, dying("worker-3", "exit 3"), script("worker-4", "sleep 0.1"), dying("worker-5", "kill -SEGV $$")))
	want := func(name, cause string, atLeast uint64) {
		t.Helper()
		r.await(name, "counted as "+cause, func(n NodeStatus) bool { return n.Exits[cause] >= atLeast })
	}
	r.kill("worker-1")
	want("worker-1", "SIGKILL", 1)
	r.do(r.s.Restart, "worker-1")
	want("worker-1", ExitStopped, 1)
	r.trapped("worker-2")
	r.do(r.s.Stop, "worker-2")
	want("worker-2", ExitStopTimeout, 1)
	want("worker-3", ExitError, 1)
	want("worker-4", ExitDone, 1)
	want("worker-5", "SIGSEGV", 1)
	pid := r.status("worker-1").PID
	r.terminate()
	if err := unix.Kill(pid, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return !alive(pid) }) // else the next supervisor sees how it ends
	r.open()
	got := r.await("worker-1", "counted", func(n NodeStatus) bool { return n.Exits[ExitUnknown] == 1 })
	if got.Exits["SIGKILL"] != 1 || got.Exits[ExitStopped] != 1 {
		t.Errorf("what was counted before is not remembered: %v", got.Exits)
	}
}

// How long a node took to be ready is known as long as its process runs, whoever
// supervises it.
func TestReadySeconds(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	slow := sleeper("worker-1")
	slow.ReadyAfter = 100e6
	r.deploy(slow)
	first := r.status("worker-1").ReadySeconds
	if first == nil || *first < 0.1 || *first > patience.Seconds() {
		t.Fatalf("got %v", first)
	}
	r.terminate()
	r.open()
	second := r.await("worker-1", "ready", isReady).ReadySeconds
	if second == nil || *second != *first {
		t.Errorf("the next supervisor says %v, not %v", second, *first)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, err := r.s.Stop(ctx, nil); err != nil {
		t.Fatal(err)
	}
	if n := r.status("worker-1"); n.ReadySeconds != nil || n.Wanted {
		t.Errorf("stopped, it still says %v, wanted %v", *n.ReadySeconds, n.Wanted)
	}
}
