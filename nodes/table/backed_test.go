package table

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"zctl/nodes/event"
	"zctl/nodes/store"
)

// stores makes the master of a store on manager and clones on the others, whose nodes run.
func (r *rig) stores(o store.CloneOptions, clones ...string) map[string]*store.Store {
	r.Helper()
	all := map[string]*store.Store{}
	var err error
	if all["manager"], err = store.CreateMaster(r.make("manager"), "t", store.MasterOptions{}); err != nil {
		r.Fatal(err)
	}
	for _, name := range clones {
		if all[name], err = store.CreateClone(r.make(name), "t", o); err != nil {
			r.Fatal(err)
		}
	}
	r.run(append([]string{"manager"}, clones...)...)
	for _, s := range all {
		r.ready(s)
	}
	return all
}

func (r *rig) ready(s *store.Store) {
	r.Helper()
	ctx, cancel := context.WithTimeout(r.Context(), time.Minute)
	defer cancel()
	if err := s.WaitReady(ctx); err != nil {
		r.Fatal(err)
	}
}

// synced waits until what tables put is in their store.
func synced[K comparable, V any](r *rig, tables ...*Table[K, V]) {
	r.Helper()
	ctx, cancel := context.WithTimeout(r.Context(), time.Minute)
	defer cancel()
	for _, t := range tables {
		if err := t.Sync(ctx); err != nil {
			r.Error(err)
		}
	}
	r.pass(time.Second)
}

// inStoreOf makes the table of a node's store.
func inStoreOf[K comparable, V any](r *rig, s *store.Store, o Options[K, V]) *Table[K, V] {
	r.Helper()
	o.Store = s
	t, err := New(nil, "M::t", o)
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { t.Close() })
	return t
}

// TestInStore: what one node puts is there at once, and everywhere when the store has it.
func TestInStore(t *testing.T) {
	bubble(t, func(r *rig) {
		stores := r.stores(store.CloneOptions{}, "worker-1", "worker-2")
		type flow struct {
			Host netip.Addr
			Port event.Port
		}
		tables := map[string]*Table[flow, []string]{}
		for name, s := range stores {
			tables[name] = inStoreOf(r, s, Options[flow, []string]{})
		}
		told, own := heard(tables["worker-2"]), heard(tables["worker-1"])
		key := flow{netip.MustParseAddr("10.0.0.1"), event.Port{Number: 22, Protocol: event.TCP}}
		put(r, tables["worker-1"], key, []string{"a"})
		if v, ok := tables["worker-1"].Get(key); !ok || len(v) != 1 {
			t.Error("worker-1 does not see its own")
		}
		synced(r, tables["worker-1"])
		for name, tbl := range tables {
			if v, ok := tbl.Get(key); !ok || fmt.Sprint(v) != "[a]" {
				t.Errorf("%s has %v", name, v)
			}
		}
		if v, err := stores["manager"].Get(event.List(event.Address(key.Host), event.PortValue(key.Port))); err != nil || !v.Equal(event.List(event.String("a"))) {
			t.Errorf("the store has %v, %v", v, err)
		}
		put(r, tables["manager"], key, []string{"a", "b"})
		synced(r, tables["manager"])
		drop(r, tables["worker-1"], key)
		if tables["worker-1"].Has(key) {
			t.Error("worker-1 sees what it deleted")
		}
		synced(r, tables["worker-1"])
		late := inStoreOf(r, stores["worker-2"], Options[flow, []string]{})
		for name, tbl := range tables {
			if tbl.Len() != 0 || late.Len() != 0 {
				t.Errorf("%s has %v", name, contents(tbl))
			}
		}
		var changes []string
		for _, c := range *told {
			changes = append(changes, fmt.Sprint(c.Kind, c.Value, c.Previous))
		}
		if got := strings.Join(changes, " "); got != "TABLE_ELEMENT_NEW [a] [] TABLE_ELEMENT_CHANGED [a b] [a] TABLE_ELEMENT_REMOVED [a b] []" {
			t.Errorf("worker-2 heard of %s", got)
		}
		if len(*own) != 1 || (*own)[0].Kind != ElementChanged {
			t.Errorf("worker-1 heard of %v; one change was not its own", *own)
		}
	})
}

