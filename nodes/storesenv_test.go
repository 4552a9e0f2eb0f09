package nodes

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"zctl/layoutgen"
	"zctl/nodes/cluster"
	"zctl/nodes/event"
	"zctl/nodes/store"
	"zctl/nodes/store/sqlite"
)

// TestStoresFromEnv: what zctl.toml says of stores reaches a node by its environment.
func TestStoresFromEnv(t *testing.T) {
	t.Parallel()
	config, err := layoutgen.Parse("/etc/zctl.toml", []byte(`
[cluster]
default_store_dir = "stores"
[store.a]
persistent = true
path = "a.db"
journal_mode = "wal"
synchronous = "off"
failure_mode = "delete"
integrity_check = true
[store.b]
[store.c]
master = "worker-1"
persistent = true
`))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]StoreOptions{
		"manager": {DefaultStoreDir: "/etc/stores", Create: []string{"a", "b"}, Stores: map[string]StoreInfo{
			"a": {MasterNode: "manager", Backend: SQLite, SQLite: sqlite.Options{
				Path: "/etc/a.db", JournalMode: sqlite.JournalWAL, Synchronous: sqlite.SynchronousOff,
				FailureMode: sqlite.FailureDelete, IntegrityCheck: true,
			}},
			"b": {MasterNode: "manager", Backend: Memory},
			"c": {MasterNode: "worker-1", Backend: Memory}, // which is not for it to know
		}},
		"worker-1": {DefaultStoreDir: "/etc/stores", Create: []string{"c"}, Stores: map[string]StoreInfo{"c": {MasterNode: "worker-1", Backend: SQLite}}},
	} {
		node, _ := config.Layout().Node(name)
		env := map[string]string{
			"CLUSTER_NODE": name, layoutgen.StoreDirEnv: config.Cluster.DefaultStoreDir,
			layoutgen.StoresEnv: layoutgen.StoresText(config.StoresOf(node)),
		}
		got, err := storesFromEnv(func(name string) string { return env[name] })
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v; want %+v", name, got, err, want)
		}
		for _, info := range got.Stores {
			if info.Backend == SQLite {
				if info.SQLite.Path == "" {
					info.SQLite.Path = "x"
				}
				if err := info.SQLite.Check(); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
	}
	if _, err := storesFromEnv(func(string) string { return "{" }); err == nil || !strings.Contains(err.Error(), layoutgen.StoresEnv) {
		t.Errorf("error %v", err)
	}
}

// TestCreateStores: a node creates the stores that it is told to before it is on the bus;
// with one that it cannot create it does not start.
func TestCreateStores(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := func(bus *cluster.Bus) Options {
		return Options{
			Name: "manager", Dir: dir, Connect: bus.Connect, Cluster: cluster.Options{Layout: layoutgen.Default().Layout()},
			Stores: StoreOptions{Create: []string{"kept", "lost"}, Stores: map[string]StoreInfo{
				"kept": {MasterNode: "manager", Backend: SQLite}, "lost": {MasterNode: "manager"},
			}},
		}
	}
	for round := range 2 {
		n, err := New(o(cluster.NewBus()))
		if err != nil {
			t.Fatal(err)
		}
		stop := runNode(t, n)
		kept, err := CreateStore(n, "kept", false)
		lost, err2 := CreateStore(n, "lost", false)
		if err := errors.Join(err, err2); err != nil {
			t.Fatal(err)
		}
		if !kept.IsMaster() || !lost.IsMaster() {
			t.Error("they are no masters")
		}
		for _, s := range []*store.Store{kept, lost} {
			if there, err := s.Exists(event.Count(1)); err != nil || there != (round == 1 && s == kept) {
				t.Errorf("round %d: %s has it: %v, %v", round, s.Name(), there, err)
			}
			if err := s.Put(event.Count(1), event.Count(2)).Wait(t.Context()); err != nil {
				t.Error(err)
			}
		}
		stop()
	}
	if err := os.WriteFile(filepath.Join(dir, "kept.sqlite"), []byte("no database at all, is it?"), 0o600); err != nil {
		t.Fatal(err)
	}
	n, err := New(o(cluster.NewBus()))
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "kept.sqlite") {
		t.Errorf("started with a file that is no database: %v", err)
	}
}

// runNode runs a node until stop is called, and returns when it is on the bus.
func runNode(t *testing.T, n *Node) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- n.Run(ctx) }()
	if err := n.WaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	return func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}
