package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"zctl/layoutgen"
	"zctl/nodes/cluster"
	"zctl/nodes/event"
)

// patience is how long a test waits for what must happen.
const patience = time.Minute

func soon(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

func await(t testing.TB, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited too long: %s", what)
		}
	}
}

// testNode is a node that runs.
type testNode struct {
	*cluster.Cluster
	said *syncBuffer
	log  *slog.Logger
	stop func()
}

type syncBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// node makes a node that runs until the test ends, or stop is called.
func node(t testing.TB, connect cluster.Connect, name string) *testNode {
	t.Helper()
	n := &testNode{said: &syncBuffer{}}
	n.log = slog.New(slog.NewTextHandler(n.said, nil))
	c, err := cluster.New(cluster.Options{
		Node: name, NodeID: fmt.Sprintf("test_%s_%p", name, n), Layout: layoutgen.Default().Layout(), Log: n.log,
	})
	if err != nil {
		t.Fatal(err)
	}
	n.Cluster = c
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx, connect) }()
	n.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(n.stop)
	return n
}

func (n *testNode) master(t testing.TB, name string, b Backend) *Store {
	t.Helper()
	s, err := CreateMaster(n.Cluster, name, MasterOptions{Backend: b, Log: n.log})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (n *testNode) clone(t testing.TB, name string, o CloneOptions) *Store {
	t.Helper()
	o.Log = n.log
	s, err := CreateClone(n.Cluster, name, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func ready(t testing.TB, all ...*Store) {
	t.Helper()
	for _, s := range all {
		if err := s.WaitReady(soon(t)); err != nil {
			t.Fatal(err)
		}
	}
}

func mustWait(t testing.TB, w *Write) {
	t.Helper()
	if err := w.Wait(soon(t)); err != nil {
		t.Fatal(err)
	}
}

func text(s string) event.Value { return event.String(s) }

func shows(s *Store, key string, want event.Value) bool {
	v, err := s.Get(text(key))
	return err == nil && v.Equal(want)
}

// TestShare: what the master or a clone writes, it reads when its write is done, and the
// others read soon after.
func TestShare(t *testing.T) {
	t.Parallel()
	bus := cluster.NewBus()
	master := node(t, bus.Connect, "manager").master(t, "s", nil)
	one := node(t, bus.Connect, "worker-1").clone(t, "s", CloneOptions{})
	two := node(t, bus.Connect, "worker-2").clone(t, "s", CloneOptions{})
	ready(t, master, one, two)
	for i, s := range []*Store{master, one, two} {
		key, value := fmt.Sprint("by ", s), event.Count(uint64(i))
		mustWait(t, s.Put(text(key), value))
		if !shows(s, key, value) {
			t.Errorf("%v does not read what it wrote", s)
		}
		for _, other := range []*Store{master, one, two} {
			await(t, fmt.Sprint(key, " at ", other), func() bool { return shows(other, key, value) })
		}
	}
}

// TestAnswers: a writer hears what came of its operations, whoever it is.
func TestAnswers(t *testing.T) {
	t.Parallel()
	bus := cluster.NewBus()
	master := node(t, bus.Connect, "manager").master(t, "s", nil)
	clone := node(t, bus.Connect, "worker-1").clone(t, "s", CloneOptions{})
	ready(t, master, clone)
	for _, s := range []*Store{master, clone} {
		key := text(fmt.Sprint("of ", s))
		inserted, err := s.PutUnique(key, event.Count(1)).Result(soon(t))
		if !inserted || err != nil {
			t.Errorf("%v: put_unique of a new key: %t %v", s, inserted, err)
		}
		inserted, err = s.PutUnique(key, event.Count(2)).Result(soon(t))
		if inserted || err != nil {
			t.Errorf("%v: put_unique of an old key: %t %v", s, inserted, err)
		}
		for _, c := range []struct {
			w    *Write
			want error
		}{
			{s.Increment(key, event.Count(41)), nil},
			{s.Append(key, "x"), ErrType},
			{s.Pop(text("missing")), ErrNoKey},
			{s.Decrement(key, event.Count(50)), ErrRange},
			{s.Put(key, event.Count(1), -time.Second), ErrRange},
			{s.Put(key, event.String(strings.Repeat("x", maxBytes+1))), ErrTooLarge},
			{s.Do(Op{Kind: 99, Key: key}), ErrRefused},
			{s.Erase(text("missing")), nil},
		} {
			if err := c.w.Wait(soon(t)); !errors.Is(err, c.want) {
				t.Errorf("%v: %v: error %v, want %v", s, c.w.op.Kind, err, c.want)
			}
		}
		if !shows(s, fmt.Sprint("of ", s), event.Count(42)) {
			v, err := s.Get(key)
			t.Errorf("%v: %v %v", s, v, err)
		}
	}
}
