package store

import (
	"time"

	"zctl/nodes/event"
)

// Change is what came of an operation, or of time that passed: all that somebody
// needs to know who keeps a copy (spec: cluster-framework 2.3).
type Change struct {
	Kind       ChangeKind
	Key, Value event.Value
	// Deadline is when a put entry goes away; zero is never.
	Deadline time.Time
}

// ChangeKind is what happened to an entry. The numbers are told on the bus.
type ChangeKind uint8

// The kinds of changes.
const (
	_            ChangeKind = iota
	ChangePut               // Key has Value now
	ChangeErase             // Key is gone
	ChangeExpire            // Key is gone since its time was over
	ChangeClear             // everything is gone
)

// String is put, erase, expire or clear.
func (k ChangeKind) String() string {
	switch k {
	case ChangePut:
		return "put"
	case ChangeErase:
		return "erase"
	case ChangeExpire:
		return "expire"
	case ChangeClear:
		return "clear"
	}
	return "unknown change"
}
