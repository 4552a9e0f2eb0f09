package supervisor

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"zctl/cpuaffinity"
	"zctl/layoutgen"
	"zctl/supervisor/generation"
)

// Deployment is what should run: what zctl deploy hands to the supervisor.
type Deployment struct {
	// Cluster is the cluster's name.
	Cluster string `json:"cluster"`
	// OnSupervisorExit is layoutgen.ExitKeep or layoutgen.ExitKill.
	OnSupervisorExit string `json:"on_supervisor_exit"`
	// GiveUpAfter is how many deaths in a row make a node failed; 0: never.
	GiveUpAfter int `json:"give_up_after"`
	// Files are written to the work directory of every node, by name.
	Files map[string]string `json:"files"`
	// Config is the text of the configuration file, "" for the embedded default; it
	// is kept with the generation, for people.
	Config string `json:"config,omitempty"`
	// KeepGenerations is how many generations are kept; 0: [DefaultKeepGenerations].
	KeepGenerations int `json:"keep_generations,omitempty"`
	// KeepCrashes and CrashExpire are how many crashes of each node are kept, and how
	// long; nil, 0: [DefaultKeepCrashes], for ever.
	KeepCrashes *int          `json:"keep_crashes,omitempty"`
	CrashExpire time.Duration `json:"crash_expire,omitempty"`
	// Bus is where to see who is on the bus, which tells whether Zeek nodes are
	// ready; nil where there are none.
	Bus *Bus `json:"bus,omitempty"`
	// MetricsAddress is the IP address at which nodes serve their own numbers, "" if
	// each does at its own.
	MetricsAddress string `json:"metrics_address,omitempty"`
	// Metrics is where the supervisor serves its numbers; nil: nowhere.
	Metrics *Metrics `json:"metrics,omitempty"`
	// Generation is the digest under which all this is kept. The supervisor fills it
	// in; somebody else does only to deploy a generation again.
	Generation string `json:"generation,omitempty"`
	// Nodes is every node of the cluster, in the order status shows them.
	Nodes []Spec `json:"nodes"`
}

// Spec is one node: what to run, and how to treat it.
type Spec struct {
	Name   string             `json:"name"`
	Type   layoutgen.NodeType `json:"type"`
	Engine string             `json:"engine"`

	// Argv is the program, as a path, and its arguments.
	Argv []string `json:"argv"`
	// Env is added to the environment, next to what every node gets.
	Env map[string]string `json:"env,omitempty"`
	// Site is the digest of the staged tree of site scripts that the node finds in
	// its ZEEKPATH, "" without one.
	Site      string `json:"site,omitempty"`
	Interface string `json:"interface,omitempty"`
	Address   string `json:"address,omitempty"`
	// Port and MetricsPort are 0 where the node has none.
	Port        int `json:"port,omitempty"`
	MetricsPort int `json:"metrics_port,omitempty"`
	Nice        int `json:"nice,omitempty"`
	// Joins is what the node must know of the others and cannot learn while it
	// runs, like the endpoints of the broker.
	Joins []string `json:"joins,omitempty"`
	// Limits is what the node may take and do. Some of it takes effect without a
	// restart, see there.
	Limits Limits `json:"limits,omitzero"`

	// The rest takes effect without a restart.

	// CPUs is what the node is pinned to; empty: it is not. Its threads are
	// born there; those of a node that runs are moved.
	CPUs cpuaffinity.List `json:"cpus"`
	// NotifyOnly is for programs that are known to say when they are ready.
	NotifyOnly bool `json:"notify_only,omitempty"`
	// ReadyBy is how it is known that the node is ready: "", by its notifications
	// or by ReadyAfter, or [ReadyByZeek].
	ReadyBy     string        `json:"ready_by,omitempty"`
	ReadyAfter  time.Duration `json:"ready_after"`
	StopTimeout time.Duration `json:"stop_timeout"`
}

