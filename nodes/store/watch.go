package store

import (
	"slices"
	"sync"
)

// watchers is who wants to hear of changes.
type watchers struct {
	mu  sync.Mutex // guards what follows
	all []*watcher
}

type watcher struct{ f func(Change) }

// Watch has f called for every change of this node's copy, in order, after it was made and
// before a [Write] that made it is resolved. When the copy is replaced as a whole, since
// the node was away for long, or the master was restarted, f hears of what is different;
// the first time that is all there is. f is called on one goroutine. It must be quick, and
// must neither wait for a Write nor close the store, but may read and write.
func (s *Store) Watch(f func(Change)) (cancel func()) {
	w := &watcher{f}
	s.mu.Lock() // what is done under it is heard of, or can be read, when Watch returns
	s.watchers.change(func(all []*watcher) []*watcher { return append(all, w) })
	s.mu.Unlock()
	return func() {
		s.watchers.change(func(all []*watcher) []*watcher {
			return slices.DeleteFunc(all, func(other *watcher) bool { return other == w })
		})
	}
}

func (ws *watchers) change(to func([]*watcher) []*watcher) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ws.all = to(slices.Clone(ws.all))
}

func (ws *watchers) now() []*watcher {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	return ws.all
}

// news is what watchers are to be told: that contents were replaced, if they were, and
// what changed then.
type news struct {
	swapped *swap
	changes []Change
}

// tell tells watchers the news.
func (n news) tell(all []*watcher) {
	each := func(ch Change) {
		for _, w := range all {
			w.f(ch)
		}
	}
	if n.swapped != nil && len(all) > 0 {
		n.swapped.changes(each)
	}
	for _, ch := range n.changes {
		each(ch)
	}
}

// changes is what makes the old contents the new ones. Nobody may change them meanwhile.
func (s *swap) changes(each func(Change)) {
	if s.old == nil {
		s.old = &Contents{}
	}
	for key := range s.old.All() {
		if !s.now.Exists(key) {
			each(Change{Kind: ChangeErase, Key: key})
		}
	}
	for key, e := range s.now.All() {
		if was, ok := s.old.Lookup(key); !ok || !was.Value.Equal(e.Value) || !was.Deadline.Equal(e.Deadline) {
			each(Change{Kind: ChangePut, Key: key, Value: e.Value, Deadline: e.Deadline})
		}
	}
}
