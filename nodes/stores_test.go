package nodes

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zctl/layoutgen"
	"zctl/nodes/cluster"
	"zctl/nodes/event"
	"zctl/nodes/store"
)

func withStores(o StoreOptions) func(*Options) { return func(all *Options) { all.Stores = o } }

func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

func (c *testCluster) store(node, name string, persistent bool) *store.Store {
	c.t.Helper()
	s, err := CreateStore(c.nodes[node].Node, name, persistent)
	if err != nil {
		c.t.Fatal(err)
	}
	if err := s.WaitReady(soon(c.t)); err != nil {
		c.t.Fatal(node, err)
	}
	return s
}

// TestStoreOverZeroMQ: a persistent store on a real bus. The manager is its master, and is
// restarted, and with it the broker: clones follow the next one, what was acknowledged is
// there, and each write was applied once.
func TestStoreOverZeroMQ(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "")
	stores := withStores(StoreOptions{DefaultStoreDir: c.dir})
	for _, name := range []string{"manager", "worker-1", "worker-2"} {
		c.startWith(name, stores)
	}
	master := c.store("manager", "hosts", true)
	one, two := c.store("worker-1", "hosts", true), c.store("worker-2", "hosts", true)
	if !master.IsMaster() || one.IsMaster() {
		t.Fatal("the manager is not the master")
	}
	key := event.String("seen")
	writes := []*store.Write{}
	add := func(s *store.Store, n int) {
		for range n {
			writes = append(writes, s.Increment(key, event.Count(1)))
		}
	}
	settle := func() {
		t.Helper()
		for _, w := range writes {
			if err := w.Wait(soon(t)); err != nil {
				t.Fatal(err)
			}
		}
	}
	add(one, 500)
	add(two, 500)
	settle()
	add(one, 500) // some of them are under way
	add(two, 500)
	c.stop("manager")
	add(one, 500) // nobody is there to take these
	c.startWith("manager", stores)
	master = c.store("manager", "hosts", true)
	settle()
	want := event.Count(uint64(len(writes)))
	for _, s := range []*store.Store{master, one, two} {
		await(t, s.String()+" has "+want.String(), func() bool { v, err := s.Get(key); return err == nil && v.Equal(want) })
	}
	if _, err := os.Stat(filepath.Join(c.dir, "hosts.sqlite")); err != nil {
		t.Error(err)
	}
}

// memoryNode is a node on a bus in memory that does not run.
func memoryNode(t *testing.T, bus *cluster.Bus, name string, o StoreOptions) *Node {
	t.Helper()
	n, err := New(Options{
		Name: name, Connect: bus.Connect, Dir: t.TempDir(), Stores: o,
		Cluster: cluster.Options{Layout: layoutgen.Default().Layout()},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.close() })
	return n
}

// TestCreateStore: who is the master, where the file is, and what is refused, as Zeek has
// it.
func TestCreateStore(t *testing.T) {
	t.Parallel()
	bus := cluster.NewBus()
	proxied := StoreOptions{DefaultMasterNode: "proxy-1"}
	own := StoreOptions{Stores: map[string]StoreInfo{"s": {MasterNode: "worker-1", Backend: SQLite}}}
	for _, c := range []struct {
		node       string
		o          StoreOptions
		persistent bool
		master     bool
		file       string
		err        string
	}{
		{node: "manager", master: true},
		{node: "manager", persistent: true, master: true, file: "s.sqlite"},
		{node: "worker-1", persistent: true},
		{node: "manager", o: proxied},
		{node: "proxy-1", o: proxied, master: true},
		{node: "worker-1", o: own, master: true, file: "s.sqlite"},
		{node: "manager", o: own},
		{node: "manager", o: StoreOptions{DefaultStoreDir: "sub"}, persistent: true, master: true, file: "sub/s.sqlite"},
		{node: "manager", o: StoreOptions{DefaultBackend: SQLite}, master: true, file: "s.sqlite"},
		{node: "manager", o: StoreOptions{DefaultPersistentBackend: Memory}, persistent: true, master: true},
		{node: "manager", o: StoreOptions{DefaultMasterNode: "nobody"}, err: `its master node "nobody" does not exist`},
		{node: "manager", o: StoreOptions{DefaultBackend: "ROCKSDB"}, err: `there is no backend "ROCKSDB"`},
	} {
		n := memoryNode(t, bus, c.node, c.o)
		s, err := CreateStore(n, "s", c.persistent)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%+v: error %v", c, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if s.IsMaster() != c.master {
			t.Errorf("%+v: %v", c, s)
		}
		files, _ := filepath.Glob(filepath.Join(n.o.Dir, "*.sqlite"))
		more, _ := filepath.Glob(filepath.Join(n.o.Dir, "*", "*.sqlite"))
		files = append(files, more...)
		if c.file == "" && len(files) != 0 || c.file != "" && (len(files) != 1 || files[0] != filepath.Join(n.o.Dir, c.file)) {
			t.Errorf("%+v: files %v", c, files)
		}
		if again, err := CreateStore(n, "s", c.persistent); again != s || err != nil {
			t.Errorf("%+v: created twice: %v %v", c, again, err)
		}
	}
}

// TestStoreIntervals: a clone keeps what it was told, without a master, for as long as its
// StoreInfo says, which is less than two minutes, the default.
func TestStoreIntervals(t *testing.T) {
	t.Parallel()
	n := memoryNode(t, cluster.NewBus(), "worker-1", StoreOptions{Stores: map[string]StoreInfo{"s": {CloneMutationBufferInterval: time.Millisecond}}})
	s, err := CreateStore(n, "s", false)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- n.Run(ctx) }()
	if err := s.Put(event.String("k"), event.Count(1)).Wait(soon(t)); !errors.Is(err, store.ErrNoMaster) {
		t.Errorf("a write that nobody takes: %v", err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestStoreLeaves: what a node wrote last is on disk when it has left, and its store is
// closed.
func TestStoreLeaves(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for life := range 2 {
		n := memoryNode(t, cluster.NewBus(), "manager", StoreOptions{DefaultStoreDir: dir})
		s, err := CreateStore(n, "s", true)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error)
		go func() { done <- n.Run(ctx) }()
		if err := s.WaitReady(soon(t)); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Get(event.Count(1)); (err == nil) != (life == 1) {
			t.Errorf("in life %d: %v", life, err)
		}
		last := s.Put(event.Count(1), event.Count(2))
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(patience):
			t.Fatal("the node does not end")
		}
		if err := last.Wait(soon(t)); err != nil {
			t.Error(err)
		}
		if _, err := s.Get(event.Count(1)); !errors.Is(err, store.ErrClosed) {
			t.Errorf("read after the end: %v", err)
		}
		if err := s.Put(event.Count(1), event.Count(2)).Wait(soon(t)); !errors.Is(err, store.ErrClosed) {
			t.Errorf("written after the end: %v", err)
		}
	}
}
