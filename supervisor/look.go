package supervisor

import (
	"fmt"
	"os"
	"strings"
	"time"

	"zctl/layoutgen"
	"zctl/supervisor/lifecycle"
	"zctl/supervisor/process"
)

// Status says how the selected nodes are. It waits for nothing and nobody.
func (s *Supervisor) Status(patterns []string) (Status, error) {
	nodes, err := s.selected(patterns)
	if err != nil {
		return Status{}, err
	}
	s.mu.Lock()
	d := s.deployment
	s.mu.Unlock()
	status := Status{
		Cluster: d.Cluster,
		Supervisor: SupervisorStatus{
			PID: os.Getpid(), Version: s.Version, BaseDir: string(s.Dirs), StartedAt: s.started,
			OnExit: d.OnSupervisorExit, Metrics: s.exposure.at(), Message: s.Trouble(), Generation: d.Generation, Rolling: s.rollingNow(),
		},
		Nodes: make([]NodeStatus, len(nodes)),
	}
	if status.Supervisor.OnExit == "" {
		status.Supervisor.OnExit = layoutgen.ExitKeep
	}
	running := map[process.Identity]bool{}
	for _, n := range s.all() {
		if id := n.snapshot.Load().id; id.PID != 0 {
			running[id] = true
		}
	}
	s.shared.usage.forget(running)
	s.awake()
	now, peers := time.Now(), s.shared.lookout.peersSeen()
	each(nodes, func(i int, n *node) { // most of it is in the kernel
		one := s.nodeStatus(n.snapshot.Load(), now)
		if at := d.metricsAt(n.snapshot.Load().spec); at.IsValid() {
			one.MetricsAt = at.String()
		}
		if one.PID != 0 && one.Peers == nil && one.Engine == layoutgen.EngineZeek {
			one.Peers = peers(one.Name)
		}
		status.Nodes[i] = one
	})
	return status, nil
}

// Trouble is what somebody should know of the supervisor itself, "" if all is well. It
// waits for nothing.
func (s *Supervisor) Trouble() string {
	var all []string
	for _, problem := range []string{s.store.problem.Load().(string), s.shared.journal.trouble(), s.exposure.problem.Load().(string)} {
		if problem != "" {
			all = append(all, problem)
		}
	}
	return strings.Join(all, "; ")
}

func (s *Supervisor) nodeStatus(n *snapshot, now time.Time) NodeStatus {
	spec := n.spec
	status := NodeStatus{
		Name: spec.Name, Type: spec.Type, Engine: spec.Engine, Host: s.host,
		State: string(n.state.Phase), Wanted: n.up, Outdated: n.outdated() && n.up, Exits: n.exits, PID: n.id.PID, Restarts: n.state.Restarts, LastExit: n.lastExit,
		CPUs:      CPUStatus{Want: spec.CPUs.String(), OK: true},
		Interface: spec.Interface, Port: spec.Port, MetricsPort: spec.MetricsPort, Generation: n.generation,
		Message: n.message(now), Limits: spec.Limits.statusOf(n.id.PID, n.group),
	}
	if status.Exits == nil {
		status.Exits = map[string]uint64{}
	}
	if in := n.state.ReadyIn.Seconds(); in > 0 && n.id.PID != 0 {
		status.ReadySeconds = &in
	}
	for _, l := range status.Limits {
		if !l.OK {
			status.Message = strings.TrimSuffix(fmt.Sprintf("%s is %s, not %s; %s", l.Name, l.Have, l.Want, status.Message), "; ")
		}
	}
	if n.id.PID != 0 {
		since := n.state.Since
		status.StartedAt, status.Peers = &since, n.peers
		s.shared.usage.measure(&status, n.id, since, spec.CPUs)
		if !status.CPUs.OK {
			status.Message = fmt.Sprintf("CPU drift: some threads may run on %s; %s", status.CPUs.Have, status.Message)
			status.Message = strings.TrimSuffix(status.Message, "; ")
		}
	}
	return status
}

// remembered is how long a node that is up again says that the kernel killed it.
const remembered = time.Hour

// message is why a node is not ready, or what it says of itself.
func (n *snapshot) message(now time.Time) string {
	var parts []string
	switch phase := n.state.Phase; phase {
	case lifecycle.Running, lifecycle.Ready:
		for _, text := range []string{n.text, n.zeekMessage()} {
			if text != "" {
				parts = append(parts, text)
			}
		}
		if n.outdated() && n.up {
			parts = append(parts, "runs with an older configuration")
		}
		if last := n.lastExit; last != nil && last.Why != "" && now.Sub(last.At) < remembered {
			parts = append(parts, fmt.Sprintf("%v ago it was %s", now.Sub(last.At).Round(time.Second), last.Why))
		}
	case lifecycle.Backoff:
		parts = append(parts, n.state.Cause)
		if wait := n.state.NotBefore.Sub(now); wait > 0 && !n.state.Leftover {
			parts = append(parts, fmt.Sprintf("next start in %v", wait.Round(100*time.Millisecond)))
		}
		if n.state.Leftover {
			parts = append(parts, "waiting for the processes it left behind")
		}
	case lifecycle.Stopping:
		parts = append(parts, n.state.Cause)
		if n.state.Wanted {
			parts = append(parts, "will be started again")
		}
	case lifecycle.Stopped:
		if n.up {
			parts = append(parts, "about to be started")
		}
	default:
		parts = append(parts, n.state.Cause)
	}
	said, _, _ := strings.Cut(n.lastWords, "\n")
	if said != "" && !strings.Contains(n.state.Cause, said) && !n.state.Phase.Up() && n.state.Phase != lifecycle.Stopped {
		parts = append(parts, "stderr: "+strings.ReplaceAll(n.lastWords, "\n", " | "))
	}
	return strings.Join(parts, "; ")
}

// Listen calls f with every event from now on until stop is called. f must not
// wait for anything.
func (s *Supervisor) Listen(f func(Event)) (stop func()) { return s.shared.journal.listen(f) }
