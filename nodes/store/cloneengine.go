package store

import "time"

// cloneEngine is a clone: its side of the protocol, and what becomes of it without a
// master.
type cloneEngine struct {
	*cloneSide
	o  CloneOptions
	on bool // the bus
}

func (e *cloneEngine) joined(now time.Time) {
	e.on = true
	e.cloneSide.tick(now)
}

func (e *cloneEngine) full() bool { return false }

func (e *cloneEngine) add(writes []*Write, now time.Time) { e.writer.add(writes) }

func (e *cloneEngine) tick(now time.Time) {
	if e.on {
		e.cloneSide.tick(now)
	}
	if e.away(now) {
		e.writer.giveUp(e.heard, now.Add(-max(0, e.o.MutationBufferInterval)))
	}
}

func (e *cloneEngine) shown() *Contents { return e.contents }
func (e *cloneEngine) watch(on bool)    { e.watched = on }

func (e *cloneEngine) news() news {
	n := news{e.swapped, e.changes}
	e.swapped, e.changes = nil, nil
	return n
}

func (e *cloneEngine) flush(now time.Time) (f flushed) {
	e.send(now)
	f.posts, f.resolved = e.taken(), e.writer.resolved
	e.writer.resolved = nil
	return f
}

func (e *cloneEngine) status(now time.Time) status {
	st := status{ready: e.follows && !e.away(now), away: e.away(now)}
	st.stale = e.contents == nil || e.o.StaleInterval >= 0 && now.Sub(e.heard) >= e.o.StaleInterval
	if st.away && e.o.MutationBufferInterval < 0 {
		st.refusing = ErrNoMaster
	}
	return st
}

func (e *cloneEngine) stats() Stats {
	s := Stats{Epoch: e.epoch, Version: e.version, Resyncs: e.transfer}
	if e.contents != nil {
		s.Entries = e.contents.Len()
	}
	return s
}

// end sends what can be sent, and gives up the rest: nobody will hear the answers.
func (e *cloneEngine) end(now time.Time) (flushed, error) {
	f := e.flush(now)
	for _, w := range e.writer.queue {
		if w.sent {
			w.fail(ErrUnknown)
		} else {
			w.fail(ErrClosed)
		}
	}
	f.resolved = append(f.resolved, e.writer.queue...)
	return f, nil
}
