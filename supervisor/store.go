package supervisor

import (
	"sync"
	"sync/atomic"
	"time"
)

// saveEvery is the shortest time between two writes of state.json that nobody
// waits for, and the time after which a failed one is tried again.
const (
	saveEvery  = 50 * time.Millisecond
	retryAfter = 5 * time.Second
)

// store writes state.json behind everybody's back: whoever changes something
// says so and goes on. Many changes make one write.
type store struct {
	dirs    Dirs
	collect func() savedState
	dirty   chan struct{} // of capacity 1: something changed
	problem atomic.Value  // string: why the last write failed, "" if it did not

	writing sync.Mutex // held while writing, so that an old state never replaces a newer one
}

func newStore(dirs Dirs, collect func() savedState) *store {
	s := &store{dirs: dirs, collect: collect, dirty: make(chan struct{}, 1)}
	s.problem.Store("")
	return s
}

// changed says that what collect returns has changed.
func (s *store) changed() {
	select {
	case s.dirty <- struct{}{}:
	default:
	}
}

// run writes until done is closed, and once more then.
func (s *store) run(done <-chan struct{}) {
	for {
		select {
		case <-s.dirty:
		case <-done:
			s.save()
			return
		}
		pause := saveEvery
		if s.save() != nil {
			s.changed()
			pause = retryAfter
		}
		select {
		case <-time.After(pause):
		case <-done:
		}
	}
}

// save writes now.
func (s *store) save() error {
	s.writing.Lock()
	defer s.writing.Unlock()
	state := s.collect()
	state.Version, state.SavedAt = stateVersion, time.Now()
	err := state.save(s.dirs)
	if err != nil {
		s.problem.Store(err.Error())
	} else {
		s.problem.Store("")
	}
	return err
}
