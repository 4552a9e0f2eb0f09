package supervisor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"zctl/supervisor/generation"
)

// withEnv is a sleeper with a variable, so that it differs from others.
func withEnv(name, value string) Spec {
	s := sleeper(name)
	s.Env = map[string]string{"VERSION": value}
	return s
}

func (r *rig) current() string {
	r.t.Helper()
	digest, err := r.s.generations.Current()
	if err != nil {
		r.t.Fatal(err)
	}
	return digest
}

func (r *rig) history() []generation.Record {
	r.t.Helper()
	all, err := r.s.generations.History()
	if err != nil {
		r.t.Fatal(err)
	}
	return all
}

// TestGeneration: what is read from a generation is what was deployed, and deploying
// that changes nothing.
func TestGeneration(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	d := clusterOf(withEnv("manager", "1"), sleeper("worker-1"))
	d.Config, d.KeepGenerations = "# the file\n", 3
	result := r.deployAny(d)
	got, err := OpenGeneration(r.dirs, result.Generation)
	if err != nil {
		t.Fatal(err)
	}
	d.Generation = result.Generation
	if a, b := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", d); a != b {
		t.Errorf("got  %s\nwant %s", a, b)
	}
	again := r.deployAny(got)
	if again.Generation != result.Generation || slices.ContainsFunc(again.Changes, func(c Change) bool { return c.Action != ChangeNothing }) {
		t.Errorf("deployed again: %+v", again)
	}
	status, err := r.s.Status(nil)
	if err != nil || status.Supervisor.Generation != result.Generation || status.Nodes[1].Generation != result.Generation {
		t.Errorf("%+v, %v", status, err)
	}
}

// TestGenerationOfOtherVersion: a generation that another version of zctl has written
// in other words is the same generation when it is deployed again.
func TestGenerationOfOtherVersion(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	files, err := clusterOf(sleeper("manager")).generationFiles()
	if err != nil {
		t.Fatal(err)
	}
	files[manifestName] = strings.Replace(files[manifestName], "{", `{"key_of_later": 1,`, 1)
	digest, err := r.s.generations.Stage(files)
	if err != nil {
		t.Fatal(err)
	}
	d, err := OpenGeneration(r.dirs, digest)
	if err != nil {
		t.Fatal(err)
	}
	if result := r.deployAny(d); result.Generation != digest {
		t.Errorf("deployed as %s, not %s", result.Generation, digest)
	}
	d.Generation = digest
	d.Cluster = "another"
	if result := r.deployAny(d); result.Generation == digest {
		t.Error("something else has that digest now")
	}
}

// TestGenerationOfNode: a node runs the generation that was deployed last if it is
// what that says, and else the one that it was started with.
func TestGenerationOfNode(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	first := r.deployAny(clusterOf(sleeper("manager"), sleeper("worker-1"))).Generation
	d := clusterOf(sleeper("manager"), sleeper("worker-1"), sleeper("worker-2"))
	second := r.deployAny(d).Generation
	for _, name := range []string{"manager", "worker-1", "worker-2"} {
		if n := r.status(name); n.Generation != second {
			t.Errorf("%s runs %s, not %s", name, n.Generation, second)
		}
	}
	r.do(r.s.Stop, "worker-2")
	if n := r.status("worker-2"); n.Generation != "" {
		t.Errorf("what is stopped runs %s", n.Generation)
	}
	r.shutdown(true)
	r.open()
	if n := r.status("worker-1"); n.Generation != second {
		t.Errorf("what was adopted runs %s, not %s", n.Generation, second)
	}
	history := r.history()
	if len(history) != 2 || history[0].Generation != first || history[1].From != first || !history[1].OK {
		t.Errorf("history: %+v", history)
	}
}