// TestInStoreLate: a table has what was in its store before, by its key, a set likewise.
func TestInStoreLate(t *testing.T) {
	bubble(t, func(r *rig) {
		stores := r.stores(store.CloneOptions{}, "worker-1")
		first := inStoreOf(r, stores["manager"], Options[string, struct{}]{})
		for i := range 100 {
			put(r, first, fmt.Sprint(i), struct{}{})
		}
		synced(r, first)
		second := inStoreOf(r, stores["worker-1"], Options[string, struct{}]{})
		if !maps.Equal(contents(first), contents(second)) || second.Len() != 100 {
			t.Errorf("%d of 100", second.Len())
		}
		if err := stores["manager"].Clear().Wait(r.Context()); err != nil {
			t.Error(err)
		}
		put(r, second, "x", struct{}{})
		synced(r, second)
		if got := fmt.Sprint(contents(first), contents(second)); got != "map[x:{}] map[x:{}]" {
			t.Errorf("after it was cleared: %s", got)
		}
	})
}

// TestInStoreOrder: of nodes that write the same keys at once the last one wins, and it is
// the same one for all.
func TestInStoreOrder(t *testing.T) {
	bubble(t, func(r *rig) {
		names := []string{"manager", "worker-1", "worker-2"}
		stores := r.stores(store.CloneOptions{}, names[1:]...)
		var tables []*Table[int, string]
		for _, name := range names {
			tables = append(tables, inStoreOf(r, stores[name], Options[int, string]{}))
		}
		var working sync.WaitGroup
		for n, tbl := range tables {
			tbl.OnChange(func(c Change[int, string]) { // what is told is what is shown, in its order
				if c.Kind == ElementNew && c.Previous != "" {
					t.Errorf("told of %v", c)
				}
			})
			for w := range 2 {
				working.Go(func() {
					for i := range 300 {
						key := i % 7
						if i%5 == w {
							tbl.Delete(key)
							continue
						}
						if err := tbl.Put(key, fmt.Sprint(n, w, i)); err != nil {
							t.Error(err)
						}
					}
				})
			}
		}
		working.Wait()
		synced(r, tables...)
		all, err := stores["manager"].All()
		if err != nil {
			t.Fatal(err)
		}
		want := map[int]string{}
		for key, e := range all {
			var k int
			var v string
			if err := errors.Join(key.To(&k), e.Value.To(&v)); err != nil {
				t.Error(err)
			}
			want[k] = v
		}
		for n, tbl := range tables {
			if !maps.Equal(contents(tbl), want) {
				t.Errorf("%s has %v, the store %v", names[n], contents(tbl), want)
			}
			if b := tbl.way.(*backed[int, string]); len(b.pending) > 0 || len(b.writes) > 0 {
				t.Errorf("%s still waits for %d keys", names[n], len(b.pending))
			}
		}
	})
}

// TestInStoreMisfit: what somebody else put that is not of the table's types it does not
// show, and says so.
func TestInStoreMisfit(t *testing.T) {
	bubble(t, func(r *rig) {
		s := r.stores(store.CloneOptions{})["manager"]
		var log said
		tbl := inStoreOf(r, s, Options[string, uint64]{Log: slog.New(slog.NewTextHandler(&log, nil))})
		put(r, tbl, "a", 1)
		put(r, tbl, "b", 1)
		synced(r, tbl)
		told := heard(tbl)
		s.Put(event.String("a"), event.String("one"))
		s.Put(event.Count(7), event.Count(1))
		r.pass(time.Second)
		if got := fmt.Sprint(contents(tbl)); got != "map[b:1]" {
			t.Errorf("has %s", got)
		}
		if len(*told) != 1 || (*told)[0].Kind != ElementRemoved {
			t.Errorf("told of %v", *told)
		}
		if tbl.Stats().Refused != 2 || !strings.Contains(log.String(), `key=a err="value: expected count, got string"`) {
			t.Errorf("stats %+v, log %s", tbl.Stats(), log.String())
		}
		put(r, tbl, "a", 2)
		synced(r, tbl)
		if n, _ := tbl.Get("a"); n != 2 {
			t.Errorf("a is %d", n)
		}
	})
}

