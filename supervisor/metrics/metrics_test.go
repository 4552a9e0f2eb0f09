package metrics

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"zctl/layoutgen"
	"zctl/supervisor"
)

var update = flag.Bool("update", false, "write the expected output")

// lines is the samples of a status, one a line.
func lines(s supervisor.Status) string {
	var b strings.Builder
	Each(s, func(m Sample) {
		b.WriteString(m.Name)
		for i := 0; i < len(m.Labels); i += 2 {
			fmt.Fprintf(&b, " %s=%s", m.Labels[i], m.Labels[i+1])
		}
		fmt.Fprintf(&b, " %g\n", m.Value)
	})
	return b.String()
}

func at(second int) *time.Time {
	t := time.Unix(1700000000+int64(second), 500e6).UTC()
	return &t
}

func TestEach(t *testing.T) {
	t.Parallel()
	in := 0.25
	got := lines(supervisor.Status{
		Cluster:    "tap",
		Supervisor: supervisor.SupervisorStatus{Version: "1.2", StartedAt: *at(0), Message: "cannot save state", Rolling: &supervisor.Rolling{Stopped: "worker-1 did not come up"}},
		Nodes: []supervisor.NodeStatus{
			{
				Name: "worker-1", Type: layoutgen.TypeWorker, Engine: "zeek", Interface: "eth0", State: "ready", Wanted: true, PID: 7,
				StartedAt: at(1), ReadySeconds: &in, Restarts: 2, Exits: map[string]uint64{"SIGSEGV": 1, "SIGUSR2": 1},
				LastExit: &supervisor.ExitInfo{At: *at(1)}, Peers: &supervisor.Peers{Up: 3, Total: 4},
				CPUs: supervisor.CPUStatus{Want: "2-3", Have: "0-3"}, RSSBytes: 1 << 20, CPUSeconds: 12.5,
				Limits: []supervisor.LimitStatus{{Name: "nofile", Want: "1024", OK: true}, {Name: "memory_max", Want: "2GiB", Have: "none", UsedBytes: 4096}},
			},
			{Name: "worker-2", Type: layoutgen.TypeWorker, Engine: "go", State: "stopped", Outdated: true, CPUs: supervisor.CPUStatus{Want: "1", OK: true}},
		},
	})
	const file = "testdata/samples.txt"
	if *update {
		os.WriteFile(file, []byte(got), 0o644)
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got:\n%s", got)
	}
}

// Names are as Prometheus wants them, and each has one help and one type.
func TestNames(t *testing.T) {
	t.Parallel()
	name := regexp.MustCompile(`^zctl_(node|supervisor|rollout)_[a-z_]+$`)
	said := map[string]Sample{}
	Each(supervisor.Status{Nodes: []supervisor.NodeStatus{{PID: 1, Peers: &supervisor.Peers{}, LastExit: &supervisor.ExitInfo{}}}}, func(m Sample) {
		before, known := said[m.Name]
		said[m.Name] = m
		switch {
		case !name.MatchString(m.Name), m.Counter != strings.HasSuffix(m.Name, "_total"), m.Help == "", len(m.Labels)%2 != 0:
			t.Errorf("%+v", m)
		case known && (before.Help != m.Help || before.Counter != m.Counter):
			t.Errorf("%+v and %+v", before, m)
		}
	})
	if len(said) < 15 {
		t.Errorf("only %d", len(said))
	}
}

// TestDocs: docs/telemetry.md has every name, and no other.
func TestDocs(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/telemetry.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "## The supervisor's numbers")
	table, _, _ = strings.Cut(table, "## The numbers of nodes")
	documented := map[string]bool{}
	for _, name := range regexp.MustCompile("`(zctl_[a-z_]+)`").FindAllStringSubmatch(table, -1) {
		if !strings.HasPrefix(name[1], "zctl_supervisor_process_") { // the library's
			documented[name[1]] = true
		}
	}
	samples, err := os.ReadFile("testdata/samples.txt") // of TestEach, which has all
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(samples)) {
		name, _, _ := strings.Cut(line, " ")
		if _, known := documented[name]; !known {
			t.Errorf("%s is not documented", name)
		}
		documented[name] = false
	}
	for name, missing := range documented {
		if missing {
			t.Errorf("%s is documented, and not there", name)
		}
	}
}