// TestKeep: the generations that were deployed last are kept, those that nodes run,
// and the site scripts that any of these needs.
func TestKeep(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var digests, sites []string
	for i := range 5 {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "local.zeek"), []byte(itoa(i)), 0o644); err != nil {
			t.Fatal(err)
		}
		site, err := r.s.generations.StageSite(dir)
		if err != nil {
			t.Fatal(err)
		}
		long := time.Now().Add(-48 * time.Hour)
		if err := os.Chtimes(r.dirs.Site(site), long, long); err != nil {
			t.Fatal(err)
		}
		worker := sleeper("worker-1")
		worker.Site = site
		d := clusterOf(sleeper("manager"), worker)
		d.KeepGenerations = 2
		digests, sites = append(digests, r.deployAny(d).Generation), append(sites, site)
	}
	for i, want := range []bool{false, false, false, true, true} {
		_, err := OpenGeneration(r.dirs, digests[i])
		_, siteErr := r.s.generations.Site(sites[i])
		if (err == nil) != want || (siteErr == nil) != want {
			t.Errorf("generation %d: %v, its site scripts: %v", i, err, siteErr)
		}
	}
	if r.current() != digests[4] {
		t.Errorf("current is %s", r.current())
	}
	gone := clusterOf(sleeper("manager"), sleeper("worker-1"))
	gone.Nodes[1].Site = sites[0]
	var invalid *InvalidError
	if _, err := r.s.Deploy(soon(t, patience), gone, DeployOptions{}); !errors.As(err, &invalid) || !strings.Contains(err.Error(), "not kept") {
		t.Errorf("with site scripts that are gone: %v", err)
	}
	if r.current() != digests[4] || len(r.history()) != 5 {
		t.Error("what was refused has changed something")
	}
}

// TestKeepWhatRuns: a generation that a node still runs is kept, however old it is.
func TestKeepWhatRuns(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	stubborn := script("worker-1", `trap '' TERM; while :; do sleep 0.02; done`)
	first := r.deployAny(clusterOf(sleeper("manager"), stubborn)).Generation
	n := r.s.find("worker-1")
	n.act(func() { n.digest = "of something else" }) // so that it does not run what is deployed now
	for i := range 3 {
		changed := stubborn
		changed.Env = map[string]string{"VERSION": itoa(i)}
		d := clusterOf(sleeper("manager"), changed)
		d.KeepGenerations = 2
		r.s.mu.Lock()
		r.s.deployment.KeepGenerations = 2
		r.s.mu.Unlock()
		digest, err := r.s.keep(d)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.s.generations.Begin(generation.Record{Time: time.Now(), Generation: digest, Verb: "deploy"}); err != nil {
			t.Fatal(err)
		}
		r.s.prune()
	}
	if all, _ := r.s.generations.List(); len(all) != 3 || r.status("worker-1").Generation != first {
		t.Errorf("kept: %v; worker-1 runs %s", all, r.status("worker-1").Generation)
	}
	if _, err := OpenGeneration(r.dirs, first); err != nil {
		t.Error(err)
	}
	n.act(func() { n.target.spec.StopTimeout = 50 * time.Millisecond })
}

