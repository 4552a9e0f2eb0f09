package supervisor

import (
	"time"

	"zctl/layoutgen"
	"zctl/supervisor/process"
)

// Status is what status --json prints: how everything is, as far as the
// supervisor can tell. All keys are always present; what does not exist is
// null, "" or 0.
type Status struct {
	Cluster    string           `json:"cluster"`
	Supervisor SupervisorStatus `json:"supervisor"`
	Nodes      []NodeStatus     `json:"nodes"`
}

// SupervisorStatus is the supervisor itself.
type SupervisorStatus struct {
	PID       int       `json:"pid"`
	Version   string    `json:"version"`
	BaseDir   string    `json:"base_dir"`
	StartedAt time.Time `json:"started_at"`
	// OnExit is what becomes of the nodes when the supervisor ends.
	OnExit string `json:"on_supervisor_exit"`
	// Message is what somebody should know, like a state file that cannot be
	// written; "" if all is well.
	Message string `json:"message"`
	// Metrics is where the supervisor serves its numbers, "" if it does not.
	Metrics string `json:"metrics"`
	// Generation is the digest of what was deployed last, "" before there was a
	// deploy.
	Generation string `json:"generation"`
	// Rolling is a rolling deploy that is under way, or stopped before its end; null
	// if there is none.
	Rolling *Rolling `json:"rolling"`
}

// NodeStatus is one node.
type NodeStatus struct {
	Name   string             `json:"name"`
	Type   layoutgen.NodeType `json:"type"`
	Engine string             `json:"engine"`
	Host   string             `json:"host"`
	// State is a phase of package lifecycle: stopped, starting, running,
	// ready, backoff, stopping or failed.
	State string `json:"state"`
	// PID is 0 while there is no process.
	PID       int        `json:"pid"`
	StartedAt *time.Time `json:"started_at"`
	// Restarts counts the starts that followed a death, since the node was
	// first deployed.
	Restarts int       `json:"restarts"`
	LastExit *ExitInfo `json:"last_exit"`
	// Wanted says that the node is to run: nobody stopped it.
	Wanted bool `json:"wanted"`
	// Outdated says that its process is not what was deployed for it.
	Outdated bool `json:"outdated"`
	// ReadySeconds is how long the process took from its start until it was ready;
	// null while it is not, or if nobody knows.
	ReadySeconds *float64 `json:"ready_seconds"`
	// Exits counts how its processes ended, since the node was first deployed, by
	// cause: [ExitStopped] and so on, and names of signals.
	Exits map[string]uint64 `json:"exits"`
	CPUs  CPUStatus         `json:"cpus"`
	// Limits is what the node may take and do, as far as that is limited.
	Limits []LimitStatus `json:"limits"`
	// Peers is null for nodes that do not say whom they have met.
	Peers *Peers `json:"peers"`
	// RSSBytes is the node's first process; 0 while there is none.
	RSSBytes uint64 `json:"rss_bytes"`
	// CPUPercent is of one CPU, since somebody last looked, or since the
	// process was started.
	CPUPercent float64 `json:"cpu_percent"`
	// CPUSeconds is what that process took in all.
	CPUSeconds  float64 `json:"cpu_seconds"`
	Interface   string  `json:"interface"`
	Port        int     `json:"port"`
	MetricsPort int     `json:"metrics_port"`
	// MetricsAt is where to get its own numbers, "" if it serves none.
	MetricsAt string `json:"metrics_at"`
	// Generation is the digest of what the node's process runs, "" without one or if
	// nobody knows.
	Generation string `json:"generation"`
	// Message is why the node is not ready, or what it says of itself.
	Message string `json:"message"`
}

// ExitInfo is how a process of a node ended; both are null where nobody could
// tell.
type ExitInfo struct {
	Code   *int      `json:"code"`
	Signal *int      `json:"signal"`
	At     time.Time `json:"at"`
	// Why is what the kernel had against it: that a limit was reached.
	Why string `json:"why,omitempty"`
}

// CPUStatus compares the CPUs a node should be pinned to with those its threads
// may really run on. Want is "" for a node that is not pinned, Have "" without
// a process.
type CPUStatus struct {
	Want string `json:"want"`
	Have string `json:"have"`
	OK   bool   `json:"ok"`
}

// LimitStatus compares a limit with what the kernel says. Name is the key of the
// configuration. Have is "" without a process, and where it cannot be seen.
type LimitStatus struct {
	Name string `json:"name"`
	Want string `json:"want"`
	Have string `json:"have"`
	OK   bool   `json:"ok"`
	// UsedBytes is what there is of memory in use, for memory_max.
	UsedBytes int64 `json:"used_bytes,omitempty"`
}

// Peers is how many of the other nodes a node has met on the bus.
type Peers struct {
	Up    int `json:"up"`
	Total int `json:"total"`
}

// Event is one line of events.jsonl: a transition of a node, or, without a
// node, something that befell the supervisor.
type Event struct {
	Time  time.Time `json:"time"`
	Node  string    `json:"node,omitempty"`
	From  string    `json:"from,omitempty"`
	To    string    `json:"to,omitempty"`
	Cause string    `json:"cause"`
	PID   int       `json:"pid,omitempty"`
	// Code or Signal is how the process ended, if that was the cause and
	// somebody could tell.
	Code   *int `json:"code,omitempty"`
	Signal *int `json:"signal,omitempty"`
	// Step is how far a rolling deploy is, if it is about one.
	Step int `json:"step,omitempty"`
}

func exitInfo(e process.Exit) *ExitInfo {
	info := &ExitInfo{At: e.At}
	switch {
	case !e.Known:
	case e.Signal != 0:
		signal := int(e.Signal)
		info.Signal = &signal
	default:
		info.Code = &e.Code
	}
	return info
}
