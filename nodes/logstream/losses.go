package logstream

import (
	"errors"

	"zctl/nodes/logstream/spill"
)

// Losses is records that were dropped, by why.
type Losses struct {
	NoRoom    uint64 // no logger took them, and memory for them was full
	SpillFull uint64 // the files for them had reached their bound
	Ended     uint64 // the node ended before a logger took them
	Failed    uint64 // they could not be sent, or not be written to the files
}

func (l *Losses) add(records uint64, cause error) {
	switch {
	case errors.Is(cause, errNoRoom):
		l.NoRoom += records
	case errors.Is(cause, spill.ErrFull):
		l.SpillFull += records
	case errors.Is(cause, errLeft):
		l.Ended += records
	default:
		l.Failed += records
	}
}
