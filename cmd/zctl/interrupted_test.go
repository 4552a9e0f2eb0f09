package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"zctl/supervisor"
	"zctl/supervisor/api"
	"zctl/supervisor/generation"
)

// killing is a small cluster whose deploys are killed.
type killing struct {
	t      *testing.T
	dir    string
	dirs   supervisor.Dirs
	client *api.Client
	store  *generation.Store
	port   int // the first of the cluster's
}

func newKilling(t *testing.T) *killing {
	dir, err := os.MkdirTemp("", "z")
	if err != nil {
		t.Fatal(err)
	}
	dirs := supervisor.Dirs(filepath.Join(dir, "state"))
	k := &killing{t, dir, dirs, api.NewClient(dirs), generation.At(dirs.Generations()), portBlock()}
	t.Cleanup(func() {
		if text, err := k.command("shutdown").CombinedOutput(); err != nil {
			t.Errorf("shutdown: %v\n%s", err, text)
		}
		for _, stray := range findAll("ZCTL_BASE_DIR=" + string(dirs)) {
			t.Errorf("left running: %v", stray.Argv)
			unix.Kill(-stray.ID.PID, unix.SIGKILL)
		}
		os.RemoveAll(dir)
	})
	for i := range 50 {
		k.write(fmt.Sprintf("site/scripts/%d.zeek", i), strings.Repeat("# a script\n", 1000), 0o644)
	}
	return k
}

func (k *killing) write(name, text string, mode os.FileMode) {
	k.t.Helper()
	path := filepath.Join(k.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		k.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		k.t.Fatal(err)
	}
}

// configure makes a configuration like no other.
func (k *killing) configure(version int) {
	k.write("site/local.zeek", fmt.Sprintf("# %d\n", version/2), 0o644)
	var text strings.Builder
	fmt.Fprintf(&text, "base_dir = \"state\"\n[cluster]\nkeep_generations = 3\nport = %d\nmetrics_port = 0\n", k.port+2)
	fmt.Fprintf(&text, "[broker]\nxpub_port = %d\nxsub_port = %d\n", k.port, k.port+1)
	fmt.Fprintf(&text, "[loggers]\ncount = 0\n[proxies]\ncount = 0\n")
	fmt.Fprintf(&text, "[workers]\nengine = \"zeek\"\ncount = %d\nenv = { VERSION = \"%d\" }\n", 1+version%2, version)
	k.write("zctl.toml", text.String(), 0o644)
}

func (k *killing) command(args ...string) *exec.Cmd {
	cmd := exec.Command("zctl", args...)
	cmd.Dir = k.dir
	return cmd
}

// supervisor is the pid of the supervisor, 0 without one.
func (k *killing) supervisor() int {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	status, err := k.client.Status(ctx, nil)
	if err != nil {
		return 0
	}
	return status.Supervisor.PID
}

// whole checks that what is current is whole, whatever was killed.
func (k *killing) whole(when string) {
	k.t.Helper()
	current, err := k.store.Current()
	if err != nil || current == "" {
		if err != nil {
			k.t.Errorf("%s: %v", when, err)
		}
		return
	}
	d, err := supervisor.OpenGeneration(k.dirs, current)
	if err != nil {
		k.t.Errorf("%s: %v", when, err)
	}
	for _, site := range d.Sites() {
		if _, err := k.store.Site(site); err != nil {
			k.t.Errorf("%s: %v", when, err)
		}
	}
}

// mended checks that a deploy does what it should, and that then all is as if nobody
// had ever been killed.
func (k *killing) mended(when string) {
	k.t.Helper()
	if text, err := k.command("deploy").CombinedOutput(); err != nil {
		k.t.Fatalf("%s: the next deploy: %v\n%s", when, err, text)
	}
	k.whole(when)
	if text, err := k.command("diff", "--exit-code").CombinedOutput(); err != nil {
		k.t.Errorf("%s: after the next deploy there is something to deploy: %v\n%s", when, err, text)
	}
	if left, _ := filepath.Glob(filepath.Join(k.dirs.Generations(), ".stage-*")); len(left) > 0 {
		k.t.Errorf("%s: left behind: %v", when, left)
	}
	status, err := k.client.Status(context.Background(), nil)
	if err != nil {
		k.t.Fatalf("%s: %v", when, err)
	}
	processes := map[string]int{}
	for _, found := range findAll("ZCTL_BASE_DIR=" + string(k.dirs)) {
		for _, entry := range found.Env {
			if name, ok := strings.CutPrefix(entry, "CLUSTER_NODE="); ok {
				processes[name]++
			}
		}
	}
	for _, n := range status.Nodes {
		if processes[n.Name] != 1 || n.State != "ready" || n.Generation != status.Supervisor.Generation {
			k.t.Errorf("%s: %s is %s with %d processes and runs %q, not %q", when, n.Name, n.State, processes[n.Name], n.Generation, status.Supervisor.Generation)
		}
		delete(processes, n.Name)
		if k.t.Failed() {
			text, _ := k.command("events", "-n", "60").CombinedOutput()
			st, _ := os.ReadFile(k.dirs.State())
			k.t.Fatalf("%s\n%s", text, st)
		}
	}
	if len(processes) > 0 {
		k.t.Errorf("%s: nobody knows of %v", when, processes)
	}
	history, err := k.store.History()
	if err != nil || len(history) == 0 || !history[len(history)-1].OK || history[len(history)-1].Generation != status.Supervisor.Generation {
		k.t.Errorf("%s: history: %+v, %v", when, history, err)
	}
	for _, r := range history {
		if r.Outcome == "" {
			k.t.Errorf("%s: nobody knows what became of %+v", when, r)
		}
	}
}

// TestKilledDeploys kills zctl deploy, the supervisor, or both, at random moments of a
// deploy. What is current is always whole, and the next deploy finishes or reverts
// what was begun, so that nothing is left for anybody to clean up.
func TestKilledDeploys(t *testing.T) {
	t.Parallel()
	k := newKilling(t)
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	t.Logf("seed %d", seed)
	for i := range 16 {
		k.configure(i)
		victim := k.supervisor()
		cmd := k.command("deploy")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		after := time.Duration(r.Int64N(int64(120 * time.Millisecond)))
		time.Sleep(after)
		who := r.IntN(3)
		if who != 0 {
			unix.Kill(cmd.Process.Pid, unix.SIGKILL)
		}
		if who != 1 {
			if victim == 0 {
				victim = k.supervisor()
			}
			if victim != 0 {
				unix.Kill(victim, unix.SIGKILL)
			}
		}
		cmd.Wait()
		when := fmt.Sprintf("deploy %d, killed after %v, who %d", i, after, who)
		k.whole(when)
		if i%4 == 3 {
			k.mended(when)
		}
	}
}
