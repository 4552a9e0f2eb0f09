package supervisor

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
)

// specsOf reads specs: names, each perhaps with a port (worker-1:5000) and a version
// (worker-1'), or with ! if it does not run.
func specsOf(text string) (specs []Spec, up []bool) {
	for _, word := range strings.Fields(text) {
		word, down := strings.CutSuffix(word, "!")
		name, version := strings.TrimRight(word, "'"), strings.Count(word, "'")
		name, port, _ := strings.Cut(name, ":")
		s := sleeper(name)
		s.Port, _ = strconv.Atoi(port)
		s.Nice = version
		specs, up = append(specs, s), append(up, !down)
	}
	return specs, up
}

func haveOf(text string) []Have {
	var all []Have
	specs, up := specsOf(text)
	for i, s := range specs {
		h := Have{Spec: s, Up: up[i]}
		if h.Up {
			h.Digest = s.Digest()
		}
		all = append(all, h)
	}
	return all
}

// inSteps writes changes as "1 worker-1 worker-2 | 2 proxy-1", with + for what is
// started, - for what is stopped and = for what is kept.
func inSteps(changes []Change) string {
	var b strings.Builder
	last := 0
	for _, c := range changes {
		if c.Step != last {
			fmt.Fprintf(&b, " | %d", c.Step)
			last = c.Step
		}
		b.WriteString(" " + map[ChangeAction]string{ChangeStart: "+", ChangeStop: "-", ChangeNothing: "=", ChangeMove: "="}[c.Action] + c.Node)
	}
	return strings.TrimPrefix(b.String(), " | ")
}

// TestSteps: the order of a roll-out.
func TestSteps(t *testing.T) {
	t.Parallel()
	const small = "manager logger-1 proxy-1 worker-1 worker-2"
	tests := []struct {
		name, have, want string
		most             int
		canary, steps    string
	}{
		{"nothing", small, small, 0, "", "1 =manager =logger-1 =proxy-1 =worker-1 =worker-2"},
		{"everything new", "", small, 0, "", "1 +manager +logger-1 | 2 +proxy-1 +worker-1 +worker-2"},
		{"nothing runs", "manager! logger-1! worker-1!", "manager logger-1 worker-1'", 0, "", "1 +manager +logger-1 | 2 +worker-1"},
		{"who can be spared first", "manager broker logger-1 proxy-1 worker-1", "manager' broker' logger-1' proxy-1' worker-1'", 0, "",
			"1 worker-1 | 2 proxy-1 | 3 logger-1 | 4 manager | 5 broker"},
		{"the archiver with the loggers", "archiver logger-1 worker-1", "archiver' logger-1' worker-1'", 0, "", "1 worker-1 | 2 archiver | 3 logger-1"},
		{"a new archiver", "manager worker-1", "archiver manager' worker-1'", 0, "", "1 +archiver | 2 worker-1 | 3 manager"},
		{"only one", small, "manager logger-1 proxy-1 worker-1 worker-2'", 0, "",
			"1 =manager =logger-1 =proxy-1 =worker-1 worker-2"},
		{"two at a time", "manager worker-1 worker-2 worker-3 worker-4 worker-5", "manager worker-1' worker-2' worker-3' worker-4' worker-5'", 2, "",
			"1 =manager worker-1 worker-2 | 2 worker-3 worker-4 | 3 worker-5"},
		{"never of two types", "manager proxy-1 proxy-2 proxy-3 worker-1", "manager' proxy-1' proxy-2' proxy-3' worker-1'", 9, "",
			"1 worker-1 | 2 proxy-1 proxy-2 | 3 proxy-3 | 4 manager"},
		{"never all loggers", "manager logger-1 logger-2", "manager logger-1' logger-2'", 5, "", "1 =manager logger-1 | 2 logger-2"},
		{"never all loggers, of three", "logger-1 logger-2 logger-3", "logger-1' logger-2' logger-3'", 5, "", "1 logger-1 logger-2 | 2 logger-3"},
		{"the only logger", "manager logger-1", "manager logger-1'", 5, "", "1 =manager logger-1"},
		{"canary", small, "manager' logger-1 proxy-1 worker-1' worker-2'", 0, "worker-2",
			"1 worker-2 | 2 =logger-1 =proxy-1 worker-1 | 3 manager"},
		{"canaries", small, "manager' logger-1 proxy-1' worker-1' worker-2'", 0, "proxies worker-*",
			"1 proxy-1 | 2 worker-1 | 3 worker-2 | 4 =logger-1 manager"},
		{"canaries together", small, "manager logger-1 proxy-1' worker-1' worker-2'", 2, "proxies worker-*",
			"1 proxy-1 | 2 worker-1 worker-2 | 3 =manager =logger-1"},
		{"canary of which nothing changed", small, "manager logger-1 proxy-1 worker-1 worker-2'", 0, "worker-1",
			"1 =manager =logger-1 =proxy-1 =worker-1 worker-2"},
		{"newcomers before, those who go behind", "manager logger-1 worker-1 worker-2", "manager logger-2 worker-1' worker-3", 0, "",
			"1 =manager +logger-2 | 2 +worker-3 | 3 worker-1 | 4 -logger-1 -worker-2"},
		{"newcomers behind canaries", "manager logger-1 worker-1 worker-2", "manager logger-1 worker-1' worker-2' worker-3 worker-4", 0, "worker-1",
			"1 worker-1 | 2 =manager =logger-1 +worker-3 +worker-4 | 3 worker-2"},
		{"what does not run costs nothing", "manager worker-1 worker-2! worker-3!", "manager worker-1' worker-2' worker-3'", 0, "",
			"1 =manager +worker-2 +worker-3 | 2 worker-1"},
		{"what others need is there for the canary", "manager! logger-1 worker-1", "manager logger-1 worker-1'", 0, "worker-1",
			"1 +manager | 2 worker-1 | 3 =logger-1"},
		{"a broker of its own", "manager logger-1 worker-1", "manager' broker logger-1 worker-1'", 0, "",
			"1 =logger-1 worker-1 | 2 manager +broker"},
		{"no broker of its own any more", "manager broker worker-1 worker-2", "manager' worker-1'", 0, "",
			"1 worker-1 | 2 manager -broker | 3 -worker-2"},
		{"a broker that died", "manager broker! worker-1", "manager' broker' worker-1", 0, "",
			"1 =worker-1 +broker | 2 manager"},
		{"ports move up", "manager:1 worker-1:2 worker-2:3 worker-3:4", "manager:1 worker-1:3 worker-2:4 worker-3:5", 3, "",
			"1 =manager worker-3 | 2 worker-2 | 3 worker-1"},
		{"a newcomer takes a port", "manager:1 logger-1:2 proxy-1:3", "manager:1 logger-1:2 logger-2:3 proxy-1:4", 0, "",
			"1 =manager =logger-1 proxy-1 | 2 +logger-2"},
		{"a newcomer takes the port of one who goes", "worker-1:1 worker-2:2", "worker-1:1' worker-3:2", 0, "",
			"1 worker-1 | 2 -worker-2 | 3 +worker-3"},
		{"ports change hands", "worker-1:1 worker-2:2 worker-3:3", "worker-1:2 worker-2:1 worker-3:3'", 0, "",
			"1 worker-3 | 2 worker-1 worker-2"},
	}
	for _, test := range tests {
		want, _ := specsOf(test.want)
		o := DeployOptions{Rolling: true, MaxUnavailable: test.most, Canary: strings.Fields(test.canary)}
		changes, err := Planned(haveOf(test.have), want, o)
		if got := inSteps(changes); err != nil || got != test.steps {
			t.Errorf("%s:\ngot  %s, %v\nwant %s", test.name, got, err, test.steps)
		}
	}
}

