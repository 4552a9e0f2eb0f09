package table

import (
	"slices"
	"sync"
)

// watchers is who wants to hear of changes.
type watchers[K comparable, V any] struct {
	telling sync.Mutex // one change after the other
	mu      sync.Mutex // guards what follows
	all     []*func(Change[K, V])
	noted   []Change[K, V] // what is still to be told
}

// OnChange has f called for every change that this node did not make by Put, Update or
// Delete: those of others, and what expired. Calls come one after the other, in the
// order of the changes, when the table shows them already. Of a table in a store that is
// also when a write of this node came to nothing, or somebody else's came after it.
//
// f is called where events are handled, or by a goroutine of the table or the store: it
// needs a lock for what handlers use, too, and has to be quick. It may read and change the
// table, but must neither Sync nor Close it. cancel ends that; a call that is under way is
// not waited for.
func (t *Table[K, V]) OnChange(f func(Change[K, V])) (cancel func()) {
	t.watch.mu.Lock()
	defer t.watch.mu.Unlock()
	t.watch.all = append(slices.Clip(t.watch.all), &f)
	return func() {
		t.watch.mu.Lock()
		defer t.watch.mu.Unlock()
		t.watch.all = slices.DeleteFunc(slices.Clone(t.watch.all), func(other *func(Change[K, V])) bool { return other == &f })
	}
}

// note takes note of changes that are to be told of, in their order: Table.write is
// held.
func (w *watchers[K, V]) note(changes ...Change[K, V]) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.all) > 0 {
		w.noted = append(w.noted, changes...)
	}
}

// tell tells of what was noted. No lock of the table's is held.
func (w *watchers[K, V]) tell() {
	w.telling.Lock()
	defer w.telling.Unlock()
	w.mu.Lock()
	all, changes := w.all, w.noted
	w.noted = nil
	w.mu.Unlock()
	for _, change := range changes {
		for _, f := range all {
			(*f)(change)
		}
	}
}
