package supervisor

import (
	"fmt"
	"strings"

	"zctl/layoutgen"
)

// ChangeAction is what a deploy does to a node.
type ChangeAction string

const (
	ChangeStart   ChangeAction = "start"
	ChangeStop    ChangeAction = "stop"
	ChangeRestart ChangeAction = "restart"
	ChangeMove    ChangeAction = "move"  // to other CPUs, while it runs
	ChangeLimit   ChangeAction = "limit" // what it may take, while it runs
	ChangeNothing ChangeAction = "keep"
)

// Change is what a deploy would do to one node, and why.
type Change struct {
	Node   string       `json:"node"`
	Action ChangeAction `json:"action"`
	Why    string       `json:"why"`
	// Type is what the node is, or was if it is to go.
	Type layoutgen.NodeType `json:"type"`
	// New says that there is no such node yet.
	New bool `json:"new,omitempty"`
	// Step is when a rolling deploy does it, from 1; 0 in others.
	Step int `json:"step,omitempty"`
}

// replaces says whether a process begins or ends, rather than being left alone, or
// changed while it runs.
func (c Change) replaces() bool {
	return c.Action == ChangeStart || c.Action == ChangeStop || c.Action == ChangeRestart
}

// String is the change as a line of deploy --dry-run.
func (c Change) String() string {
	return fmt.Sprintf("%-7s  %s  (%s)", c.Action, c.Node, c.Why)
}

// Have is a node as it is, for [Diff].
type Have struct {
	Spec Spec
	// Digest is the spec that its process was started with, "" without one.
	Digest string
	// Up says that a process of the node runs, or is about to.
	Up bool
	// Generation is what its process runs, "" without one or if nobody knows.
	Generation string
}

// Diff says what has to happen to the nodes that are there so that they become
// the nodes that should be: one change for each node, in the order of want,
// behind it those that are to go.
func Diff(have []Have, want []Spec) []Change {
	old := make(map[string]Have, len(have))
	for _, h := range have {
		old[h.Spec.Name] = h
	}
	var changes []Change
	for _, spec := range want {
		h, exists := old[spec.Name]
		delete(old, spec.Name)
		c := Change{Node: spec.Name, Type: spec.Type, New: !exists}
		switch {
		case !exists:
			c.Action, c.Why = ChangeStart, "new"
		case !h.Up:
			c.Action, c.Why = ChangeStart, "not running"
		case h.Digest != spec.Digest():
			c.Action, c.Why = ChangeRestart, orChanged(spec.differences(h.Spec))
		default:
			c.Action, c.Why = inPlace(h.Spec, spec)
		}
		changes = append(changes, c)
	}
	for _, h := range have {
		if _, gone := old[h.Spec.Name]; gone {
			changes = append(changes, Change{Node: h.Spec.Name, Action: ChangeStop, Why: "not in the configuration", Type: h.Spec.Type})
		}
	}
	return changes
}

// inPlace is what has to be done to a process that can stay.
func inPlace(old, want Spec) (ChangeAction, string) {
	action, why := ChangeLimit, want.Limits.inPlace().differences(old.Limits.inPlace())
	if !old.CPUs.SameSet(want.CPUs) {
		action = ChangeMove
		why = append([]string{fmt.Sprintf("cpus %s -> %s", orNone(old.CPUs.String()), orNone(want.CPUs.String()))}, why...)
	}
	if len(why) == 0 {
		return ChangeNothing, "unchanged"
	}
	return action, strings.Join(why, ", ")
}

// orChanged covers a process whose old spec is not known.
func orChanged(differences string) string {
	if differences == "" {
		return "started with another configuration"
	}
	return differences
}
