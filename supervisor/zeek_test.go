package supervisor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"zctl/layoutgen"
	"zctl/layoutgen/zeek/zeektest"
)

func TestMain(m *testing.M) {
	zeektest.Hook(zeektest.Options{})
	os.Exit(m.Run())
}

// zeekNode is the spec of a node that is the stand-in for Zeek, with settings of
// package zeektest.
func zeekNode(t *testing.T, name, settings string) Spec {
	t.Helper()
	zeek, err := zeektest.Install(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s := sleeper(name)
	s.Engine, s.ReadyBy = layoutgen.EngineZeek, ReadyByZeek
	s.Argv = []string{zeek, "-U", StatusFile, "./local.zeek", "policy/frameworks/cluster/backend/zeromq"}
	s.Env = map[string]string{"ZEEKTEST": settings}
	return s
}

// zeekCluster is a deployment with the files that Zeek reads.
func zeekCluster(specs ...Spec) Deployment {
	d := clusterOf(specs...)
	var text strings.Builder
	text.WriteString("redef Cluster::nodes = {\n")
	for _, s := range specs {
		fmt.Fprintf(&text, "\t[%q] = [$node_type=Cluster::%s, $ip=127.0.0.1, $p=0/tcp],\n", s.Name, strings.ToUpper(string(s.Type)))
	}
	text.WriteString("};\n")
	d.Files = map[string]string{"cluster-layout.zeek": text.String(), "local.zeek": "# nothing\n"}
	return d
}

// bystander is a witness that sees what a test makes it see.
type bystander struct {
	mu      sync.Mutex
	see     func(Sight)
	last    Sight
	watched []Bus
}

func (b *bystander) Watch(ctx context.Context, bus Bus, see func(Sight)) error {
	b.mu.Lock()
	b.watched = append(b.watched, bus)
	b.see = see
	see(b.last)
	b.mu.Unlock()
	<-ctx.Done()
	b.mu.Lock()
	b.see = nil
	b.mu.Unlock()
	return nil
}

func (b *bystander) show(s Sight) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last = s
	if b.see != nil {
		b.see(s)
	}
}

func (b *bystander) watching() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.see != nil
}

func nodeID(name string, pid int) string {
	return fmt.Sprintf("zeromq_%s_some_host_%d_Nabc", name, pid)
}

// inBackground deploys without waiting for what becomes of it.
func (r *rig) inBackground(d Deployment) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	done := make(chan error, 1)
	go func() { _, err := r.s.Deploy(ctx, d, DeployOptions{}); done <- err }()
	r.t.Cleanup(func() {
		if err := <-done; err != nil && ctx.Err() == nil && !errors.Is(err, ErrEnded) {
			r.t.Errorf("deploy: %v", err)
		}
		cancel()
	})
	waitFor(r.t, func() bool { return len(r.s.all()) == len(d.Nodes) })
}

// TestZeekReady: a Zeek is ready when it says so in its status file and has been
// seen on the bus; until then status says what is missing.
func TestZeekReady(t *testing.T) {
	t.Parallel()
	b := &bystander{}
	r := newRigWith(t, Options{Witness: b})
	d := zeekCluster(zeekNode(t, "worker-1", "hang=yes"), zeekNode(t, "worker_1", "ready=50ms"))
	d.Bus = &Bus{Endpoint: "tcp://127.0.0.1:1"}
	stale := filepath.Join(r.dirs.Node("worker-1"), StatusFile)
	os.MkdirAll(filepath.Dir(stale), 0o755)
	os.WriteFile(stale, []byte("RUNNING [run_loop]\n"), 0o644) // of an earlier process
	r.inBackground(d)

	n := r.await("worker-1", "initializing", func(n NodeStatus) bool { return n.Message == "initializing" })
	if n.State != "running" {
		t.Errorf("it initializes, and is %s", n.State)
	}
	n = r.await("worker_1", "waiting for the bus", func(n NodeStatus) bool { return n.Message == "not on the bus yet" })
	if n.State != "running" || n.Peers == nil || n.Peers.Up != 0 || n.Peers.Total != 1 {
		t.Errorf("before it is on the bus: %+v", n)
	}

	// Somebody else of that name is not it.
	b.show(Sight{IDs: []string{nodeID("worker_1", os.Getpid()), nodeID("worker", n.PID), "nonsense"}})
	if n := r.status("worker_1"); n.State != "running" {
		t.Errorf("ready for somebody else on the bus: %+v", n)
	}
	b.show(Sight{IDs: []string{nodeID("worker_1", n.PID)}})
	n = r.await("worker_1", "ready", isReady)
	if n.Message != "" {
		t.Errorf("ready, but %q", n.Message)
	}
	if n := r.status("worker-1"); n.Peers == nil || n.Peers.Up != 1 {
		t.Errorf("one is on the bus: %+v", n.Peers)
	}

	// It stays ready, but what has become of it is said.
	b.show(Sight{})
	if n := r.status("worker_1"); n.State != "ready" || n.Message != "has left the bus" {
		t.Errorf("it has left: %s %q", n.State, n.Message)
	}
	b.show(Sight{Problem: "connection refused"})
	if n := r.status("worker_1"); n.Message != "cannot see whether it is on the bus: connection refused" || n.Peers != nil {
		t.Errorf("without a broker: %+v", n)
	}
	r.do(r.s.Stop, "all")
	waitFor(t, func() bool { return !b.watching() }) // nobody is there to be seen
}

