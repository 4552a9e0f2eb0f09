package logstream

import "fmt"

// Policy is what becomes of a batch for which there is no room in memory.
type Policy int

const (
	// DropNewest drops the batch that comes, whole, and counts it: Zeek's way
	// (spec: wire 1.5).
	DropNewest Policy = iota
	// Block makes Write wait.
	Block
	// Spill keeps batches in files while no logger takes them. Those that the
	// files have no room for are dropped.
	Spill
)

var policies = [...]string{"drop", "block", "spill"}

// String is the policy's name: drop, block or spill.
func (p Policy) String() string { return policies[p] }

// ParsePolicy reads a policy's name.
func ParsePolicy(name string) (Policy, error) {
	for p, text := range policies {
		if text == name {
			return Policy(p), nil
		}
	}
	return 0, fmt.Errorf("cannot use the log policy %q: it has to be drop, block or spill", name)
}
