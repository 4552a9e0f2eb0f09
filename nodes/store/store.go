package store

import (
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"zctl/nodes/cluster"
)

// Store is a handle on a data store (Broker::Store): the master's, or a clone's that has
// a copy. Reads are of what is here. Writes go to the master, and never wait; they come
// back to the copy in the master's order. Its methods may be called from any goroutine.
type Store struct {
	name   string
	master bool
	c      *cluster.Cluster
	topics topics
	log    *slog.Logger

	mu       sync.RWMutex // guards what engine shows; only run changes it
	engine   engine
	contents atomic.Pointer[Contents] // nil: there is nothing to be read
	refuses  atomic.Pointer[error]    // why writes are refused, nil if they are not

	inbox    inbox
	intake   intake
	wake     chan struct{} // holds a token when there may be something to do
	watchers watchers
	board    statusBoard
	counters counters

	stop, ended chan struct{}
	close       func() error
}

// engine is one of the protocol's sides, and what the other one does not have. Calls come
// from one goroutine.
type engine interface {
	// With Store.mu locked: whether there will be news; the bus is joined, a message came,
	// writes are wanted, unless there are too many already, time passes.
	watch(bool)
	joined(now time.Time)
	receive(from string, msg message, now time.Time)
	add(writes []*Write, now time.Time)
	full() bool
	tick(now time.Time)
	// Without: contents for readers, what there is to tell watchers, what is to be
	// published and resolved, and how things are.
	shown() *Contents
	news() news
	flush(now time.Time) flushed
	status(now time.Time) status
	stats() Stats
	// end does what is left to do.
	end(now time.Time) (flushed, error)
}

// flushed is what comes out of a round.
type flushed struct {
	posts      []post
	resolved   []*Write
	complaints complaints
}

// Name is the store's name (Broker::store_name), IsMaster whether this node is its master,
// IsClosed whether it was closed here (Broker::is_closed).
func (s *Store) Name() string   { return s.name }
func (s *Store) IsMaster() bool { return s.master }
func (s *Store) IsClosed() bool {
	now, _ := s.board.read()
	return now.closed
}

// String is what the store is called in messages.
func (s *Store) String() string {
	if s.master {
		return fmt.Sprintf("master of store %q", s.name)
	}
	return fmt.Sprintf("clone of store %q", s.name)
}

// poke wakes run.
func (s *Store) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}
