package control

import (
	"slices"
	"sync"
)

// maxWaiting is how many requests may wait for one function. More get no answer.
const maxWaiting = 64

// questions is the requests for what one function says, which may take its time. It is
// called on a goroutine that there is only meanwhile, once at a time, and after the
// request came: those that come while it is busy are answered by its next call. One that
// never returns keeps that goroutine, and nobody but those who ask for it.
type questions struct {
	ask func() string

	mu       sync.Mutex // guards what follows
	waiting  []waiting
	answered []waiting // by the call that is under way
	busy     bool
}

// waiting is a request that waits for its answer.
type waiting struct {
	id     string // of the request, "" if it has none
	answer func(string)
}

// put has a request answered, and does not wait for it. One that waits already is not put
// again. It says whether there was room.
func (q *questions) put(w waiting) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	same := func(other waiting) bool { return w.id != "" && w.id == other.id }
	switch {
	case slices.ContainsFunc(q.waiting, same), slices.ContainsFunc(q.answered, same):
		return true
	case len(q.waiting) == maxWaiting:
		return false
	}
	q.waiting = append(q.waiting, w)
	if !q.busy {
		q.busy = true
		go q.work()
	}
	return true
}

func (q *questions) work() {
	for {
		all := q.take()
		if len(all) == 0 {
			return
		}
		said := q.ask()
		for _, w := range all {
			w.answer(said)
		}
	}
}

func (q *questions) take() []waiting {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting, q.answered = nil, q.waiting
	q.busy = len(q.answered) > 0
	return q.answered
}
