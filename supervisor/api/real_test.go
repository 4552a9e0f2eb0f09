package api

import (
	"context"
	"log/slog"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"zctl/layoutgen"
	"zctl/supervisor"
	"zctl/supervisor/process"
)

// TestRealSupervisor leads a supervisor with two processes through its life, by
// nothing but the client.
func TestRealSupervisor(t *testing.T) {
	t.Parallel()
	dirs := newDirs(t)
	s, err := supervisor.Open(supervisor.Options{Dirs: dirs, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	ended := make(chan error, 1)
	ctx, cancel := context.WithCancel(context.Background())
	go func() { ended <- s.Run(ctx) }()
	server, err := Serve(dirs.Socket(), s, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	running := true
	t.Cleanup(func() {
		cancel()
		if running {
			<-ended
			server.Close()
		}
		killStrays(t, dirs)
	})

	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Fatal(err)
	}
	spec := func(name string, typ layoutgen.NodeType) supervisor.Spec {
		return supervisor.Spec{
			Name: name, Type: typ, Engine: layoutgen.EngineGo, Argv: []string{sleep, "1000"},
			ReadyAfter: 10 * time.Millisecond, StopTimeout: patience,
		}
	}
	deployment := supervisor.Deployment{
		Cluster: "test", OnSupervisorExit: layoutgen.ExitKeep,
		Nodes: []supervisor.Spec{spec("manager", layoutgen.TypeManager), spec("worker-1", layoutgen.TypeWorker)},
	}
	client := NewClient(dirs)
	var told []string // node: state, of the last call
	progress := func(e supervisor.Event) { told = append(told, e.Node+": "+e.To) }
	// works checks a call that should bring some nodes into a state, and that
	// the result did not overtake the event that tells of it.
	works := func(what string, result supervisor.Result, err error, state string, nodes ...string) {
		t.Helper()
		if err != nil || result.TimedOut || len(result.Nodes) != len(nodes) {
			t.Fatalf("%s: %+v, %v", what, result, err)
		}
		for i, n := range result.Nodes {
			if n.Name != nodes[i] || n.State != state || !n.OK {
				t.Errorf("%s: %+v, want %s %s", what, n, nodes[i], state)
			}
			if !slices.Contains(told, n.Name+": "+state) {
				t.Errorf("%s: told only %q", what, told)
			}
		}
		told = nil
	}
	pids := func() []int {
		t.Helper()
		status, err := client.Status(t.Context(), nil)
		if err != nil || status.Cluster != "test" || status.Supervisor.BaseDir != string(dirs) {
			t.Fatalf("%+v, %v", status, err)
		}
		var pids []int
		for _, n := range status.Nodes {
			pids = append(pids, n.PID)
		}
		return pids
	}

	changes, err := client.Plan(t.Context(), deployment, supervisor.DeployOptions{})
	if want := []supervisor.Change{
		{Node: "manager", Action: "start", Why: "new", Type: "manager", New: true},
		{Node: "worker-1", Action: "start", Why: "new", Type: "worker", New: true},
	}; err != nil || !slices.Equal(changes, want) {
		t.Errorf("plan: %v, %v", changes, err)
	}
	result, err := client.Deploy(t.Context(), deployment, supervisor.DeployOptions{}, patience, progress)
	works("deploy", result, err, "ready", "manager", "worker-1")
	if !slices.Equal(result.Changes, changes) {
		t.Errorf("deploy: %v, planned %v", result.Changes, changes)
	}
	first := pids()
	if len(first) != 2 || slices.Contains(first, 0) {
		t.Fatalf("pids %v", first)
	}
	if _, err := client.Plan(t.Context(), supervisor.Deployment{Nodes: []supervisor.Spec{{Name: "/"}}}, supervisor.DeployOptions{}); err == nil {
		t.Error("planned nonsense")
	} else {
		wantKind(t, "plan of nonsense", err, BadRequest, `"/" cannot be the name of a node`)
	}

	result, err = client.Restart(t.Context(), []string{"workers"}, patience, progress)
	works("restart", result, err, "ready", "worker-1")
	if second := pids(); second[0] != first[0] || second[1] == first[1] || second[1] == 0 {
		t.Errorf("restart: pids %v, then %v", first, second)
	}
	result, err = client.Stop(t.Context(), []string{"manager"}, patience, progress)
	works("stop", result, err, "stopped", "manager")
	if now := pids(); now[0] != 0 || now[1] == 0 {
		t.Errorf("stop: pids %v", now)
	}
	result, err = client.Start(t.Context(), nil, patience, func(e supervisor.Event) {
		if e.Node == "manager" {
			progress(e)
		}
	})
	told = append(told, "worker-1: ready") // it was, so there is no news of it
	works("start", result, err, "ready", "manager", "worker-1")

	for what, err := range map[string]error{
		"status":  second(client.Status(t.Context(), []string{"nobody"})),
		"stop":    second(client.Stop(t.Context(), []string{"nobody"}, patience, nil)),
		"start":   second(client.Start(t.Context(), []string{"nobody"}, patience, nil)),
		"restart": second(client.Restart(t.Context(), []string{"nobody"}, patience, nil)),
	} {
		wantKind(t, what, err, BadRequest,
			`no node "nobody" (have manager, worker-1; groups all, manager, loggers, proxies, workers; globs like 'worker-*')`)
	}

	result, err = client.Shutdown(t.Context(), false, patience, progress)
	works("shutdown", result, err, "stopped", "manager", "worker-1")
	running = false
	if err := receive(t, "the end of the supervisor", ended); err != nil {
		t.Error(err)
	}
	_, err = client.Start(t.Context(), nil, patience, nil)
	wantKind(t, "start at the end", err, Unavailable, supervisor.ErrEnding.Error())
	if err := server.Close(); err != nil {
		t.Error(err)
	}
	_, err = client.Status(t.Context(), nil)
	wantKind(t, "status after the end", err, Unavailable, "")
}

// second is the error of a call.
func second[T any](_ T, err error) error { return err }

// killStrays kills what a failed test left running.
func killStrays(t *testing.T, dirs supervisor.Dirs) {
	for _, stray := range findAll("ZCTL_BASE_DIR=" + string(dirs)) {
		if !t.Failed() {
			t.Errorf("left running: %s", strings.Join(stray.Argv, " "))
		}
		unix.Kill(stray.ID.PID, unix.SIGKILL)
	}
}

// findAll is process.Find in a test, where /proc can be read.
func findAll(entry string) []process.Found {
	found, err := process.Find(entry)
	if err != nil {
		panic(err)
	}
	return found
}
