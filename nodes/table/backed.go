package table

import (
	"context"
	"errors"
	"sync"
	"time"

	"zctl/nodes/event"
	"zctl/nodes/store"
)

// backed is the way of tables that are in a store. The table shows what this node put at
// once, and what the store makes of it as soon as that is known: as long as writes of a key
// are not resolved, what the store says of it waits in pending, and takes their place when
// they are. So all nodes' tables agree in the end with the store, whoever wrote last.
//
// Table.write guards it. Nothing is waited for under that.
type backed[K comparable, V any] struct {
	*Table[K, V]
	store   *store.Store
	expiry  time.Duration
	unwatch func()

	loading bool // the beginning; what changes meanwhile comes after it
	later   []store.Change

	pending   map[K]*pending
	writes    []written[K] // that are not resolved, the oldest first
	following sync.WaitGroup
	follows   bool          // somebody waits for the first of writes
	quit      chan struct{} // closed when nobody is to wait any more
	failures  failures
	warned    time.Time
}

// pending is a key with writes that are not resolved.
type pending struct {
	writes int   // how many
	want   state // what the last of them wants, and the table shows
	base   state // what the store has, as far as it is known
}

// state is the value that a key has, if it is there.
type state struct {
	there bool
	value event.Value
}

func (s state) equal(other state) bool { return s.there == other.there && s.value.Equal(other.value) }

// written is a write that waits to be resolved; without one, somebody who waits for those
// before.
type written[K comparable] struct {
	key    K
	write  *store.Write
	synced chan struct{}
}

// inStore makes a table one that is in a store, with what that has.
func inStore[K comparable, V any](t *Table[K, V]) (way[K, V], error) {
	b := &backed[K, V]{
		Table: t, store: t.o.Store, expiry: t.o.WriteExpire, loading: true,
		pending: map[K]*pending{}, quit: make(chan struct{}),
	}
	t.o.WriteExpire = 0 // the master sees to that
	b.unwatch = b.store.Watch(b.changed)
	all, err := b.store.All()
	if errors.Is(err, store.ErrClosed) {
		b.unwatch()
		return nil, err
	}
	if err == nil { // else the contents come by Watch when they are there
		for key, e := range all {
			b.show(store.Change{Kind: store.ChangePut, Key: key, Value: e.Value})
		}
	}
	t.write.Lock()
	defer t.write.Unlock()
	for _, ch := range b.later {
		b.show(ch)
	}
	b.loading, b.later = false, nil
	return b, nil
}

func (b *backed[K, V]) put(key K, value V) error {
	v, err := b.codec.wire(value)
	if err != nil {
		return err
	}
	err = b.begin(key, state{true, v}, func(k event.Value) *store.Write { return b.store.Put(k, v, b.expiry) })
	if err == nil {
		b.set(key, value, time.Time{})
	}
	return err
}

func (b *backed[K, V]) remove(key K) error {
	err := b.begin(key, state{}, b.store.Erase)
	if errors.Is(err, errKey) {
		return nil // it cannot be there
	}
	if err == nil {
		b.unset(key)
	}
	return err
}

// begin asks the store for a write, after which a key is as wanted. The error is what is
// known at once.
func (b *backed[K, V]) begin(key K, want state, ask func(event.Value) *store.Write) error {
	index, err := b.codec.index(key)
	if err != nil {
		return err
	}
	write := ask(b.codec.storeKey(index))
	if err := write.Err(); err != nil {
		return err
	}
	p := b.pending[key]
	if p == nil {
		p = &pending{base: b.shown(key)}
		b.pending[key] = p
	}
	p.writes++
	p.want = want
	b.await(written[K]{key: key, write: write})
	return nil
}

// shown is the state of a key as the table shows it.
func (b *backed[K, V]) shown(key K) state {
	value, ok := b.Get(key)
	if !ok {
		return state{}
	}
	v, err := b.codec.wire(value)
	return state{err == nil, v}
}

func (b *backed[K, V]) await(w written[K]) {
	b.writes = append(b.writes, w)
	if !b.follows {
		b.follows = true
		b.following.Go(b.awaitWrites)
	}
}

