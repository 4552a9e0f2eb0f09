package cluster

import (
	"log/slog"
	"sync/atomic"
	"time"
)

const (
	maxNotes     = 4096        // that wait; a disk that hangs costs the others
	warnBurst    = 20          // warnings of peers at once; strangers may send what they like
	warnInterval = time.Second // for one more
)

// notes is what a node says about its peers, on the way to where somebody may have to
// wait for a disk. Who reads the bus must not (spec: wire T6).
type notes struct {
	log     *slog.Logger
	write   func(at time.Time, line string)
	waiting chan note
	lost    atomic.Uint64 // for want of room

	// Of the goroutine that writes.
	spent      int // warnings, of warnBurst
	since      time.Time
	suppressed int
}

// note is one of them: a line of cluster.log, or a warning.
type note struct {
	at      time.Time
	line    string
	warning bool
}

func newNotes(o Options) *notes {
	return &notes{log: o.Log, write: o.WriteLog, waiting: make(chan note, maxNotes)}
}

// add takes notes, and waits for nothing.
func (n *notes) add(warning bool, lines ...string) {
	for _, line := range lines {
		select {
		case n.waiting <- note{time.Now(), line, warning}:
		default:
			n.lost.Add(1)
		}
	}
}

// run writes notes down until stop is closed, and then those that still wait.
func (n *notes) run(stop <-chan struct{}) {
	for {
		select {
		case next := <-n.waiting:
			n.put(next)
		case <-stop:
			for len(n.waiting) > 0 {
				n.put(<-n.waiting)
			}
			return
		}
	}
}

func (n *notes) put(next note) {
	if lost := n.lost.Swap(0); lost > 0 {
		n.log.Warn("too much happened to be written down", "lines", lost)
	}
	if !next.warning {
		n.write(next.at, next.line)
		return
	}
	if !n.mayWarn(next.at) {
		n.suppressed++
		return
	}
	var more []any
	if n.suppressed > 0 {
		more, n.suppressed = []any{"suppressed", n.suppressed}, 0
	}
	n.log.Warn(next.line, more...)
}

// mayWarn says whether one more warning is not too many, and counts it.
func (n *notes) mayWarn(now time.Time) bool {
	if more := int(now.Sub(n.since) / warnInterval); more > 0 {
		n.spent, n.since = max(0, n.spent-more), now
	}
	if n.spent == warnBurst {
		return false
	}
	n.spent++
	return true
}
