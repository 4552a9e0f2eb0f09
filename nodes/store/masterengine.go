package store

import (
	"context"
	"errors"
	"time"

	"zctl/nodes/internal/damp"
)

// retryWrite is how often a backend that failed is tried again.
const retryWrite = time.Second

// masterEngine is a master: its side of the protocol, its backend, and the writes of its
// own node.
type masterEngine struct {
	*masterSide
	backend Backend
	local   []*Write // applied, but not yet on disk
	failing error    // why the backend did not take what is pending
	retry   time.Time
	damped  damp.Damper
	told    int // changes that watchers have been told, of those since the last commit
	watched bool
}

func (e *masterEngine) receive(from string, msg message, now time.Time) {
	if _, is := msg.(write); is && e.full() {
		return // it will be sent again
	}
	e.masterSide.receive(from, msg, now)
}

// full says whether no more writes are taken, since those that there are cannot be kept.
func (e *masterEngine) full() bool { return e.failing != nil }

func (e *masterEngine) add(writes []*Write, now time.Time) {
	for _, w := range writes {
		if e.state == yielded {
			w.fail(ErrConflict)
		} else {
			w.outcome(e.apply(&w.op, now))
		}
	}
	e.local = append(e.local, writes...)
}

func (e *masterEngine) shown() *Contents { return e.contents }
func (e *masterEngine) watch(on bool)    { e.watched = on }

// news is the changes that are made, also if they are not yet on disk.
func (e *masterEngine) news() (n news) {
	if e.watched {
		n.changes = e.changes[e.told:]
	}
	e.told = len(e.changes)
	return n
}

// flush puts on disk what is pending, and then tells of it. While that fails the master
// says that it is alive, and nothing more.
func (e *masterEngine) flush(now time.Time) (f flushed) {
	if e.save(now) {
		f.posts, f.resolved = e.committed(), e.local
		e.local, e.told = nil, 0
	} else {
		f.posts, e.posts = e.posts, nil
	}
	f.complaints, e.complaints = e.complaints, nil
	return f
}

// save says whether all that is pending is on disk.
func (e *masterEngine) save(now time.Time) bool {
	changes, sessions := e.pending()
	if e.backend == nil || len(changes) == 0 && len(sessions) == 0 {
		return true
	}
	if e.failing != nil && now.Before(e.retry) {
		return false
	}
	e.failing = e.backend.Write(context.Background(), changes, sessions)
	if e.failing != nil {
		e.retry = now.Add(retryWrite)
		e.damped.Do(now, func(more int) {
			e.complaints.add("cannot write to the backend; writes wait until it can", "err", e.failing, "suppressed", more)
		})
	}
	return e.failing == nil
}

func (e *masterEngine) status(time.Time) status {
	st := status{ready: e.state == serving}
	if e.state == yielded {
		st.refusing = ErrConflict
	}
	return st
}

func (e *masterEngine) stats() Stats {
	return Stats{
		Master: true, Epoch: e.epoch, Version: e.version, Entries: e.contents.Len(),
		Writers: len(e.sessions.byID), Transfers: len(e.transfers.byClone), Conflict: e.state == yielded,
	}
}

func (e *masterEngine) end(now time.Time) (flushed, error) {
	e.retry = time.Time{}
	f := e.flush(now)
	for _, w := range e.local {
		w.fail(e.failing)
	}
	f.resolved = append(f.resolved, e.local...)
	e.close()
	if e.backend == nil {
		return f, nil
	}
	return f, errors.Join(e.failing, e.backend.Close())
}
