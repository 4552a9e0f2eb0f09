package store

import (
	"context"
	"log/slog"
	"time"

	"zctl/nodes/cluster"
)

// run does all that a store does, until it is closed.
func (s *Store) run() {
	defer close(s.ended)
	ctx, cancel := context.WithCancel(context.Background())
	joined := make(chan struct{})
	waiting := make(chan struct{})
	go func() {
		defer close(waiting)
		if s.c.WaitReady(ctx) == nil {
			close(joined)
		}
	}()
	defer func() { cancel(); <-waiting }()
	ticker := time.NewTicker(tickInterval)
	defer ticker.Stop()
	var batch []cluster.Received
	for {
		select {
		case <-s.wake:
			batch = s.round(batch, nil)
		case <-ticker.C:
			batch = s.round(batch, s.engine.tick)
		case <-joined:
			joined = nil
			batch = s.round(batch, s.engine.joined)
		case <-s.stop:
			return
		}
	}
}

// round does what there is to do, and one thing more.
func (s *Store) round(batch []cluster.Received, also func(now time.Time)) []cluster.Received {
	now := time.Now()
	batch, more := s.inbox.take(batch)
	for i := range batch {
		s.message(&batch[i], now)
	}
	clear(batch)
	writes := s.writes(now)
	s.locked(func() {
		if also != nil {
			also(now)
		}
	})
	s.out(s.engine.flush(now))
	s.show(now)
	if more || writes {
		s.poke()
	}
	return batch
}

// locked lets the engine do something, and tells watchers what came of it.
func (s *Store) locked(do func()) {
	s.mu.Lock()
	watching := s.watchers.now()
	s.engine.watch(len(watching) > 0)
	do()
	s.mu.Unlock()
	s.engine.news().tell(watching)
}

// message takes one message.
func (s *Store) message(r *cluster.Received, now time.Time) {
	msg, err := decode(r.Event)
	if err != nil {
		s.counters.malformed.Add(1)
		s.log.Debug("ignoring a message of a store", "sender", r.Sender, "err", err)
		return
	}
	s.locked(func() { s.engine.receive(r.Sender, msg, now) })
}

// writes hands writes to the engine, and says whether there are more.
func (s *Store) writes(now time.Time) (more bool) {
	if s.engine.full() {
		return false
	}
	writes, more := s.intake.take()
	if len(writes) > 0 {
		s.locked(func() { s.engine.add(writes, now) })
	}
	return more
}

// abandon fails the writes that the engine has not taken.
func (s *Store) abandon() {
	for more := true; more; {
		var writes []*Write
		writes, more = s.intake.take()
		for _, w := range writes {
			w.fail(ErrClosed)
		}
		s.out(flushed{resolved: writes})
	}
}

// out does what follows from a round.
func (s *Store) out(f flushed) {
	for _, p := range f.posts {
		topic := s.topics.master
		switch p.to {
		case toMaster:
		case toClones:
			topic = s.topics.clones
		default:
			topic = s.topics.clone(p.to)
		}
		if err := s.c.PublishEvent(context.Background(), topic, p.msg.event()); err != nil {
			s.counters.unsent.Add(1) // it is as good as lost on the bus
		}
	}
	for _, w := range f.resolved {
		w.resolve()
	}
	if len(f.resolved) > 0 {
		s.intake.resolved(f.resolved)
	}
	for _, c := range f.complaints {
		s.log.Warn(c.what, append([]any{slog.String("store", s.name)}, c.args...)...)
	}
}

// show lets everybody see how the store is.
func (s *Store) show(now time.Time) {
	st := s.engine.status(now)
	contents := s.engine.shown()
	if st.stale {
		contents = nil
	}
	if s.contents.Load() != contents {
		s.contents.Store(contents)
	}
	if st.refusing == nil {
		s.refuses.Store(nil)
	} else if r := s.refuses.Load(); r == nil || *r != st.refusing {
		s.refuses.Store(&st.refusing)
	}
	s.board.set(st, s.engine.stats())
}
