package supervisor

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"zctl/layoutgen"
	"zctl/supervisor/process"
)

// rig is a supervisor with real processes, in a directory of its own.
type rig struct {
	t      *testing.T
	dirs   Dirs
	s      *Supervisor
	cancel context.CancelFunc
	ended  chan error
}

// patience is how long a test waits for what must happen.
const patience = time.Minute

// newRig makes a directory and opens a supervisor there. At the end of the test
// nothing may be left running.
func newRig(t *testing.T) *rig {
	t.Helper()
	return newRigWith(t, Options{})
}

func newRigWith(t *testing.T, o Options) *rig {
	t.Helper()
	dir, err := os.MkdirTemp("", "z") // short: sockets lie below it
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, dirs: Dirs(dir)}
	t.Cleanup(func() {
		if r.s != nil {
			r.shutdown(false)
		}
		for _, stray := range findAll(baseDirEnv + "=" + dir) {
			t.Errorf("left running: %v", stray.Argv)
			unix.Kill(-stray.ID.PID, unix.SIGKILL)
		}
		os.RemoveAll(dir)
		openCgroups(r.dirs, nil).Remove() // of supervisors that left nodes running
	})
	r.openWith(o)
	return r
}

func (r *rig) open() {
	r.t.Helper()
	r.openWith(Options{})
}

func (r *rig) openWith(o Options) {
	r.t.Helper()
	o.Dirs, o.Version = r.dirs, "test"
	s, err := Open(o)
	if err != nil {
		r.t.Fatal(err)
	}
	r.run(s)
}

func (r *rig) run(s *Supervisor) {
	ctx, cancel := context.WithCancel(context.Background())
	r.s, r.cancel, r.ended = s, cancel, make(chan error, 1)
	go func() { r.ended <- s.Run(ctx) }()
}

// shutdown ends the supervisor as zctl shutdown does.
func (r *rig) shutdown(keep bool) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if result, err := r.s.Shutdown(ctx, keep); err != nil || result.TimedOut {
		r.t.Errorf("shutdown: %+v, %v", result, err)
	}
	r.close()
}

// terminate ends the supervisor as a signal does.
func (r *rig) terminate() {
	r.cancel()
	r.close()
}

func (r *rig) close() {
	r.t.Helper()
	select {
	case err := <-r.ended:
		if err != nil {
			r.t.Errorf("run: %v", err)
		}
	case <-time.After(patience):
		r.t.Fatal("the supervisor does not end")
	}
	r.cancel()
	r.s.Close()
	r.s = nil
}

// dying is a node that ends before it could be ready, however slow the machine.
func dying(name, text string) Spec {
	s := script(name, text)
	s.ReadyAfter = patience
	return s
}

// script is the spec of a node that runs a shell script.
func script(name, script string) Spec {
	s := Spec{
		Name: name, Type: layoutgen.TypeWorker, Engine: layoutgen.EngineGo,
		Argv:       []string{"/bin/sh", "-c", script},
		ReadyAfter: 20 * time.Millisecond, StopTimeout: patience,
	}
	for _, t := range startOrder {
		if strings.HasPrefix(name, string(t)) {
			s.Type = t
		}
	}
	return s
}

// sleeper is a node that runs until it is told to end.
func sleeper(name string) Spec { return script(name, "exec sleep 1000") }

// cluster is a deployment of these nodes.
func clusterOf(specs ...Spec) Deployment {
	return Deployment{
		Cluster: "test", OnSupervisorExit: layoutgen.ExitKeep,
		Files: map[string]string{"cluster-layout.zeek": "# layout\n"},
		Nodes: specs,
	}
}

// deploy deploys and expects every node to become ready.
func (r *rig) deploy(specs ...Spec) []Change {
	r.t.Helper()
	result := r.deployAny(clusterOf(specs...))
	for _, n := range result.Nodes {
		if !n.OK {
			r.t.Errorf("deploy: %+v", n)
		}
	}
	return result.Changes
}