// Digest names everything in the spec that only a new process can change.
func (s Spec) Digest() string {
	s.CPUs, s.NotifyOnly, s.ReadyBy, s.ReadyAfter, s.StopTimeout = nil, false, "", 0, 0
	s.Limits = s.Limits.ofProcess()
	text, err := json.Marshal(s) // maps are written in the order of their keys
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// differences says for people what a new process would have otherwise.
func (s Spec) differences(old Spec) string {
	var all []string
	note := func(what string, was, is any) {
		if a, b := fmt.Sprint(was), fmt.Sprint(is); a != b {
			all = append(all, fmt.Sprintf("%s %s -> %s", what, orNone(a), orNone(b)))
		}
	}
	note("type", old.Type, s.Type)
	note("engine", old.Engine, s.Engine)
	was, is := old.argsBesides(s), s.argsBesides(old)
	switch {
	case slices.Equal(old.Argv, s.Argv):
	case len(old.Argv) == 0 || len(s.Argv) == 0 || old.Argv[0] != s.Argv[0] || len(was)+len(is) == 0:
		note("command", strings.Join(old.Argv, " "), strings.Join(s.Argv, " "))
	default:
		note("arguments", strings.Join(was, " "), strings.Join(is, " "))
	}
	all = append(all, s.envDifferences(old)...)
	note("site scripts", short(old.Site), short(s.Site))
	note("interface", old.Interface, s.Interface)
	note("address", old.Address, s.Address)
	note("port", old.Port, s.Port)
	note("metrics port", old.MetricsPort, s.MetricsPort)
	note("nice", old.Nice, s.Nice)
	all = append(all, s.Limits.ofProcess().differences(old.Limits.ofProcess())...)
	if change := setChange(old.Joins, s.Joins); change != "" {
		all = append(all, "cluster "+change)
	}
	return strings.Join(all, ", ")
}

// argsBesides is the arguments that another spec does not have.
func (s Spec) argsBesides(other Spec) []string {
	return slices.DeleteFunc(slices.Clone(s.Argv), func(arg string) bool { return slices.Contains(other.Argv, arg) })
}

// envDifferences names the variables that differ; their values may be secrets. Those
// of CURVE are four with one meaning.
func (s Spec) envDifferences(old Spec) []string {
	var all []string
	curve := false
	for _, key := range slices.Sorted(maps.Keys(merged(old.Env, s.Env))) {
		switch {
		case old.Env[key] == s.Env[key]:
		case strings.HasPrefix(key, curveEnv):
			curve = true
		default:
			all = append(all, "env "+key)
		}
	}
	if curve {
		all = append(all, "keys of the bus")
	}
	return all
}

// setChange says what has gone from a list and what has come: "-a +b".
func setChange(old, now []string) string {
	var change []string
	for _, x := range old {
		if !slices.Contains(now, x) {
			change = append(change, "-"+x)
		}
	}
	for _, x := range now {
		if !slices.Contains(old, x) {
			change = append(change, "+"+x)
		}
	}
	return strings.Join(change, " ")
}

// short is as much of a digest as people need.
func short(digest string) string { return digest[:min(len(digest), 12)] }

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func merged(a, b map[string]string) map[string]string {
	all := maps.Clone(a)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, b)
	return all
}

// InvalidError is the error for a deployment that nobody could carry out.
type InvalidError struct{ problems []error }

func (e *InvalidError) Error() string { return errors.Join(e.problems...).Error() }

// Check reports what makes a deployment unusable, whoever sent it, as an
// [InvalidError].
func (d Deployment) Check(dirs Dirs) error {
	var errs []error
	if len(d.Nodes) == 0 {
		errs = append(errs, errors.New("there are no nodes in it; zctl shutdown stops all nodes"))
	}
	seen := map[string]bool{}
	for _, s := range d.Nodes {
		switch {
		case !validName(s.Name):
			errs = append(errs, fmt.Errorf("%q cannot be the name of a node", s.Name))
		case seen[s.Name]:
			errs = append(errs, fmt.Errorf("there are two nodes called %s", s.Name))
		case len(s.Argv) == 0:
			errs = append(errs, fmt.Errorf("node %s has no command", s.Name))
		case !slices.Contains(startOrder, s.Type):
			errs = append(errs, fmt.Errorf("node %s cannot be of type %q", s.Name, s.Type))
		case s.Site != "" && !generation.Valid(s.Site):
			errs = append(errs, fmt.Errorf("%q cannot be the digest of the site scripts of node %s", s.Site, s.Name))
		}
		if err := s.Limits.check(); err != nil {
			errs = append(errs, fmt.Errorf("cannot limit %s: %w", s.Name, err))
		}
		seen[s.Name] = true
	}
	for name := range d.Files {
		if !validName(name) {
			errs = append(errs, fmt.Errorf("%q cannot be the name of a file", name))
		}
	}
	if err := d.Metrics.check(); err != nil {
		errs = append(errs, err)
	}
	if err := dirs.checkSockets(d.Nodes); err != nil {
		errs = append(errs, err)
	}
	if len(errs) > 0 {
		return &InvalidError{errs}
	}
	return nil
}

// validName says whether name can name a directory entry and be typed.
func validName(name string) bool {
	return name != "" && len(name) <= 100 && name != "." && name != ".." &&
		!strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == '/' || r == 0x7f })
}
