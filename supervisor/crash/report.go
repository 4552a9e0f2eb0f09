package crash

import (
	"fmt"
	"time"
)

// Report is crash.json: how a process ended, and what it was.
type Report struct {
	// Name is that of the directory: NODE-TIME-PID.
	Name   string `json:"name"`
	Node   string `json:"node"`
	Type   string `json:"type"`
	Engine string `json:"engine"`
	PID    int    `json:"pid"`
	// Cause says how it ended, for people; Code or Signal say it for programs. Both
	// are null where nobody could tell.
	Cause      string     `json:"cause"`
	Code       *int       `json:"code"`
	Signal     *int       `json:"signal"`
	CoreDumped bool       `json:"core_dumped"`
	StartedAt  *time.Time `json:"started_at"`
	EndedAt    time.Time  `json:"ended_at"`
	// WasReady says that it had been ready.
	WasReady bool     `json:"was_ready"`
	Restarts int      `json:"restarts"` // of the node, before this end
	Argv     []string `json:"argv"`
	CPUs     string   `json:"cpus"` // that it was pinned to, "" if it was not
	// Status is what a Zeek had written last to its status file.
	Status string `json:"status"`
	// Usage is null for a process that an earlier supervisor had made.
	Usage *Usage `json:"usage"`
	// RSS is its memory, as far as somebody looked while it ran.
	RSS []Sample `json:"rss"`
	// The versions of what ran, and of what it ran with.
	Zctl       string `json:"zctl_version"`
	Zeek       string `json:"zeek_version"`
	Generation string `json:"generation"`
	Spec       string `json:"spec"` // digest
	Series     Series `json:"series"`
	// Kernel is what the kernel's log says about the process.
	Kernel []string `json:"kernel"`
	// Core is where its core is, "" without one.
	Core string `json:"core"`
	// Notes say what could not be found out, and why.
	Notes []string `json:"notes"`
}

// Usage is what a process used in all, as wait4(2) says.
type Usage struct {
	MaxRSSBytes   int64   `json:"max_rss_bytes"`
	UserSeconds   float64 `json:"user_seconds"`
	SystemSeconds float64 `json:"system_seconds"`
	MinorFaults   int64   `json:"minor_faults"`
	MajorFaults   int64   `json:"major_faults"`
	BlocksIn      int64   `json:"blocks_in"`
	BlocksOut     int64   `json:"blocks_out"`
	// Switches are the times it waited, and those it was made to.
	Voluntary   int64 `json:"voluntary_switches"`
	Involuntary int64 `json:"involuntary_switches"`
}

// Sample is the memory of a process at a time somebody looked.
type Sample struct {
	At    time.Time `json:"at"`
	Bytes uint64    `json:"bytes"`
}

// Series is where an end stands among those that followed each other and were alike.
type Series struct {
	// Number counts from 1.
	Number int `json:"number"`
	// First is the directory of the first one; those between it and this one were
	// not kept.
	First string `json:"first"`
}

// Between is how many ends between the first one of the series and this one were not
// kept.
func (s Series) Between() int { return max(0, s.Number-2) }

// End is what somebody saw of an end, beyond the report.
type End struct {
	Report
	// Dir is the working directory of the process, and Program what it ran.
	Dir     string
	Program string
	// Env is its environment, KEY=value; nil if nobody knows. Values of what looks
	// like a secret are not kept.
	Env []string
	// Stdout and Stderr are what it wrote.
	Stdout, Stderr Output
}

// Output is what one process wrote to a file that others write to as well.
type Output struct {
	File     string
	From, To int64
}

const timeFormat = "20060102T150405.000Z"

// name is the directory for a report.
func (r *Report) name() string {
	return fmt.Sprintf("%s-%s-%d", r.Node, r.EndedAt.UTC().Format(timeFormat), r.PID)
}

func (r *Report) note(format string, args ...any) {
	r.Notes = append(r.Notes, fmt.Sprintf(format, args...))
}

// lasted is how long the process lived, 0 if nobody knows.
func (r *Report) lasted() time.Duration {
	if r.StartedAt == nil {
		return 0
	}
	return r.EndedAt.Sub(*r.StartedAt)
}

// alike says whether two processes ended in the same way.
func (r *Report) alike(other *Report) bool {
	same := func(a, b *int) bool { return a == b || a != nil && b != nil && *a == *b }
	return r.Node == other.Node && same(r.Code, other.Code) && same(r.Signal, other.Signal)
}