// TestInStoreFails: a write that comes to nothing is taken back here, and Sync says so.
func TestInStoreFails(t *testing.T) {
	bubble(t, func(r *rig) {
		clone, err := store.CreateClone(r.make("worker-1"), "t", store.CloneOptions{MutationBufferInterval: 10 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		r.run("worker-1")
		tbl := inStoreOf(r, clone, Options[string, string]{})
		told := heard(tbl)
		put(r, tbl, "a", "x")
		short, cancel := context.WithTimeout(r.Context(), time.Second)
		defer cancel()
		if err := tbl.Sync(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("synced: %v", err)
		}
		if !tbl.Has("a") {
			t.Error("a is not there while it may still be written")
		}
		r.pass(time.Minute)
		if tbl.Len() != 0 || len(*told) != 1 || (*told)[0].Kind != ElementRemoved || (*told)[0].Value != "x" {
			t.Errorf("there is %v, told of %v", contents(tbl), *told)
		}
		if err := tbl.Sync(r.Context()); !errors.Is(err, store.ErrNoMaster) || !strings.HasPrefix(err.Error(), "cannot sync table M::t: ") {
			t.Errorf("synced: %v", err)
		}
		if err := tbl.Sync(r.Context()); err != nil {
			t.Errorf("the same failure again: %v", err)
		}
		if err := tbl.Put("b", strings.Repeat("x", 64<<20)); !errors.Is(err, store.ErrTooLarge) || tbl.Len() != 0 {
			t.Errorf("put too much: %v, %d entries", err, tbl.Len())
		}
	})
}

// TestInStoreExpires: the master expires, and all hear of it.
func TestInStoreExpires(t *testing.T) {
	bubble(t, func(r *rig) {
		stores := r.stores(store.CloneOptions{}, "worker-1")
		a := inStoreOf(r, stores["manager"], Options[string, int]{})
		b := inStoreOf(r, stores["worker-1"], Options[string, int]{WriteExpire: time.Minute})
		told := heard(a)
		put(r, b, "x", 1)
		put(r, a, "stays", 1)
		synced(r, b, a)
		r.pass(50 * time.Second)
		if a.Len() != 2 || b.Len() != 2 {
			t.Errorf("too soon: %v %v", contents(a), contents(b))
		}
		r.pass(20 * time.Second)
		if got := fmt.Sprint(contents(a), contents(b)); got != "map[stays:1] map[stays:1]" {
			t.Errorf("left: %s", got)
		}
		if got := *told; len(got) != 2 || got[1].Kind != ElementExpired {
			t.Errorf("told of %v", got)
		}
	})
}

// TestInStoreClosed: a table that is closed waits for nothing, and changes nothing; one of
// a store that is closed cannot be.
func TestInStoreClosed(t *testing.T) {
	bubble(t, func(r *rig) {
		stores := r.stores(store.CloneOptions{}, "worker-1")
		a := inStoreOf(r, stores["manager"], Options[string, int]{})
		b := inStoreOf(r, stores["worker-1"], Options[string, int]{})
		put(r, b, "x", 1)
		if err := errors.Join(b.Close(), b.Close()); err != nil {
			t.Error(err)
		}
		r.pass(time.Second)
		if n, _ := a.Get("x"); n != 1 {
			t.Error("what was put before the end is lost")
		}
		put(r, a, "x", 2)
		synced(r, a)
		if n, _ := b.Get("x"); n != 1 {
			t.Errorf("x is %d after the end", n)
		}
		for _, err := range []error{b.Put("y", 1), b.Sync(r.Context())} {
			if !errors.Is(err, ErrClosed) {
				t.Errorf("after the end: %v", err)
			}
		}
		if err := a.PublishTo(r.Context(), "x", 0); err == nil {
			t.Error("published a table in a store")
		}
		stores["worker-1"].Close()
		if err := made(New(nil, "M::t", Options[string, int]{Store: stores["worker-1"]})); !errors.Is(err, store.ErrClosed) {
			t.Errorf("a table of a closed store: %v", err)
		}
		s := stores["manager"]
		for _, err := range []error{
			made(New(nil, "x", Options[int, int]{Store: s, Topic: "x"})),
			made(New(nil, "x", Options[int, int]{Store: s, CreateExpire: 1})),
			made(New(nil, "x", Options[int, int]{Store: s, Policy: func(Header, []Change[int, int]) bool { return true }})),
		} {
			if err == nil || !strings.Contains(err.Error(), "means nothing; leave it out") {
				t.Errorf("made a table: %v", err)
			}
		}
	})
}
