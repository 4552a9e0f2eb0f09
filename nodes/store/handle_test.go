package store

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"zctl/nodes/cluster"
	"zctl/nodes/event"
)

// TestLateClone: a clone that comes while others write gets all there is, in several chunks,
// and what is written meanwhile.
func TestLateClone(t *testing.T) {
	t.Parallel()
	const n = 20000 // several chunks
	bus := cluster.NewBus()
	master := node(t, bus.Connect, "manager").master(t, "s", nil)
	writer := node(t, bus.Connect, "worker-1").clone(t, "s", CloneOptions{})
	ready(t, master, writer)
	var last *Write
	for i := range n {
		last = master.Put(event.Count(uint64(i)), event.Count(0))
	}
	mustWait(t, last)
	stop := make(chan struct{})
	var writing sync.WaitGroup
	writing.Go(func() {
		for i := uint64(0); ; i++ {
			select {
			case <-stop:
				return
			default:
				last = writer.Put(event.Count(i*7919%n), event.Count(i+1))
				if i%100 == 0 {
					last.Wait(soon(t))
				}
			}
		}
	})
	late := node(t, bus.Connect, "worker-2").clone(t, "s", CloneOptions{})
	ready(t, late)
	if got, err := late.Len(); got != n || err != nil {
		t.Errorf("it has %d of %d: %v", got, n, err)
	}
	close(stop)
	writing.Wait()
	mustWait(t, last)
	await(t, "the same at the late clone", func() bool { return same(t, master, late) })
}

// same says whether two have the same.
func same(t testing.TB, a, b *Store) bool {
	t.Helper()
	all, err := a.All()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for key, e := range all {
		n++
		if got, err := b.Lookup(key); err != nil || !got.Value.Equal(e.Value) || !got.Deadline.Equal(e.Deadline) {
			return false
		}
	}
	got, err := b.Len()
	return err == nil && got == n
}

// TestExpiryOnTheBus: the master removes what has a deadline, and all hear of it; a write without
// one takes it away.
func TestExpiryOnTheBus(t *testing.T) {
	t.Parallel()
	bus := cluster.NewBus()
	master := node(t, bus.Connect, "manager").master(t, "s", nil)
	clone := node(t, bus.Connect, "worker-1").clone(t, "s", CloneOptions{})
	ready(t, master, clone)
	var mu sync.Mutex
	seen := map[ChangeKind]int{}
	clone.Watch(func(ch Change) { mu.Lock(); seen[ch.Kind]++; mu.Unlock() })
	const soon = 2 * time.Second // not before the next write of kept
	clone.Put(text("short"), text("x"), soon)
	clone.Put(text("kept"), text("x"), soon)
	mustWait(t, clone.Put(text("kept"), text("y")))
	for _, s := range []*Store{master, clone} {
		await(t, fmt.Sprint("it expires at ", s), func() bool { _, err := s.Get(text("short")); return errors.Is(err, ErrNoKey) })
		if !shows(s, "kept", text("y")) {
			t.Errorf("%v does not have what was kept", s)
		}
	}
	await(t, "watchers hear of it", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return seen[ChangeExpire] == 1 && seen[ChangePut] == 3
	})
}

// TestTwoMasters: the second master of a name is none, and says so, until the first one is
// gone.
func TestTwoMasters(t *testing.T) {
	t.Parallel()
	bus := cluster.NewBus()
	one := node(t, bus.Connect, "manager")
	first := one.master(t, "s", nil)
	clone := node(t, bus.Connect, "worker-1").clone(t, "s", CloneOptions{})
	ready(t, first, clone)
	mustWait(t, first.Put(text("k"), text("of the first")))
	two := node(t, bus.Connect, "proxy-1")
	second := two.master(t, "s", nil)
	if err := second.WaitReady(soon(t)); !errors.Is(err, ErrConflict) {
		t.Fatalf("the second master: %v", err)
	}
	if err := second.Put(text("k"), text("of the second")).Wait(soon(t)); !errors.Is(err, ErrConflict) {
		t.Errorf("a write of the second master: %v", err)
	}
	for _, n := range []*testNode{one, two} {
		await(t, "the log says so", func() bool { return strings.Contains(n.said.String(), "two nodes are master of the same store") })
	}
	mustWait(t, clone.Put(text("more"), text("x")))
	if !shows(clone, "k", text("of the first")) || !shows(first, "more", text("x")) {
		t.Error("the clone does not go on with the first master")
	}
	if !second.Stats().Conflict || first.Stats().Conflict {
		t.Error("the wrong one stands back")
	}
	one.stop()
	await(t, "the second one serves", func() bool { return second.Stats().Ready })
	mustWait(t, second.Put(text("k"), text("of the second")))
	await(t, "the clone follows it", func() bool { return shows(clone, "k", text("of the second")) })
}

// TestWatch: who watches can keep a copy that is what the store has, whenever he begins.
func TestWatch(t *testing.T) {
	t.Parallel()
	bus := cluster.NewBus()
	master := node(t, bus.Connect, "manager").master(t, "s", nil)
	clone := node(t, bus.Connect, "worker-1").clone(t, "s", CloneOptions{})
	early := watch(clone)
	ready(t, master, clone)
	var last *Write
	for i := range 1000 {
		last = clone.Put(event.Count(uint64(i%50)), event.Count(uint64(i)))
		clone.Erase(event.Count(uint64(i % 7)))
		if i == 500 {
			clone.Clear()
		}
	}
	mustWait(t, last)
	for _, w := range []*watched{early, watch(clone), watch(master)} {
		mustWait(t, clone.Put(event.Count(99), event.Count(1)))
		mustWait(t, master.Erase(event.Count(3)))
		await(t, "it is what the store has", func() bool { return w.is(t, clone) })
	}
	early.cancel()
	mustWait(t, clone.Put(text("after"), text("x")))
	if early.is(t, clone) {
		t.Error("it still watches")
	}
}