// TestNoSteps: what cannot be rolled out is refused, and a deploy that is not rolling
// has no steps.
func TestNoSteps(t *testing.T) {
	t.Parallel()
	at := func(text string, change func(*Spec)) []Spec {
		specs, _ := specsOf(text)
		for i := range specs {
			change(&specs[i])
		}
		return specs
	}
	port := func(s *Spec) { s.Joins = []string{JoinsXPub + "tcp://b", JoinsXSub + "tcp://a"} }
	keys := func(s *Spec) { s.Env = map[string]string{curveEnv + "SERVER_PUBLICKEY": "new"} }
	const moves = "cannot roll out: the bus moves (see worker-1), and nodes on both sides could not hear each other; deploy without --rolling"
	tests := []struct {
		name, have string
		change     func(*Spec)
		options    DeployOptions
		err        string
	}{
		{"the bus moves", "worker-1", port, DeployOptions{}, moves},
		{"keys of the bus", "worker-1", keys, DeployOptions{}, moves},
		{"the bus of nobody moves", "worker-1!", port, DeployOptions{}, ""},
		{"the broker's own", "worker-1", func(s *Spec) { s.Joins = []string{"broker's xpub tcp://b"} }, DeployOptions{}, ""},
		{"less than none", "worker-1", port, DeployOptions{MaxUnavailable: -1}, "cannot replace -1 nodes at a time; give 1 or more"},
		{"back in time", "worker-1", keys, DeployOptions{Observe: -time.Second}, "cannot wait for less than no time"},
	}
	for _, test := range tests {
		test.options.Rolling = true
		_, err := Planned(haveOf(test.have), at("worker-1", test.change), test.options)
		var invalid *InvalidError
		if test.err == "" && err == nil {
			continue
		}
		if !errors.As(err, &invalid) || err.Error() != test.err {
			t.Errorf("%s: %v, want %s", test.name, err, test.err)
		}
	}
	_, err := Planned(haveOf("worker-1"), at("worker-1", port), DeployOptions{Rolling: true, Canary: []string{"worker-9"}})
	var unknown *UnknownNodeError
	if !errors.As(err, &unknown) {
		t.Errorf("unknown canary: %v", err)
	}
	changes, err := Planned(haveOf("worker-1"), at("worker-1 worker-2", port), DeployOptions{})
	if got := inSteps(changes); err != nil || got != " worker-1 +worker-2" {
		t.Errorf("not rolling: %q, %v", got, err)
	}
}

// TestManySteps: a large cluster is planned in no time to speak of, and every node has
// a step.
func TestManySteps(t *testing.T) {
	t.Parallel()
	var have []Have
	var want []Spec
	const n = 2000
	for i := range n {
		s := sleeper("worker-" + strconv.Itoa(i))
		s.MetricsPort = 9000 + i
		have = append(have, Have{Spec: s, Digest: s.Digest(), Up: true})
		s.MetricsPort++
		want = append(want, s)
	}
	changes, err := Planned(have, want, DeployOptions{Rolling: true, MaxUnavailable: n})
	if err != nil || len(changes) != n {
		t.Fatalf("%d changes, %v", len(changes), err)
	}
	for i, c := range changes {
		if c.Step != i+1 || c.Node != "worker-"+strconv.Itoa(n-1-i) {
			t.Fatalf("%d: %+v", i, c)
		}
	}
}