// TestZeekTakeOver: a supervisor that takes over reads again what its predecessor
// knew, and who became ready in between is ready.
func TestZeekTakeOver(t *testing.T) {
	t.Parallel()
	b := &bystander{}
	r := newRigWith(t, Options{Witness: b})
	d := zeekCluster(zeekNode(t, "worker-1", ""), zeekNode(t, "worker-2", "ready=300ms"), zeekNode(t, "worker-3", "hang=yes"))
	d.Bus = &Bus{Endpoint: "tcp://127.0.0.1:1"}
	r.inBackground(d)
	one := r.await("worker-1", "waiting for the bus", func(n NodeStatus) bool { return n.Message == "not on the bus yet" })
	b.show(Sight{IDs: []string{nodeID("worker-1", one.PID)}})
	r.await("worker-1", "ready", isReady)
	two := r.await("worker-2", "up", func(n NodeStatus) bool { return n.PID != 0 })
	r.shutdown(true)
	waitFor(t, func() bool { return isRunning(statusIn(filepath.Join(r.dirs.Node("worker-2"), StatusFile))) })
	b.show(Sight{IDs: []string{nodeID("worker-1", one.PID), nodeID("worker-2", two.PID)}})
	r.openWith(Options{Witness: b})
	if n := r.status("worker-1"); n.State != "ready" || n.PID != one.PID {
		t.Errorf("was ready: %+v", n)
	}
	if n := r.await("worker-2", "ready", isReady); n.PID != two.PID {
		t.Errorf("worker-2 was restarted")
	}
	if n := r.status("worker-3"); n.State != "running" || n.Message != "initializing" {
		t.Errorf("hangs: %s %q", n.State, n.Message)
	}
}

// TestZeekScriptError: with an error in its scripts a node fails at once, with
// Zeek's own words, and stays so until somebody starts it or changes it.
func TestZeekScriptError(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	bad := zeekNode(t, "worker-1", "error=syntax error, at or near \"}\"")
	result := r.deployAny(zeekCluster(bad, zeekNode(t, "worker-2", "")))
	if result.Nodes[0].OK || result.Nodes[0].State != "failed" || !result.Nodes[1].OK {
		t.Fatalf("deploy: %+v", result.Nodes)
	}
	const want = `error in ./local.zeek, line 3: syntax error, at or near "}"; zctl diag worker-1 tells more`
	n := r.status("worker-1")
	if n.State != "failed" || !strings.HasPrefix(n.Message, want) || n.Restarts != 0 || n.LastExit == nil || *n.LastExit.Code != 1 {
		t.Errorf("%+v", n)
	}
	if got := r.events("worker-1"); len(got) != 3 || got[2] != "running -> failed" {
		t.Errorf("events: %v", got)
	}

	r.shutdown(true) // nothing has changed for the next supervisor
	r.open()
	if n := r.status("worker-1"); n.State != "failed" || !strings.HasPrefix(n.Message, want) {
		t.Errorf("after a takeover: %+v", n)
	}
	if runs, _ := zeektest.Runs(filepath.Join(r.dirs.Node("worker-1"), "zeektest.jsonl")); len(runs) != 1 {
		t.Errorf("started %d times", len(runs))
	}

	good := bad
	good.Env = nil
	for _, n := range r.deployAny(zeekCluster(good, zeekNode(t, "worker-2", ""))).Nodes {
		if !n.OK {
			t.Errorf("repaired: %+v", n)
		}
	}
}

// TestZeekPassingTrouble: a port in use, or an interface that is missing, is no
// error of a script: the node is tried again.
func TestZeekPassingTrouble(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	bad := zeekNode(t, "worker-1", "")
	bad.Argv = append(bad.Argv, "-i", "eth99")
	result := r.deployAny(zeekCluster(bad))
	if result.Nodes[0].State != "backoff" || !strings.Contains(result.Nodes[0].Message, "problem with interface eth99") {
		t.Errorf("%+v", result.Nodes)
	}
	r.await("worker-1", "tried again", func(n NodeStatus) bool { return n.Restarts > 0 })
}

// TestZeekHangs: a ready node that says something else by now is shown to.
func TestZeekHangs(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, n := range r.deployAny(zeekCluster(zeekNode(t, "worker-1", ""))).Nodes {
		if !n.OK {
			t.Errorf("without a witness it is ready when RUNNING: %+v", n)
		}
	}
	status := filepath.Join(r.dirs.Node("worker-1"), StatusFile)
	os.WriteFile(status, []byte("TERMINATING [sig_handler]\n"), 0o644)
	r.await("worker-1", "seen to hang", func(n NodeStatus) bool { return n.Message == "zeek says TERMINATING [sig_handler]" })
}