// watched is a copy that a watcher keeps.
type watched struct {
	mu     sync.Mutex
	copy   model
	cancel func()
}

func watch(s *Store) *watched {
	w := &watched{copy: model{}}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cancel = s.Watch(func(ch Change) { w.mu.Lock(); w.copy.follow(ch); w.mu.Unlock() })
	if all, err := s.All(); err == nil {
		for key, e := range all {
			w.copy[key.String()] = e.Value.String()
		}
	}
	return w
}

func (w *watched) is(t *testing.T, s *Store) bool {
	all, err := s.All()
	if err != nil {
		t.Fatal(err)
	}
	var c Contents
	for key, e := range all {
		c.Follow(Change{Kind: ChangePut, Key: key, Value: e.Value})
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.copy.equal(&c)
}

// TestFull: writes that nobody takes have a bound.
func TestFull(t *testing.T) {
	t.Parallel()
	clone := node(t, cluster.NewBus().Connect, "worker-1").clone(t, "s", CloneOptions{})
	for range maxWrites {
		clone.Put(text("k"), text("v"))
	}
	if err := clone.Put(text("k"), text("v")).Wait(soon(t)); !errors.Is(err, ErrFull) {
		t.Errorf("one more: %v", err)
	}
	if n := clone.Stats().Unresolved; n != maxWrites {
		t.Errorf("%d writes wait, want %d", n, maxWrites)
	}
	if _, err := clone.Get(text("k")); !errors.Is(err, ErrStale) {
		t.Errorf("read without a master: %v", err)
	}
}

// TestHandles: a name is opened once on a node; a store that is closed refuses everything,
// and can be opened again.
func TestHandles(t *testing.T) {
	t.Parallel()
	n := node(t, cluster.NewBus().Connect, "manager")
	s := n.master(t, "a/b %*\x00ü", nil)
	if again := n.master(t, s.Name(), nil); again != s {
		t.Error("opened twice")
	}
	if _, err := CreateClone(n.Cluster, s.Name(), CloneOptions{}); err == nil {
		t.Error("a clone beside the master")
	}
	for _, name := range []string{"", strings.Repeat("x", maxName+1)} {
		if _, err := CreateMaster(n.Cluster, name, MasterOptions{}); err == nil {
			t.Errorf("a store called %q", name)
		}
	}
	ready(t, s)
	w := s.Put(text("k"), text("v"))
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	mustWait(t, w)
	_, get := s.Get(text("k"))
	_, exists := s.Exists(text("k"))
	_, keys := s.Keys()
	_, length := s.Len()
	_, all := s.All()
	for i, err := range []error{get, exists, keys, length, all, s.Erase(text("k")).Wait(soon(t)), s.WaitReady(soon(t))} {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("%d: %v", i, err)
		}
	}
	if !s.IsClosed() || s.Close() != nil {
		t.Error("it is not closed")
	}
	if again := n.master(t, s.Name(), nil); again == s || again.IsClosed() {
		t.Error("it is not opened again")
	}
}

// TestMillion: a snapshot of a million entries takes little more memory than they do, twice:
// here and there. It is run by ZCTL_STORE_MILLION=1.
func TestMillion(t *testing.T) {
	n := 50_000
	if os.Getenv("ZCTL_STORE_MILLION") != "" {
		n = 1_000_000
	}
	bus := cluster.NewBus()
	master := node(t, bus.Connect, "manager").master(t, "s", nil)
	ready(t, master)
	before := liveBytes()
	var last *Write
	for i := range n {
		last = master.Put(event.Count(uint64(i)), event.String(fmt.Sprint("value ", i)))
		if i%10000 == 0 {
			mustWait(t, last)
		}
	}
	mustWait(t, last)
	contents := liveBytes() - before
	most := watchHeap()
	clone := node(t, bus.Connect, "worker-1").clone(t, "s", CloneOptions{})
	begin := time.Now()
	ready(t, clone)
	took, peak := time.Since(begin), most()-before
	if got, err := clone.Len(); got != n || err != nil {
		t.Fatalf("the clone has %d of %d: %v", got, n, err)
	}
	t.Logf("%d entries, %d MiB: a snapshot took %v and at most %d MiB", n, contents>>20, took, peak>>20)
	// The collector lets garbage grow to what is alive.
	if limit := 2*2*contents + 64<<20; peak > limit {
		t.Errorf("it took %d MiB, want at most %d", peak>>20, limit>>20)
	}
}

// liveBytes is how much is alive.
func liveBytes() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// watchHeap returns what tells how large the heap was at most.
func watchHeap() (most func() uint64) {
	stop, peak := make(chan struct{}), make(chan uint64)
	go func() {
		largest := uint64(0)
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			largest = max(largest, m.HeapAlloc)
			select {
			case <-stop:
				peak <- largest
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	return func() uint64 { close(stop); return <-peak }
}
