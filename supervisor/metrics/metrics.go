// Package metrics says what a supervisor knows of its nodes as numbers for Prometheus:
// a [supervisor.Status] goes in, samples come out. Whatever a node runs, Zeek or a
// program in Go, they are the same. It serves nothing and counts nothing.
package metrics

import (
	"maps"
	"slices"

	"zctl/cpuaffinity"
	"zctl/layoutgen"
	"zctl/supervisor"
	"zctl/supervisor/lifecycle"
)

// Sample is one number.
type Sample struct {
	// Name is in Prometheus' form; that of a counter ends with _total.
	Name string
	Help string
	// Counter says that the number only grows.
	Counter bool
	Value   float64
	// Labels are names and values in turn.
	Labels []string
}

// Each hands out all samples of a status.
func Each(s supervisor.Status, emit func(Sample)) {
	emitter(emit).supervisor(s.Supervisor, s.Cluster)
	for _, n := range s.Nodes {
		emitter(emit).node(n)
	}
}

type emitter func(Sample)

func (e emitter) gauge(name, help string, value float64, labels ...string) {
	e(Sample{name, help, false, value, labels})
}

func (e emitter) truth(name, help string, value bool, labels ...string) {
	if value {
		e.gauge(name, help, 1, labels...)
	} else {
		e.gauge(name, help, 0, labels...)
	}
}

func (e emitter) count(name, help string, value float64, labels ...string) {
	e(Sample{name, help, true, value, labels})
}

func (e emitter) supervisor(s supervisor.SupervisorStatus, cluster string) {
	const name = "zctl_supervisor_"
	e.gauge(name+"info", "Which supervisor it is: always 1.", 1, "cluster", cluster, "version", s.Version)
	e.gauge(name+"start_time_seconds", "When the supervisor was started, in seconds since 1970.", float64(s.StartedAt.UnixMilli())/1000)
	e.truth(name+"trouble", "1 if the supervisor cannot do something, like write its state; status has the reason.", s.Message != "")
	e.truth("zctl_rollout_running", "1 while a rolling deploy is under way.", s.Rolling != nil && s.Rolling.Stopped == "")
	e.truth("zctl_rollout_stopped", "1 if a rolling deploy has stopped before its end: some nodes run the new configuration, others the old one.", s.Rolling != nil && s.Rolling.Stopped != "")
}

// phases is the states of a node.
var phases = [...]lifecycle.Phase{
	lifecycle.Stopped, lifecycle.Starting, lifecycle.Running, lifecycle.Ready, lifecycle.Backoff, lifecycle.Stopping, lifecycle.Failed,
}

func (e emitter) node(n supervisor.NodeStatus) {
	const name = "zctl_node_"
	node := []string{"node", n.Name}
	e.gauge(name+"info", "Which node it is: always 1.", 1, "node", n.Name, "type", string(n.Type), "engine", n.Engine, "interface", n.Interface)
	for _, phase := range phases {
		e.truth(name+"state", "1 for the state that the node is in, 0 for the others.", n.State == string(phase), "node", n.Name, "state", string(phase))
	}
	e.truth(name+"wanted", "1 if the node is to run: nobody stopped it.", n.Wanted, node...)
	e.truth(name+"outdated", "1 if the process of the node is not what was deployed for it.", n.Outdated, node...)
	e.count(name+"restarts_total", "Starts that followed a death, since the node was first deployed.", float64(n.Restarts), node...)
	e.exits(name, n)
	if n.LastExit != nil {
		e.gauge(name+"last_exit_time_seconds", "When a process of the node ended last, in seconds since 1970.", float64(n.LastExit.At.UnixMilli())/1000, node...)
	}
	if n.Peers != nil {
		e.gauge(name+"peers", "Other nodes that there should be on the bus.", float64(n.Peers.Total), node...)
		e.gauge(name+"peers_up", "Other nodes that the node has met on the bus.", float64(n.Peers.Up), node...)
	}
	if n.PID != 0 {
		e.process(name, n)
	}
}

// usualCauses is what is 0 before it happens the first time, so that Prometheus sees
// that time, too.
var usualCauses = [...]string{
	supervisor.ExitStopped, supervisor.ExitStopTimeout, supervisor.ExitDone, supervisor.ExitError, supervisor.ExitMemory,
	supervisor.ExitUnknown, supervisor.ExitNotStarted, "SIGABRT", "SIGKILL", "SIGSEGV",
}

func (e emitter) exits(name string, n supervisor.NodeStatus) {
	causes := slices.Collect(maps.Keys(n.Exits))
	for _, cause := range usualCauses {
		if _, known := n.Exits[cause]; !known {
			causes = append(causes, cause)
		}
	}
	slices.Sort(causes)
	for _, cause := range causes {
		e.count(name+"exits_total", "Ends of the node's processes since it was first deployed, by cause.", float64(n.Exits[cause]), "node", n.Name, "cause", cause)
	}
}

// process is of a node that has one.
func (e emitter) process(name string, n supervisor.NodeStatus) {
	node := []string{"node", n.Name}
	if n.StartedAt != nil {
		e.gauge(name+"start_time_seconds", "When the process of the node was started, in seconds since 1970.", float64(n.StartedAt.UnixMilli())/1000, node...)
	}
	if n.ReadySeconds != nil {
		e.gauge(name+"ready_seconds", "How long the process of the node took from its start until it was ready.", *n.ReadySeconds, node...)
	}
	e.count(name+"cpu_seconds_total", "Seconds of CPU that the process of the node took.", n.CPUSeconds, node...)
	e.gauge(name+"resident_memory_bytes", "Resident memory of the process of the node.", float64(n.RSSBytes), node...)
	if cpus, err := cpuaffinity.Parse(n.CPUs.Want); err == nil && len(cpus) > 0 {
		e.truth(name+"pinned", "1 if all threads of the node may run on the CPUs that it is pinned to, and on no others.", n.CPUs.OK, node...)
		e.gauge(name+"cpus", "CPUs that the node is pinned to.", float64(len(cpus)), node...)
	}
	if len(n.Limits) == 0 {
		return
	}
	held := true
	for _, l := range n.Limits {
		held = held && l.OK
		if size, err := layoutgen.ParseSize(l.Want); err == nil && l.Name == "memory_max" {
			e.gauge(name+"memory_limit_bytes", "Memory that all processes of the node together may have.", float64(size), node...)
			e.gauge(name+"memory_used_bytes", "Memory that they have, the kernel's for them included.", float64(l.UsedBytes), node...)
		}
	}
	e.truth(name+"limited", "1 if the kernel holds the node to all its limits.", held, node...)
}
