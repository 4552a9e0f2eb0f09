package supervisor

import (
	"cmp"
	"errors"
	"fmt"
	"time"
)

// DeployOptions is how a deploy is to be carried out, and what history says of it.
type DeployOptions struct {
	// Verb is what somebody asked for: "deploy" (also ""), or "rollback".
	Verb string `json:"verb,omitempty"`
	// UID is the user who asked; the server fills it in with who is at the other
	// end of the socket.
	UID int `json:"-"`
	// For is the name of the user for whom that one asked, as sudo tells, "" without
	// one. Nobody checks it.
	For string `json:"for,omitempty"`

	// MetricsLater does not refuse a deployment whose [Metrics] cannot be served yet, but
	// tries again: at boot an address may come later than the supervisor.
	MetricsLater bool `json:"metrics_later,omitempty"`

	// Rolling replaces nodes step by step, each waited for, and stops when one does
	// not come up. The rest is for that.
	Rolling bool `json:"rolling,omitempty"`
	// MaxUnavailable is how many nodes that run are replaced at a time; 0: one.
	MaxUnavailable int `json:"max_unavailable,omitempty"`
	// Canary is the nodes that are replaced before the others: names, globs or groups.
	Canary []string `json:"canary,omitempty"`
	// ReadyWithin is how long the nodes of a step may take to become ready; 0:
	// [DefaultReadyWithin].
	ReadyWithin time.Duration `json:"ready_within,omitempty"`
	// Observe is how long the nodes of a step must stay ready before the next step.
	Observe time.Duration `json:"observe,omitempty"`
}

// DefaultReadyWithin is how long the nodes of a step may take if nobody says.
const DefaultReadyWithin = time.Minute

// DefaultKeepGenerations is how many generations are kept if nobody says.
const DefaultKeepGenerations = 10

// check reports options that mean nothing.
func (o DeployOptions) check() error {
	var problem string
	switch {
	case o.MaxUnavailable < 0:
		problem = fmt.Sprintf("cannot replace %d nodes at a time; give 1 or more", o.MaxUnavailable)
	case o.ReadyWithin < 0 || o.Observe < 0:
		problem = "cannot wait for less than no time"
	default:
		return nil
	}
	return &InvalidError{[]error{errors.New(problem)}}
}

func (o DeployOptions) readyWithin() time.Duration { return cmp.Or(o.ReadyWithin, DefaultReadyWithin) }

// Longest is how long a rolling deploy may take at the very most.
func (o DeployOptions) Longest(changes []Change, nodes []Spec) time.Duration {
	stop := stuckAfter
	for _, spec := range nodes {
		stop = max(stop, spec.StopTimeout+stuckAfter)
	}
	steps := 1
	for _, c := range changes {
		steps = max(steps, c.Step)
	}
	return time.Duration(steps+1) * (o.readyWithin() + o.Observe + 2*stop)
}
