package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"zctl/nodes/cluster"
	"zctl/nodes/event"
)

// CreateMaster makes this node the master of a store (Broker::create_master), with what
// its backend has. There should be one in a cluster: if another node is master of a store
// of that name, writes are [ErrConflict], [Store.WaitReady] says so, and so does the log,
// on both. If this node has the master already, that is returned.
func CreateMaster(c *cluster.Cluster, name string, o MasterOptions) (*Store, error) {
	used := false
	s, err := create(c, name, true, o.Log, func() (engine, error) {
		used = true
		return newMasterEngine(c, o)
	})
	if !used && o.Backend != nil {
		err = errors.Join(err, o.Backend.Close())
	}
	return s, err
}

// CreateClone makes a copy of a store on this node (Broker::create_clone). The master may
// come later. If this node has the clone already, that is returned; if it has the master,
// that is an error.
func CreateClone(c *cluster.Cluster, name string, o CloneOptions) (*Store, error) {
	return create(c, name, false, o.Log, func() (engine, error) {
		o = o.withDefaults()
		return &cloneEngine{cloneSide: newCloneSide(newCloneID(c), o.ResyncInterval), o: o}, nil
	})
}

// clones numbers the clones of this process, so that each is another writer.
var clones atomic.Uint64

func newCloneID(c *cluster.Cluster) string { return fmt.Sprintf("%s/%d", c.NodeID(), clones.Add(1)) }

func newMasterEngine(c *cluster.Cluster, o MasterOptions) (engine, error) {
	contents, sessions := &Contents{}, []Session(nil)
	if o.Backend != nil {
		err := o.Backend.Load(context.Background(), func(key, value event.Value, deadline time.Time) error {
			contents.Follow(Change{Kind: ChangePut, Key: key, Value: value, Deadline: deadline})
			return nil
		})
		if err == nil {
			sessions, err = o.Backend.Sessions()
		}
		if err != nil {
			return nil, errors.Join(err, o.Backend.Close())
		}
	}
	return &masterEngine{masterSide: newMasterSide(contents, sessions, c.NodeID(), time.Now()), backend: o.Backend}, nil
}

// stores is the stores of each cluster that are open, by name.
var stores struct {
	creating sync.Mutex // held while one is opened, which may take as long as it is large

	mu  sync.Mutex // guards all
	all map[*cluster.Cluster]map[string]*Store
}

// isOpen is the store of that name, nil if it is not open.
func isOpen(c *cluster.Cluster, name string) *Store {
	stores.mu.Lock()
	defer stores.mu.Unlock()
	return stores.all[c][name]
}

// note puts the store among those that are open.
func (s *Store) note() {
	stores.mu.Lock()
	defer stores.mu.Unlock()
	if stores.all == nil {
		stores.all = map[*cluster.Cluster]map[string]*Store{}
	}
	if stores.all[s.c] == nil {
		stores.all[s.c] = map[string]*Store{}
	}
	stores.all[s.c][s.name] = s
}

// create opens a store, unless it is open already.
func create(c *cluster.Cluster, name string, master bool, log *slog.Logger, make func() (engine, error)) (*Store, error) {
	s := &Store{name: name, master: master, c: c, topics: topicsOf(name), log: log}
	if err := checkName(name); err != nil {
		return nil, fmt.Errorf("cannot create %v: %w", s, err)
	}
	stores.creating.Lock()
	defer stores.creating.Unlock()
	if open := isOpen(c, name); open != nil {
		if open.master != master {
			return nil, fmt.Errorf("cannot create %v: this node has the %v", s, open)
		}
		return open, nil
	}
	var err error
	if s.engine, err = make(); err != nil {
		return nil, fmt.Errorf("cannot create %v: %w", s, err)
	}
	if err := s.begin(); err != nil { // which notes it
		_, ended := s.engine.end(time.Now())
		return nil, fmt.Errorf("cannot create %v: %w", s, errors.Join(err, ended))
	}
	return s, nil
}

// begin subscribes the store's topics, and has it run until it is closed, or the node
// leaves.
func (s *Store) begin() error {
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.wake, s.stop, s.ended = make(chan struct{}, 1), make(chan struct{}), make(chan struct{})
	topics := []string{s.topics.clones}
	if e, is := s.engine.(*cloneEngine); is {
		topics = append(topics, s.topics.clone(e.id))
	} else {
		topics = append(topics, s.topics.master)
	}
	var undo []func()
	end := func() {
		for _, f := range undo {
			f()
		}
	}
	for _, topic := range topics {
		undo = append(undo, s.c.Intercept(topic, s.received))
		if err := s.c.Subscribe(topic); err != nil {
			end()
			return err
		}
		undo = append(undo, func() { s.c.Unsubscribe(topic) })
	}
	s.close = sync.OnceValue(func() error { defer end(); return s.shut() })
	s.note()
	undo = append(undo, s.c.OnLeave(func() {
		if err := s.Close(); err != nil {
			s.log.Error("a store was not closed as it should be", "err", err)
		}
	}))
	s.show(time.Now())
	go s.run()
	return nil
}

// received takes a message from the bus.
func (s *Store) received(r cluster.Received) {
	if s.inbox.put(r) {
		s.poke()
	}
}

// Close closes the store (Broker::close). A master first writes what it has applied, and a
// clone sends what it can; a write that is not resolved by then fails. The error is that of
// the backend. A store is closed, too, when its node leaves the bus.
func (s *Store) Close() error { return s.close() }

// closeLinger is how long a clone that is closed waits for its master's answers.
const closeLinger = 500 * time.Millisecond

// shut is Close.
func (s *Store) shut() error {
	s.intake.close()
	s.linger()
	close(s.stop)
	<-s.ended
	now := time.Now()
	s.round(nil, nil)
	for s.writes(now) {
	}
	f, err := s.engine.end(now)
	f.resolved = append(f.resolved, s.intake.giveUp()...)
	s.out(f)
	s.abandon()
	s.contents.Store(nil)
	s.board.set(status{closed: true}, s.engine.stats())
	s.forget()
	if err != nil {
		return s.failed("close", err)
	}
	return nil
}

// linger waits for a while until all writes are resolved, if there is a master.
func (s *Store) linger() {
	for end := time.Now().Add(closeLinger); time.Now().Before(end); time.Sleep(time.Millisecond) {
		now, _ := s.board.read()
		if left, _ := s.intake.unresolved(); left == 0 || now.away || now.refusing != nil {
			return
		}
	}
}

// forget takes the store out of those that are open.
func (s *Store) forget() {
	stores.mu.Lock()
	defer stores.mu.Unlock()
	delete(stores.all[s.c], s.name)
	if len(stores.all[s.c]) == 0 {
		delete(stores.all, s.c)
	}
}
