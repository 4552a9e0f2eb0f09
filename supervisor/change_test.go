package supervisor

import (
	"errors"
	"strings"
	"testing"
	"time"

	"zctl/cpuaffinity"
)

func TestDiff(t *testing.T) {
	t.Parallel()
	running := func(s Spec) Have { return Have{Spec: s, Digest: s.Digest(), Up: true} }
	base := sleeper("worker-1")
	with := func(change func(*Spec)) Spec {
		s := base
		change(&s)
		return s
	}
	tests := []struct {
		name string
		have []Have
		want Spec
		line string
	}{
		{"new", nil, base, "start    worker-1  (new)"},
		{"stopped", []Have{{Spec: base}}, base, "start    worker-1  (not running)"},
		{"same", []Have{running(base)}, base, "keep     worker-1  (unchanged)"},
		{"how it is treated", []Have{running(base)}, with(func(s *Spec) { s.StopTimeout, s.ReadyAfter, s.NotifyOnly = 1, 2, true }), "keep     worker-1  (unchanged)"},
		{"arguments", []Have{running(base)}, with(func(s *Spec) { s.Argv = []string{"/bin/sh", "-c", "exec sleep 2", "-x"} }), "restart  worker-1  (arguments exec sleep 1000 -> exec sleep 2 -x)"},
		{"fewer arguments", []Have{running(base)}, with(func(s *Spec) { s.Argv = []string{"/bin/sh", "-c"} }), "restart  worker-1  (arguments exec sleep 1000 -> none)"},
		{"order of arguments", []Have{running(base)}, with(func(s *Spec) { s.Argv = []string{"/bin/sh", "exec sleep 1000", "-c"} }), "restart  worker-1  (command /bin/sh -c exec sleep 1000 -> /bin/sh exec sleep 1000 -c)"},
		{"args", []Have{running(base)}, with(func(s *Spec) { s.Argv = []string{"/bin/true", "-x"} }), "restart  worker-1  (command /bin/sh -c exec sleep 1000 -> /bin/true -x)"},
		{"env", []Have{running(base)}, with(func(s *Spec) { s.Env = map[string]string{"SECRET": "x"} }), "restart  worker-1  (env SECRET)"},
		{"several", []Have{running(base)}, with(func(s *Spec) { s.CPUs, s.Nice, s.Interface = cpuaffinity.List{0, 1}, 5, "eth0" }), "restart  worker-1  (interface none -> eth0, nice 0 -> 5)"},
		{"CPUs", []Have{running(base)}, with(func(s *Spec) { s.CPUs = cpuaffinity.List{0, 1} }), "move     worker-1  (cpus none -> 0-1)"},
		{"endpoints", []Have{running(base)}, with(func(s *Spec) { s.Joins = []string{"tcp://a"} }), "restart  worker-1  (cluster +tcp://a)"},
		{"of unknown origin", []Have{{Spec: base, Digest: "other", Up: true}}, base, "restart  worker-1  (started with another configuration)"},
	}
	for _, test := range tests {
		changes := Diff(test.have, []Spec{test.want})
		if len(changes) != 1 || changes[0].String() != test.line {
			t.Errorf("%s: %v, want %s", test.name, changes, test.line)
		}
	}
	changes := Diff([]Have{running(sleeper("worker-2")), running(base)}, []Spec{sleeper("manager"), base})
	var lines []string
	for _, c := range changes {
		lines = append(lines, c.String())
	}
	want := "start    manager  (new)|keep     worker-1  (unchanged)|stop     worker-2  (not in the configuration)"
	if got := strings.Join(lines, "|"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestSecretsInDiff: what changed in the environment is not shown.
func TestSecretsInDiff(t *testing.T) {
	t.Parallel()
	a, b := sleeper("w"), sleeper("w")
	a.Env, b.Env = map[string]string{"KEY": "hush"}, map[string]string{"KEY": "psst"}
	b.Env[curveEnv+"CLIENT_PUBLICKEY"], b.Env[curveEnv+"CLIENT_SECRETKEY"] = "a", "b"
	if got := b.differences(a); got != "env KEY, keys of the bus" {
		t.Errorf("%q", got)
	}
}

func TestSelect(t *testing.T) {
	t.Parallel()
	specs := []Spec{sleeper("manager"), sleeper("logger-1"), sleeper("proxy-1"), sleeper("worker-1"), sleeper("worker-2"), sleeper("worker-10")}
	tests := []struct{ patterns, want, err string }{
		{"", "manager logger-1 proxy-1 worker-1 worker-2 worker-10", ""},
		{"all", "manager logger-1 proxy-1 worker-1 worker-2 worker-10", ""},
		{"workers", "worker-1 worker-2 worker-10", ""},
		{"worker-2 manager worker-2", "manager worker-2", ""},
		{"worker-1*", "worker-1 worker-10", ""},
		{"loggers proxies", "logger-1 proxy-1", ""},
		{"worker", "", `no node "worker" (have manager, logger-1, proxy-1, worker-1, worker-2, worker-10; groups all, manager`},
		{"manager nobody", "", `no node "nobody"`},
		{"x*", "", `no node "x*"`},
		{"[", "", `no node "["`},
	}
	for _, test := range tests {
		got, err := Select(specs, strings.Fields(test.patterns))
		var unknown *UnknownNodeError
		switch {
		case test.err != "":
			if !errors.As(err, &unknown) || !strings.HasPrefix(err.Error(), test.err) {
				t.Errorf("%q: %v, want %s", test.patterns, err, test.err)
			}
		case err != nil || strings.Join(names(got), " ") != test.want:
			t.Errorf("%q: %v, %v, want %s", test.patterns, names(got), err, test.want)
		}
	}
	if _, err := Select(specs[:1], []string{"workers"}); err != nil {
		t.Errorf("an empty group: %v", err)
	}
	if _, err := Select(nil, []string{"worker-1"}); err == nil || !strings.Contains(err.Error(), "run zctl deploy") {
		t.Errorf("nothing deployed: %v", err)
	}
}

func TestCheckDeployment(t *testing.T) {
	t.Parallel()
	none := sleeper("worker-3")
	none.Argv = nil
	odd := sleeper("worker-4")
	odd.Type = "control"
	d := clusterOf(sleeper("worker-1"), sleeper("worker-1"), sleeper("../x"), sleeper(""), none, odd, sleeper(strings.Repeat("w", 99)))
	d.Files["a/b"] = ""
	err := d.Check("/tmp/base")
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{
		"there are two nodes called worker-1", `"../x" cannot be the name of a node`, `"" cannot be the name of a node`,
		"node worker-3 has no command", `node worker-4 cannot be of type "control"`, `"a/b" cannot be the name of a file`,
		"base_dir /tmp/base is too long",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("nothing about %q in\n%v", want, err)
		}
	}
	if err := clusterOf(sleeper("worker-1")).Check("/tmp/base"); err != nil {
		t.Error(err)
	}
}

// TestMessage: what status says about nodes in all phases.
func TestMessage(t *testing.T) {
	t.Parallel()
	now := time.Now()
	tests := []struct {
		name string
		snap func(*snapshot)
		want string
	}{
		{"ready", func(s *snapshot) { s.state.Phase = "ready" }, ""},
		{"ready, with a word", func(s *snapshot) { s.state.Phase = "ready"; s.text = "missing worker-2" }, "missing worker-2"},
		{"older configuration", func(s *snapshot) { s.state.Phase = "ready"; s.digest = "x" }, "runs with an older configuration"},
		{"backoff", func(s *snapshot) {
			s.state.Phase, s.state.Cause, s.state.NotBefore, s.lastWords = "backoff", "exited with code 1", now.Add(2*time.Second), "a\nb"
		}, "exited with code 1; next start in 2s; stderr: a | b"},
		{"leftovers", func(s *snapshot) { s.state.Phase, s.state.Cause, s.state.Leftover = "backoff", "killed", true }, "killed; waiting for the processes it left behind"},
		{"failed", func(s *snapshot) { s.state.Phase, s.state.Cause = "failed", "gave up" }, "gave up"},
		{"stopped", func(s *snapshot) { s.state.Phase, s.up, s.lastWords = "stopped", false, "old" }, ""},
		{"about to start", func(s *snapshot) { s.state.Phase = "stopped" }, "about to be started"},
	}
	for _, test := range tests {
		s := &snapshot{target: targetOf(sleeper("w")), digest: sleeper("w").Digest()}
		s.up = true
		test.snap(s)
		if got := s.message(now); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}
