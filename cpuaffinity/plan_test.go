package cpuaffinity

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write what Plan answers into testdata/plan")

// TestPlan runs the scripts in testdata/plan. A script is cases with a blank line between them: comments, a line "host
// NAME" (see testHosts), one line per node, a line "----", and the plan or the problems.
//
//	worker-1 group=eth0 nic=eth0 cpus=auto on_shortage=share
//	worker-1..4 cpus=0-3
//	manager
//
// Nodes called worker are workers. Everything after the name may be left out; ".." stands for several alike.
func TestPlan(t *testing.T) {
	t.Parallel()
	scripts, err := filepath.Glob("testdata/plan/*.txt")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, script := range scripts {
		t.Run(strings.TrimSuffix(filepath.Base(script), ".txt"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(script)
			if err != nil {
				t.Fatal(err)
			}
			var answers []string
			for _, planCase := range strings.Split(strings.TrimSpace(string(text)), "\n\n") {
				input, want, _ := strings.Cut(planCase+"\n", "\n----\n")
				got := strings.TrimSpace(runPlan(t, input))
				if got != strings.TrimSpace(want) && !*update {
					t.Errorf("%s\n---- got\n%s\n---- want\n%s", input, got, want)
				}
				answers = append(answers, input+"\n----\n"+got+"\n")
			}
			if *update {
				if err := os.WriteFile(script, []byte(strings.Join(answers, "\n")), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// runPlan plays one case and returns the plan as text.
func runPlan(t *testing.T, input string) string {
	t.Helper()
	var topo *Topology
	var reqs []Request
	for line := range strings.Lines(input) {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0 || fields[0] == "#":
		case fields[0] == "host":
			host, ok := testHosts[fields[1]]
			if !ok {
				t.Fatalf("there is no host %q", fields[1])
			}
			if h := host(); h != nil {
				topo = h.read(t)
			}
		default:
			reqs = append(reqs, parseRequests(t, fields)...)
		}
	}
	plan, err := Plan(topo, reqs)
	if err != nil {
		return err.Error()
	}
	return renderPlan(plan)
}

func parseRequests(t *testing.T, fields []string) []Request {
	t.Helper()
	name, last, several := strings.Cut(fields[0], "..")
	r := Request{Node: name, Worker: strings.Contains(name, "worker")}
	for _, field := range fields[1:] {
		key, value, _ := strings.Cut(field, "=")
		switch {
		case key == "cpus" && value == "auto":
			r.Auto = true
		case key == "cpus":
			r.CPUs = mustParse(value)
		case key == "nic":
			r.NIC = value
		case key == "group":
			r.Group = value
		case key == "on_shortage":
			r.Shortage = Policy(value)
		default:
			t.Fatalf("cannot understand %q", field)
		}
	}
	if !several {
		return []Request{r}
	}
	dash := strings.LastIndex(name, "-")
	var reqs []Request
	for i := mustParse(name[dash+1:])[0]; i <= mustParse(last)[0]; i++ {
		r.Node = fmt.Sprintf("%s-%d", name[:dash], i)
		reqs = append(reqs, r)
	}
	return reqs
}

func renderPlan(plan []Assignment) string {
	var b strings.Builder
	for _, a := range plan {
		shared := ""
		if a.Shared {
			shared = " SHARED"
		}
		cpus := a.CPUs.String()
		if cpus == "" {
			cpus = "not pinned"
		}
		fmt.Fprintf(&b, "%-9s %s%s", a.Node, cpus, shared)
		if a.Note != "" {
			fmt.Fprintf(&b, " (%s)", a.Note)
		}
		b.WriteString("\n")
	}
	return b.String()
}