// TestRecoverGeneration: whatever a supervisor that was killed has left of a deploy,
// the next one makes one of it.
func TestRecoverGeneration(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	first := r.deployAny(clusterOf(withEnv("manager", "1"))).Generation
	second := r.deployAny(clusterOf(withEnv("manager", "2"))).Generation
	store := generation.At(r.dirs.Generations())
	reopen := func(change func() error) {
		t.Helper()
		r.shutdown(true)
		if err := change(); err != nil {
			t.Fatal(err)
		}
		r.open()
	}
	last := func() generation.Record { return r.history()[len(r.history())-1] }

	// Between state.json and current.
	reopen(func() error { return store.Switch(first) })
	if r.current() != second {
		t.Errorf("current is %s, but %s is deployed", r.current(), second)
	}

	// Between history and state.json: nothing came of it.
	reopen(func() error {
		_, err := store.Begin(generation.Record{Time: time.Now(), Generation: first, From: second, Verb: "deploy"})
		return err
	})
	if e := last(); !e.Void || e.OK || !strings.Contains(e.Outcome, "before anything was changed") || r.current() != second {
		t.Errorf("%+v, current %s", e, r.current())
	}
	if previous := generation.Previous(r.history()); previous != first {
		t.Errorf("previous is %s", previous)
	}

	// Behind state.json: it was finished.
	reopen(func() error {
		_, err := store.Begin(generation.Record{Time: time.Now(), Generation: second, From: second, Verb: "deploy"})
		return err
	})
	if e := last(); e.Void || !strings.Contains(e.Outcome, "the next one went on") {
		t.Errorf("%+v", e)
	}

	// In the middle of something.
	reopen(func() error { return os.MkdirAll(filepath.Join(r.dirs.Generations(), ".stage-xyz/auto"), 0o700) })
	if left, _ := filepath.Glob(filepath.Join(r.dirs.Generations(), ".stage-*")); len(left) > 0 {
		t.Errorf("left: %v", left)
	}

	// Without state.json it is known from current what was deployed, but for its nodes.
	for _, lose := range []func() error{
		func() error { return os.WriteFile(r.dirs.State(), []byte("{"), 0o600) },
		func() error { return os.Remove(r.dirs.State()) },
	} {
		reopen(func() error { return errors.Join(lose(), os.Remove(layoutOf(r, "manager"))) })
		status, err := r.s.Status(nil)
		if err != nil || status.Supervisor.Generation != second || status.Cluster != "test" || len(status.Nodes) != 1 {
			t.Errorf("%+v, %v", status, err)
		}
		r.kill("manager")
		if text, err := os.ReadFile(layoutOf(r, "manager")); err != nil || string(text) != "# layout\n" {
			t.Errorf("the layout of its successor: %q, %v", text, err)
		}
	}

	// Without anything at all a deploy makes it anew.
	reopen(func() error { return os.RemoveAll(r.dirs.Generations()) })
	if again := r.deployAny(clusterOf(withEnv("manager", "2"))); again.Generation != second || again.Changes[0].Action != ChangeNothing || r.current() != second {
		t.Errorf("%+v, current %s", again, r.current())
	}
}

func layoutOf(r *rig, node string) string {
	return filepath.Join(r.dirs.Node(node), "cluster-layout.zeek")
}

// TestHistoryOfDeploys: history has the end of a deploy even if nobody waits for it,
// or another one follows.
func TestHistoryOfDeploys(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	slow := sleeper("worker-1")
	slow.NotifyOnly = true
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if _, err := r.s.Deploy(ctx, clusterOf(slow), DeployOptions{UID: 7}); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return len(r.history()) == 1 })
	if e := r.history()[0]; e.Outcome != "" || e.UID != 7 || e.Verb != "deploy" {
		t.Errorf("under way: %+v", e)
	}
	failing := dying("worker-1", "echo oops >&2; exit 3")
	ctx, cancel = context.WithTimeout(context.Background(), patience)
	defer cancel()
	if _, err := r.s.Deploy(ctx, clusterOf(failing), DeployOptions{Verb: "rollback"}); err != nil {
		t.Fatal(err)
	}
	history := r.history()
	if len(history) != 2 || !strings.Contains(history[0].Outcome, errFollowed.Error()) || history[0].OK {
		t.Errorf("that was followed: %+v", history)
	}
	e := history[1]
	if e.OK || e.Verb != "rollback" || !strings.HasPrefix(e.Outcome, "0 of 1 nodes ready; worker-1 is ") || !strings.HasSuffix(e.Outcome, "stderr: oops") {
		t.Errorf("that failed: %+v", e)
	}
}

// TestStartWithOldSpec: a node that did not run when a deploy began, and came up with
// its old spec before it had the new one, is restarted.
func TestStartWithOldSpec(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.deploy(withEnv("manager", "1"))
	d := clusterOf(withEnv("manager", "2"))
	digest, err := r.s.keep(d)
	if err != nil {
		t.Fatal(err)
	}
	d.Generation = digest
	_, err = change(soon(t, patience), r.s, func(ctx context.Context) (none struct{}, err error) {
		r.s.retarget(d, Diff(r.s.have(), d.Nodes), nil)
		return none, r.s.apply(ctx, []Change{{Node: "manager", Action: ChangeStart}})
	})
	if n := r.await("manager", "ready", isReady); err != nil || n.Generation != digest {
		t.Errorf("%v, %+v", err, n)
	}
}
