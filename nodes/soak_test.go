package nodes_test

import (
	"context"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"zctl/layoutgen"
	"zctl/nodes"
)

var (
	soakFor    = flag.Duration("soak", 8*time.Second, "how long TestSoak kills nodes")
	soakWithin = flag.Duration("soak.within", 20*time.Second, "how long a cluster may take to be whole again after a kill in TestSoak")
)

// soakEnv is set in the processes of TestSoak.
const soakEnv = "ZCTL_SOAK_NODE"

func TestMain(m *testing.M) {
	if os.Getenv(soakEnv) != "" {
		if err := soakNode(); err != nil {
			log.Fatal(err)
		}
		return
	}
	if role := os.Getenv(killedEnv); role != "" {
		if err := killedNode(role); err != nil {
			log.Fatal(err)
		}
		return
	}
	if name := os.Getenv(crashEnv); name != "" {
		if err := crashLogger(name); err != nil {
			log.Fatal(err)
		}
		return
	}
	os.Exit(m.Run())
}

// status is what a node of the soak test tells when asked.
type status struct {
	Name, ID string
	Peers    map[string]string // the ids of those that are up, by name
	Received map[string]uint64 // how many events of the load came from whom
}

// soakNode is a node that publishes events all the time, counts those of the
// others, and tells what it knows when asked.
func soakNode() error {
	o, err := nodes.FromEnv()
	if err != nil {
		return err
	}
	o.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelInfo}))
	n, err := nodes.New(o)
	if err != nil {
		return err
	}
	received := map[string]uint64{}
	nodes.Handle(n, "Soak::load", func(ctx context.Context, from string, _ uint64) { received[from]++ })
	nodes.Handle(n, "Soak::ask", func(ctx context.Context, round uint64) error {
		s := status{Name: o.Name, ID: n.NodeID(), Peers: map[string]string{}, Received: received}
		for _, p := range n.Peers() {
			if p.Up {
				s.Peers[p.Node.Name] = p.ID
			}
		}
		return n.Publish(ctx, "soak/answer", "Soak::answer", round, s)
	})
	n.Subscribe("soak/ask")
	n.Subscribe("soak/load")
	go func() {
		for i := uint64(0); ; i++ {
			n.Publish(context.Background(), "soak/load", "Soak::load", o.Name, i)
			time.Sleep(5 * time.Millisecond)
		}
	}()
	return n.Run(context.Background())
}

// soak is a cluster of processes.
type soak struct {
	t      *testing.T
	env    []string // of the processes, on top of the usual
	dir    string
	names  []string
	procs  map[string]*exec.Cmd
	client *nodes.Node

	mu      sync.Mutex // guards what follows
	round   uint64
	answers map[string]status // of this round
}

func newSoak(t *testing.T, env ...string) *soak {
	port := freePort()
	config, err := layoutgen.Parse("", fmt.Appendf(nil, "[cluster]\nport = %d\nmetrics_port = 0\n[broker]\nxpub_port = %d\nxsub_port = %d\n[workers]\ncount = 3\n", port+2, port, port+1))
	if err != nil {
		t.Fatal(err)
	}
	s := &soak{t: t, env: env, dir: t.TempDir(), names: config.Layout().Names(), procs: map[string]*exec.Cmd{}}
	layout := config.Layout()
	for name, text := range map[string]string{layoutgen.LayoutFile: layout.Zeek(), layoutgen.BackendFile: layout.Backend.Zeek()} {
		if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range s.names {
		s.start(name)
	}
	t.Cleanup(func() {
		for _, name := range s.names {
			s.kill(name)
		}
	})
	s.client, err = nodes.NewClient(layout.Backend, nodes.Options{})
	if err != nil {
		t.Fatal(err)
	}
	nodes.Handle(s.client, "Soak::answer", func(ctx context.Context, round uint64, st status) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if round == s.round {
			s.answers[st.Name] = st
		}
	})
	s.client.Subscribe("soak/answer")
	t.Cleanup(run(s.client))
	return s
}

