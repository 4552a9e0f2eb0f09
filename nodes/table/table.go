package table

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"sync"
	"time"

	"zctl/nodes/cluster"
)

// Errors of tables, for errors.Is.
var (
	// ErrClosed is the error of changing a table after Close.
	ErrClosed = errors.New("the table is closed")
	// ErrFull is the error of putting one more entry than Options.MaxEntries.
	ErrFull = errors.New("the table is full")
)

// Table is a map that the nodes of a cluster share. A K is what may be a key in Go
// and is a type of Zeek's; a struct is an index of several types, field by field:
//
//	type flow struct { Host netip.Addr; Port event.Port }
//	table.New(n.Cluster, "Flows::seen", table.Options[flow, uint64]{})
//
// is Zeek's table[addr, port] of count, a table with the values struct{} a
// set. Keys and values must not be changed after they were put, nor those that come
// out of the table.
//
// Its methods may be called from any goroutine. Those that read never wait for
// anything but other goroutines that look at the same map.
type Table[K comparable, V any] struct {
	id    string
	o     Options[K, V]
	codec codec[K, V]
	way   way[K, V]
	watch watchers[K, V]
	stats counters

	write  sync.Mutex // one change after the other; before mu
	closed bool       // guarded by write
	expiry *time.Timer

	mu      sync.RWMutex // guards what follows; nothing is waited for under it
	entries map[K]entry[V]
}

// entry is a value and, in nanoseconds, when it expires; 0 is never.
type entry[V any] struct {
	value    V
	deadline int64
}

// way is how a table is shared. Table.write is held when its methods are called, but
// not for sync and publishTo.
type way[K comparable, V any] interface {
	put(key K, value V) error
	remove(key K) error
	expired(key K, value V, now time.Time)
	sync(ctx context.Context) error
	publishTo(ctx context.Context, topic string, batch int) error
	// close returns what to wait for when the lock is not held any more.
	close() (wait func(), err error)
}

// New makes a table that is shared with all others of that id, which is what Zeek
// calls it: "Scan::hosts"; one of the global module has no prefix. It may be called
// before Run; what is put into a published table before the node is on the bus the others
// do not hear of: see PublishTo. A table in a store does not need c, which may be nil.
func New[K comparable, V any](c *cluster.Cluster, id string, o Options[K, V]) (*Table[K, V], error) {
	o, err := o.withDefaults(id)
	t := &Table[K, V]{id: id, o: o, entries: map[K]entry[V]{}}
	if err == nil {
		t.codec, err = newCodec[K, V]()
	}
	if err == nil && o.Store != nil {
		t.way, err = inStore(t)
	} else if err == nil {
		t.way, err = publishOnChange(t, c)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot make table %q: %w", id, err)
	}
	t.expireLater()
	return t, nil
}

// ID is what the table is called.
func (t *Table[K, V]) ID() string { return t.id }

// Get is the value of a key, and whether there is one.
func (t *Table[K, V]) Get(key K) (V, bool) {
	key = t.codec.clean(key)
	t.mu.RLock()
	defer t.mu.RUnlock()
	e, ok := t.entries[key]
	return e.value, ok
}

// Has says whether a key is there.
func (t *Table[K, V]) Has(key K) bool {
	_, ok := t.Get(key)
	return ok
}

// Len is how many entries there are.
func (t *Table[K, V]) Len() int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return len(t.entries)
}

// All is the entries as they are when the loop begins, in no order. The table may be
// changed meanwhile.
func (t *Table[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		t.mu.RLock()
		entries := maps.Clone(t.entries)
		t.mu.RUnlock()
		for key, e := range entries {
			if !yield(key, e.value) {
				return
			}
		}
	}
}

// Put sets the value of a key here, and tells the others. Its error says that nothing
// was changed: the key or the value is none of Zeek's, or there is no room. No error
// does not say that anybody has heard of it; see Sync.
func (t *Table[K, V]) Put(key K, value V) error {
	return t.change(key, "put", func(key K) error { return t.way.put(key, value) })
}

// Delete removes a key here, and tells the others. A key that is not there is no
// error.
func (t *Table[K, V]) Delete(key K) error {
	return t.change(key, "delete", func(key K) error { return t.way.remove(key) })
}

// Update puts what f makes of the value of a key, and of whether there is one, while
// nobody else on this node changes the table; other nodes may. f must not call the
// table.
func (t *Table[K, V]) Update(key K, f func(value V, ok bool) V) error {
	return t.change(key, "put", func(key K) error {
		value, ok := t.Get(key)
		return t.way.put(key, f(value, ok))
	})
}

func (t *Table[K, V]) change(key K, verb string, do func(K) error) error {
	t.write.Lock()
	defer t.write.Unlock()
	err := ErrClosed
	if !t.closed {
		err = do(t.codec.clean(key))
	}
	if err != nil {
		return fmt.Errorf("cannot %s %v: table %s: %w", verb, key, t.id, err)
	}
	return nil
}

// Sync waits until what was put and deleted here before is where it belongs: of a table
// that is published, handed to the bus; of one in a store, in the store, and on its disk
// if it is persistent. The error is also that of changes since the last Sync that were
// refused there.
func (t *Table[K, V]) Sync(ctx context.Context) error {
	if err := t.way.sync(ctx); err != nil {
		return fmt.Errorf("cannot sync table %s: %w", t.id, err)
	}
	return nil
}

// PublishTo publishes the whole table to a topic, in events of batch entries each, 0 is
// 10000, for one who came late: n.NodeTopic(name) when Cluster::node_up says so
// (Cluster::publish_table). Of a table in a store it is an error: who comes late has it
// from the store.
func (t *Table[K, V]) PublishTo(ctx context.Context, topic string, batch int) error {
	if err := t.way.publishTo(ctx, topic, batch); err != nil {
		return fmt.Errorf("cannot publish table %s: %w", t.id, err)
	}
	return nil
}

// Close publishes what still waits for that, and ends the sharing. What the table has
// can still be read. A store is not closed with it.
func (t *Table[K, V]) Close() error {
	wait, err := t.shut()
	wait()
	return err
}

func (t *Table[K, V]) isClosed() bool {
	t.write.Lock()
	defer t.write.Unlock()
	return t.closed
}

func (t *Table[K, V]) shut() (wait func(), err error) {
	t.write.Lock()
	defer t.write.Unlock()
	if t.closed {
		return func() {}, nil
	}
	t.closed = true
	if t.expiry != nil {
		t.expiry.Stop()
	}
	return t.way.close()
}

// set puts a value into the map and says what was there.
func (t *Table[K, V]) set(key K, value V, now time.Time) (previous V, had bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	old, had := t.entries[key]
	t.entries[key] = entry[V]{value, t.deadline(old, had, now)}
	return old.value, had
}

// unset takes a key from the map and says what was there.
func (t *Table[K, V]) unset(key K) (value V, had bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	old, had := t.entries[key]
	delete(t.entries, key)
	return old.value, had
}

// full says whether a key that is not there yet has no room.
func (t *Table[K, V]) full(key K) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if t.o.MaxEntries < 0 || len(t.entries) < t.o.MaxEntries {
		return false
	}
	_, had := t.entries[key]
	return !had
}