// deployAny deploys, however that ends.
func (r *rig) deployAny(d Deployment) Result {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	result, err := r.s.Deploy(ctx, d, DeployOptions{})
	if err != nil || result.TimedOut {
		r.t.Fatalf("deploy: %+v, %v", result, err)
	}
	return result
}

// do calls Start, Stop or Restart and expects it to succeed for every node.
func (r *rig) do(operation func(context.Context, []string) (Result, error), nodes ...string) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	result, err := operation(ctx, nodes)
	if err != nil || result.TimedOut || slices.ContainsFunc(result.Nodes, func(n NodeResult) bool { return !n.OK }) {
		r.t.Errorf("%v: %+v, %v", nodes, result, err)
	}
}

func (r *rig) status(name string) NodeStatus {
	r.t.Helper()
	s, err := r.s.Status([]string{name})
	if err != nil || len(s.Nodes) != 1 {
		r.t.Fatalf("status of %s: %+v, %v", name, s, err)
	}
	return s.Nodes[0]
}

// await waits until the status of a node is as it should be.
func (r *rig) await(name, what string, is func(NodeStatus) bool) NodeStatus {
	r.t.Helper()
	deadline := time.After(patience)
	for {
		news := r.s.news.wait()
		s, err := r.s.Status([]string{name}) // an error as long as a deploy has not come to the node
		if err == nil && len(s.Nodes) == 1 && is(s.Nodes[0]) {
			return s.Nodes[0]
		}
		select {
		case <-news:
		case <-time.After(10 * time.Millisecond): // what the status reads from /proc makes no news
		case <-deadline:
			r.t.Fatalf("%s: not %s, but %+v", name, what, r.status(name))
		}
	}
}

func isReady(n NodeStatus) bool { return n.State == "ready" }

// kill kills the first process of a node and waits for its successor.
func (r *rig) kill(name string) NodeStatus {
	r.t.Helper()
	before := r.status(name)
	if err := unix.Kill(before.PID, unix.SIGKILL); err != nil {
		r.t.Fatal(err)
	}
	return r.await(name, "ready again", func(n NodeStatus) bool { return isReady(n) && n.PID != before.PID })
}

// events is everything the journal says of a node, as "from -> to".
func (r *rig) events(node string) []string {
	r.t.Helper()
	var all []string
	for _, e := range r.journal() {
		if e.Node == node && e.To != "" {
			all = append(all, e.From+" -> "+e.To)
		}
	}
	return all
}

func (r *rig) journal() []Event {
	r.t.Helper()
	f, err := os.Open(r.dirs.Events())
	if err != nil {
		r.t.Fatal(err)
	}
	defer f.Close()
	var all []Event
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var e Event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			r.t.Fatalf("%s: %v", lines.Text(), err)
		}
		all = append(all, e)
	}
	return all
}

// trapped waits until nodes have said something: that they have set their traps. Ready
// they are by the clock, and a signal may still come too soon for them.
func (r *rig) trapped(nodes ...string) {
	r.t.Helper()
	for _, name := range nodes {
		waitFile(r.t, r.dirs.Stdout(name))
	}
}

// waitFile waits until a file has content and returns it.
func waitFile(t *testing.T, name string) string {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if text, err := os.ReadFile(name); err == nil && strings.HasSuffix(string(text), "\n") {
			return string(text)
		}
	}
	t.Fatalf("nothing in %s", name)
	return ""
}

// alive says whether a process runs; a zombie does not.
func alive(pid int) bool {
	text, err := os.ReadFile("/proc/" + itoa(pid) + "/stat")
	return err == nil && !strings.Contains(string(text[strings.LastIndexByte(string(text), ')'):]), ") Z ")
}

// findAll is process.Find in a test, where /proc can be read.
func findAll(entry string) []process.Found {
	found, err := process.Find(entry)
	if err != nil {
		panic(err)
	}
	return found
}