func (s *soak) start(name string) {
	s.t.Helper()
	dir := filepath.Join(s.dir, name)
	os.Mkdir(dir, 0o755)
	stderr, err := os.OpenFile(filepath.Join(dir, "stderr.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		s.t.Fatal(err)
	}
	defer stderr.Close()
	cmd := exec.Command(os.Args[0])
	cmd.Dir, cmd.Stderr = dir, stderr
	cmd.Env = append(os.Environ(), soakEnv+"=1", "CLUSTER_NODE="+name, "ZEEKPATH="+s.dir, "NOTIFY_SOCKET=")
	cmd.Env = append(cmd.Env, s.env...)
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.procs[name] = cmd
}

// kill kills a node at once, and waits until it is gone.
func (s *soak) kill(name string) {
	s.procs[name].Process.Signal(syscall.SIGKILL)
	s.procs[name].Wait()
}

// ask asks all nodes what they know, and waits a moment for the answers.
func (s *soak) ask() map[string]status {
	s.mu.Lock()
	s.round++
	s.answers = map[string]status{}
	round := s.round
	s.mu.Unlock()
	s.client.Publish(context.Background(), "soak/ask", "Soak::ask", round)
	for end := time.Now().Add(50 * time.Millisecond); time.Now().Before(end); time.Sleep(time.Millisecond) {
		s.mu.Lock()
		complete := len(s.answers) == len(s.names)
		s.mu.Unlock()
		if complete {
			break
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.answers)
}

// whole says why the cluster is not whole, "" if it is: everybody answers, and
// knows everybody by the id that he has now.
func whole(names []string, answers map[string]status) string {
	for _, name := range names {
		st, ok := answers[name]
		if !ok {
			return name + " does not answer"
		}
		for _, other := range names {
			if id := st.Peers[other]; other != name && id != answers[other].ID {
				return fmt.Sprintf("%s has %q for %s, which is %q", name, id, other, answers[other].ID)
			}
		}
	}
	return ""
}

// awaitWhole waits until the cluster is whole, and returns how long that took and
// what the nodes say.
func (s *soak) awaitWhole(within time.Duration) (time.Duration, map[string]status) {
	s.t.Helper()
	begin := time.Now()
	for {
		answers := s.ask()
		why := whole(s.names, answers)
		took := time.Since(begin)
		if why == "" {
			return took, answers
		}
		if took > within {
			s.t.Fatalf("not whole after %v: %s\n%s", took.Round(time.Millisecond), why, s.said())
		}
	}
}

// said is what all nodes have said.
func (s *soak) said() string {
	var text strings.Builder
	for _, name := range s.names {
		said, _ := os.ReadFile(filepath.Join(s.dir, name, "stderr.log"))
		fmt.Fprintf(&text, "== %s\n%s", name, said)
	}
	return text.String()
}

// TestSilentNode: with a heartbeat, a node whose host is silent is down for all
// others, although nobody closed its connections; when the host is back, the same
// process is up again.
func TestSilentNode(t *testing.T) {
	t.Parallel()
	s := newSoak(t, "ZCTL_HEARTBEAT=300ms")
	_, before := s.awaitWhole(*soakWithin)
	const silent = "worker-2"
	s.procs[silent].Process.Signal(syscall.SIGSTOP)
	others := slices.DeleteFunc(slices.Clone(s.names), func(name string) bool { return name == silent })
	for end := time.Now().Add(*soakWithin); ; {
		answers := s.ask()
		stillUp := slices.DeleteFunc(slices.Clone(others), func(name string) bool { return answers[name].Peers[silent] == "" })
		if len(stillUp) == 0 && whole(others, answers) == "" {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("%s is silent, but up for %v\n%s", silent, stillUp, s.said())
		}
	}
	s.procs[silent].Process.Signal(syscall.SIGCONT)
	_, after := s.awaitWhole(*soakWithin)
	if before[silent].ID != after[silent].ID {
		t.Errorf("%s has id %s, before it was silent %s", silent, after[silent].ID, before[silent].ID)
	}
	s.awaitLoad(after)
}

// rss is the resident memory of a node's process, in bytes.
func (s *soak) rss(name string) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", s.procs[name].Process.Pid))
	if err != nil {
		s.t.Fatal(err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	if err != nil {
		s.t.Fatal(err)
	}
	return pages * os.Getpagesize()
}

// TestSoak kills nodes of a cluster that is under load, any of them, again and
// again. Each time the cluster is whole again soon: all have met all, by the ids
// they have now, and what is published reaches all who subscribed it. The memory
// of those who live on does not grow.
func TestSoak(t *testing.T) {
	t.Parallel()
	s := newSoak(t)
	s.awaitWhole(*soakWithin)
	var took []time.Duration
	steady := map[string]int{}
	rng := rand.New(rand.NewPCG(1, uint64(*soakFor)))
	begin := time.Now()
	for time.Since(begin) < *soakFor || len(took) < len(s.names) {
		victims := s.names[1:] // in the first half not the manager, whose memory is looked at
		if time.Since(begin) > *soakFor/2 {
			victims = s.names
		}
		victim := victims[rng.IntN(len(victims))]
		if victim == "worker-1" { // lives to the end
			victim = "worker-2"
		}
		s.kill(victim)
		s.start(victim)
		t.Logf("%v: killed %s", time.Now().Format("05.000"), victim)
		d, before := s.awaitWhole(*soakWithin)
		took = append(took, d)
		s.awaitLoad(before)
		switch at := time.Since(begin); {
		case len(steady) == 0 && at > *soakFor/8:
			steady["manager"], steady["worker-1"] = s.rss("manager"), s.rss("worker-1")
		case victim == "manager":
			delete(steady, "manager")
		}
		for name, rss := range steady {
			if now := s.rss(name); now > rss*3/2+16<<20 {
				t.Errorf("%s grew from %d to %d bytes", name, rss, now)
			}
		}
	}
	slices.Sort(took)
	t.Logf("%d kills in %v; whole again after %v in the middle, %v at worst", len(took), time.Since(begin).Round(time.Second),
		took[len(took)/2].Round(time.Millisecond), took[len(took)-1].Round(time.Millisecond))
}

// awaitLoad waits until every node has received events of every other one since
// it said so before.
func (s *soak) awaitLoad(before map[string]status) {
	s.t.Helper()
	missing := ""
	for end := time.Now().Add(*soakWithin); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		missing = ""
		answers := s.ask()
		for _, name := range s.names {
			for _, other := range s.names {
				if other != name && answers[name].Received[other] <= before[name].Received[other] {
					missing = fmt.Sprintf("%s gets no events of %s", name, other)
				}
			}
		}
		if missing == "" {
			return
		}
	}
	s.t.Fatal(missing)
}
