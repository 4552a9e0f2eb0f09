package table

import (
	"math/bits"
	"slices"
	"strings"
	"time"

	"zctl/nodes/event"
)

// ChangeKind is what happened to an entry: Zeek's TableChange.
type ChangeKind uint8

// The kinds of changes. A set of them is a sum.
const (
	ElementNew     ChangeKind = 1 << iota // there was none: TABLE_ELEMENT_NEW
	ElementChanged                        // it has another value: TABLE_ELEMENT_CHANGED
	ElementRemoved                        // it was deleted: TABLE_ELEMENT_REMOVED
	ElementExpired                        // it became too old: TABLE_ELEMENT_EXPIRED

	// AllChanges is all of them.
	AllChanges = ElementNew | ElementChanged | ElementRemoved | ElementExpired
)

// enums is what Zeek calls the kinds, by their bits. The names are of its global module
// (spec: wire 4.4).
var enums = [...]event.Enum{"TABLE_ELEMENT_NEW", "TABLE_ELEMENT_CHANGED", "TABLE_ELEMENT_REMOVED", "TABLE_ELEMENT_EXPIRED"}

// kindOf is the kind of that name, 0 if there is none.
func kindOf(name event.Enum) ChangeKind {
	if i := slices.Index(enums[:], name); i >= 0 {
		return 1 << i
	}
	return 0
}

// enum is Zeek's name of one kind.
func (k ChangeKind) enum() event.Enum { return enums[bits.TrailingZeros8(uint8(k))] }

// String is Zeek's names of the kinds in a set.
func (k ChangeKind) String() string {
	var names []string
	for i, name := range enums {
		if k&(1<<i) != 0 {
			names = append(names, string(name))
		}
	}
	return strings.Join(names, "|")
}

// gone says whether the entry is not there any more.
func (k ChangeKind) gone() bool { return k == ElementRemoved || k == ElementExpired }

// Change is what happened to one entry.
type Change[K comparable, V any] struct {
	Kind ChangeKind
	Key  K
	// Value is the new value, or the one that is gone.
	Value V
	// Previous is the value before; of ElementChanged.
	Previous V
	// At is when it happened, by the clock of who did it.
	At time.Time
	// Node is the node id of who did it, "" if that is not known: a store does not
	// tell.
	Node string
}
