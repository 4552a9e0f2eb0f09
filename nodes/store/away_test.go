package store

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"zctl/nodes/event"
)

// pass lets time pass, and everything happen that does, in steps as in life.
func (s *sim) pass(d time.Duration) {
	for end := s.now.Add(d); s.now.Before(end); {
		s.tick(tickInterval)
		for s.deliver() {
		}
	}
}

// partition cuts clone i from the master; join undoes all cuts.
func (s *sim) partition(i int) {
	c := s.clones[i].process
	s.cut[[2]string{s.master.id, c}], s.cut[[2]string{c, s.master.id}] = true, true
	s.links[[2]string{s.master.id, c}], s.links[[2]string{c, s.master.id}] = nil, nil
}

// join makes well, and what was sent meanwhile is lost.
func (s *sim) join() {
	for link := range s.cut {
		s.links[link] = nil
	}
	clear(s.cut)
}

// put has a clone put something.
func (s *sim) put(i int, key string) *Write {
	op := Op{Kind: OpPut, Key: event.String(key), Value: event.Count(1)}
	w := &Write{op: op, at: s.now, size: op.size()}
	s.clones[i].e.add([]*Write{w}, s.now)
	s.flushClone(s.clones[i])
	return w
}

// TestBuffer: writes without a master are kept for as long as the clone's option says, and
// then given up; what is given up never comes.
func TestBuffer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		interval, cut time.Duration
		kept          bool
	}{
		{20 * time.Second, 10 * time.Second, true},
		{20 * time.Second, 19 * time.Second, true},
		{20 * time.Second, 40 * time.Second, false},
		{0, 110 * time.Second, true}, // the default is two minutes
		{0, 130 * time.Second, false},
		{-1, 10 * time.Second, false},
	} {
		t.Run(fmt.Sprint(c.interval, " ", c.cut), func(t *testing.T) {
			s := newSim(t, 1, 0, true)
			s.clone(CloneOptions{MutationBufferInterval: c.interval})
			s.pass(2 * time.Second)
			s.partition(0)
			s.pass(6 * time.Second) // now it is away
			w := s.put(0, "k")
			s.pass(c.cut)
			s.join()
			s.pass(20 * time.Second)
			_, has := s.master.e.contents.Get(event.String("k"))
			if has != c.kept || !w.resolved || (w.Err() == nil) != c.kept {
				t.Errorf("the master has it: %t, want %t; resolved %t: %v", has, c.kept, w.resolved, w.Err())
			}
			if !c.kept && !errors.Is(w.Err(), ErrNoMaster) {
				t.Errorf("error %v", w.Err())
			}
			later := s.put(0, "later")
			s.pass(2 * time.Second)
			if _, has := s.master.e.contents.Get(event.String("later")); !has || later.Err() != nil || !later.resolved {
				t.Errorf("a later write: at the master %t, resolved %t: %v", has, later.resolved, later.Err())
			}
		})
	}
}

// TestUnknown: of a write that was under way when the master went for too long, nobody
// knows; it is not sent again.
func TestUnknown(t *testing.T) {
	t.Parallel()
	s := newSim(t, 1, 1, true)
	s.pass(2 * time.Second)
	w := s.put(0, "k")
	s.partition(0)
	s.pass(time.Minute)
	if !w.resolved || !errors.Is(w.Err(), ErrUnknown) {
		t.Errorf("resolved %t: %v", w.resolved, w.Err())
	}
	s.join()
	s.pass(10 * time.Second)
	if _, has := s.master.e.contents.Get(event.String("k")); has {
		t.Error("it was sent again")
	}
}

// TestStale: a clone answers until its master has been away for as long as its option says,
// and again when it is back.
func TestStale(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		interval, cut time.Duration
		stale         bool
	}{
		{30 * time.Second, 25 * time.Second, false},
		{30 * time.Second, 35 * time.Second, true},
		{0, 4 * time.Minute, false}, // the default is five minutes
		{0, 6 * time.Minute, true},
		{-1, time.Hour, false},
	} {
		s := newSim(t, 1, 0, true)
		e := s.clone(CloneOptions{StaleInterval: c.interval}).e
		if !e.status(s.now).stale {
			t.Error("a clone without contents is not stale")
		}
		s.pass(2 * time.Second)
		s.partition(0)
		s.pass(c.cut)
		if st := e.status(s.now); st.stale != c.stale || !st.away {
			t.Errorf("%v after %v: stale %t, away %t", c.interval, c.cut, st.stale, st.away)
		}
		s.join()
		s.pass(2 * time.Second)
		if st := e.status(s.now); st.stale || st.away || !st.ready {
			t.Errorf("%v after %v, and back: %+v", c.interval, c.cut, st)
		}
	}
}

// TestResync: a clone that hears nobody looks for a master as often as its option says.
func TestResync(t *testing.T) {
	t.Parallel()
	s := newSim(t, 1, 0, true)
	s.clone(CloneOptions{ResyncInterval: 3 * time.Second})
	s.clone(CloneOptions{})
	s.pass(2 * time.Second)
	s.partition(0)
	s.partition(1)
	s.pass(10 * time.Second)
	before := [2]int{}
	for i := range before {
		before[i] = len(s.links[[2]string{s.clones[i].process, s.master.id}])
	}
	s.pass(30 * time.Second)
	for i, want := range []int{10, 3} {
		if n := len(s.links[[2]string{s.clones[i].process, s.master.id}]) - before[i]; n != want {
			t.Errorf("clone %d asked %d times in 30 seconds, want %d", i, n, want)
		}
	}
}

// TestRepeat: a clone that missed a little asks for that, one that missed more than the
// master remembers begins again; both have all in the end.
func TestRepeat(t *testing.T) {
	t.Parallel()
	for _, many := range []bool{false, true} {
		s := newSim(t, 1, 2, true)
		s.pass(2 * time.Second)
		transfer := s.clones[0].e.transfer
		if many {
			s.master.e.history.most = 5000
		}
		s.partition(0)
		for i := range 200 {
			s.put(1, fmt.Sprint(i))
			s.pass(tickInterval / 10)
		}
		s.join()
		s.pass(3 * time.Second)
		if n := s.clones[0].e.contents.Len(); n != 200 {
			t.Errorf("it has %d of 200", n)
		}
		if again := s.clones[0].e.transfer != transfer; again != many {
			t.Errorf("missed more than there is: %t, began again: %t", many, again)
		}
	}
}
