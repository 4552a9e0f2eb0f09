package supervisor

import (
	"sync"
	"sync/atomic"
	"time"
)

const (
	// saveAfter is how long after a change state.json is written, where nobody
	// waits for it: one change seldom comes alone, and a new process has better
	// use for the CPU. It need not survive a power cut, which no process
	// survives either.
	saveAfter = 10 * time.Millisecond
	// settleAfter is when what was written is made to survive one, for the
	// specs and counts in it; and when a failed write is tried again.
	settleAfter = time.Second
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
	var settle <-chan time.Time // nil while what is written is durable
	for {
		select {
		case <-s.dirty:
			time.Sleep(saveAfter)
			select {
			case <-s.dirty: // is saved as well
			default:
			}
			s.save(false)
			if settle == nil {
				settle = time.After(settleAfter)
			}
		case <-settle:
			settle = nil
			if s.save(true) != nil {
				settle = time.After(settleAfter)
			}
		case <-done:
			s.save(true)
			return
		}
	}
}

// pause keeps everybody from saving while f changes what belongs together.
func (s *store) pause(f func()) {
	s.writing.Lock()
	defer s.writing.Unlock()
	f()
}

// save writes now, and with durable waits until it is on the disk.
func (s *store) save(durable bool) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	state := s.collect()
	state.Version, state.SavedAt = stateVersion, time.Now()
	err := state.save(s.dirs, durable)
	if err != nil {
		s.problem.Store(err.Error())
	} else {
		s.problem.Store("")
	}
	return err
}