// awaitWrites waits for writes to be resolved, until there are none.
func (b *backed[K, V]) awaitWrites() {
	for {
		b.write.Lock()
		if len(b.writes) == 0 || b.closed {
			b.follows = false
			b.write.Unlock()
			return
		}
		next := b.writes[0]
		b.writes = b.writes[1:]
		b.write.Unlock()
		if next.write == nil {
			close(next.synced)
			continue
		}
		select {
		case <-next.write.Done():
			b.resolved(next.key, next.write.Err())
		case <-b.quit:
			return
		}
	}
}

// resolved takes note of what came of a write. If it was the last one of its key, the table
// shows what the store has.
func (b *backed[K, V]) resolved(key K, err error) {
	defer b.watch.tell()
	b.write.Lock()
	defer b.write.Unlock()
	if err != nil {
		b.failures.add(err)
	}
	p := b.pending[key]
	if p.writes--; p.writes > 0 {
		return
	}
	delete(b.pending, key)
	if !b.closed && !p.base.equal(p.want) {
		b.become(key, p.base, ElementRemoved)
	}
}

// changed is told by the store what changed there.
func (b *backed[K, V]) changed(ch store.Change) {
	defer b.watch.tell()
	b.write.Lock()
	defer b.write.Unlock()
	switch {
	case b.closed:
	case b.loading:
		b.later = append(b.later, ch)
	default:
		b.show(ch)
	}
}

// show shows what the store has, but where this node's own writes are still on their way.
func (b *backed[K, V]) show(ch store.Change) {
	if ch.Kind == store.ChangeClear {
		b.clear()
		return
	}
	now, gone := state{}, ElementRemoved
	switch ch.Kind {
	case store.ChangePut:
		now = state{true, ch.Value}
	case store.ChangeExpire:
		gone = ElementExpired
	}
	key, err := b.codec.keyOf(b.codec.indexOf(ch.Key))
	if err != nil {
		b.misfit(ch.Key, err)
		return
	}
	if p := b.pending[key]; p != nil {
		p.base = now
		return
	}
	b.become(key, now, gone)
}

func (b *backed[K, V]) clear() {
	for _, p := range b.pending {
		p.base = state{}
	}
	for _, key := range b.keys() {
		if b.pending[key] == nil {
			b.become(key, state{}, ElementRemoved)
		}
	}
}

// become makes the table show a state of a key, and tells who wants to know. A value that is
// no V is as none.
func (b *backed[K, V]) become(key K, now state, gone ChangeKind) {
	change := Change[K, V]{Kind: gone, Key: key, At: time.Now()}
	if now.there {
		value, err := b.codec.valueOf(now.value)
		if err != nil {
			b.misfit(b.codec.storeKeyOf(key), err)
		} else {
			change.Kind, change.Value = ElementNew, value
		}
	}
	if change.Kind == ElementNew || b.Has(key) {
		b.stats.applied.Add(1)
	}
	b.follow(change, change.At)
}

// misfit says that the store has something that is not of the table's types.
func (b *backed[K, V]) misfit(key event.Value, err error) {
	b.stats.refused.Add(1)
	if now := time.Now(); b.o.Log != nil && now.Sub(b.warned) > 10*time.Second {
		b.warned = now
		b.o.Log.Warn("an entry of a store is not of the types of its table", "table", b.id, "key", key.String(), "err", err)
	}
}

func (*backed[K, V]) expired(K, V, time.Time) {} // nothing does here, but by the master

func (b *backed[K, V]) sync(ctx context.Context) error {
	b.write.Lock()
	closed := b.closed
	done := make(chan struct{})
	if !closed {
		b.await(written[K]{synced: done})
	}
	b.write.Unlock()
	if closed {
		return ErrClosed
	}
	select {
	case <-done:
	case <-b.quit:
		return ErrClosed
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	b.write.Lock()
	defer b.write.Unlock()
	return b.failures.taken()
}

func (*backed[K, V]) publishTo(context.Context, string, int) error {
	return errors.New("it is in a store, which who comes late has it from")
}

func (b *backed[K, V]) close() (wait func(), err error) {
	b.unwatch()
	close(b.quit)
	return b.following.Wait, nil
}
