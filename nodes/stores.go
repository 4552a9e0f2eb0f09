package nodes

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"zctl/layoutgen"
	"zctl/nodes/cluster"
	"zctl/nodes/store"
	"zctl/nodes/store/sqlite"
)

// BackendType is where a store's master keeps it (Broker::BackendType).
type BackendType string

// The types there are.
const (
	Memory BackendType = "MEMORY"
	SQLite BackendType = "SQLITE"
)

// StoreOptions is Zeek's options about data stores. All nodes of a cluster should have the
// same. The zero value of each field is its default.
type StoreOptions struct {
	// DefaultMasterNode is the node that is the master of stores: the manager, the first
	// by name if there are several (Cluster::default_master_node).
	DefaultMasterNode string
	// DefaultStoreDir is where files of stores are: the node's own directory
	// (Cluster::default_store_dir).
	DefaultStoreDir string
	// DefaultBackend is of stores that do not say otherwise: Memory
	// (Cluster::default_backend).
	DefaultBackend BackendType
	// DefaultPersistentBackend is of those of them that are to be persistent: SQLite
	// (Cluster::default_persistent_backend).
	DefaultPersistentBackend BackendType
	// Stores is what is different about the stores of these names (Cluster::stores).
	Stores map[string]StoreInfo
	// Create is the stores that the node opens by itself when it runs.
	Create []string
}

// StoreInfo is what is different about a store (Cluster::StoreInfo). What is not set is
// the default.
type StoreInfo struct {
	MasterNode string
	Backend    BackendType
	// SQLite is how the file is written (Broker::SQLiteOptions). Its path is NAME.sqlite in
	// the DefaultStoreDir.
	SQLite sqlite.Options
	// CloneResyncInterval, CloneStaleInterval and CloneMutationBufferInterval are those of
	// [store.CloneOptions].
	CloneResyncInterval, CloneStaleInterval, CloneMutationBufferInterval time.Duration
}

// CreateStore opens a data store that the cluster shares (Cluster::create_store): on its
// master node the master, elsewhere a clone. Every node that wants to use the store has to
// ask for it; one that has it already gets it again. A store that is persistent is kept in
// a file, unless [Options.Stores] says that it is kept elsewhere anyway. A client of the
// cluster gets a clone (in Zeek, where it would be in no cluster, a master).
//
// It may be called before Run, and is best called then. The store is closed when the node
// leaves the bus.
func CreateStore(n *Node, name string, persistent bool) (*store.Store, error) {
	info, err := n.o.Stores.info(name, persistent)
	if err != nil {
		return nil, fmt.Errorf("cannot create store %q: %w", name, err)
	}
	master, err := n.masterOf(info)
	if err != nil {
		return nil, fmt.Errorf("cannot create store %q: %w", name, err)
	}
	s, role := (*store.Store)(nil), "clone"
	if master {
		role = "master"
		s, err = n.createMaster(name, info)
	} else {
		s, err = store.CreateClone(n.Cluster, name, store.CloneOptions{
			ResyncInterval: info.CloneResyncInterval, StaleInterval: info.CloneStaleInterval,
			MutationBufferInterval: info.CloneMutationBufferInterval, Log: n.o.Log,
		})
	}
	if err != nil {
		return nil, err
	}
	n.Log("created " + role + " store: " + name)
	return s, nil
}

// info is what holds for a store (spec: cluster-framework 2.1).
func (o StoreOptions) info(name string, persistent bool) (StoreInfo, error) {
	info := o.Stores[name]
	defaultTo(&info.MasterNode, o.DefaultMasterNode)
	defaultTo(&info.Backend, o.DefaultBackend)
	defaultTo(&info.Backend, Memory)
	if persistent && info.Backend == Memory {
		info.Backend = o.DefaultPersistentBackend
		defaultTo(&info.Backend, SQLite)
	}
	switch info.Backend {
	case Memory:
		return info, nil
	case SQLite:
		var err error
		info.SQLite.Path, err = sqlite.Path(info.SQLite.Path, o.DefaultStoreDir, name)
		return info, err
	}
	return info, fmt.Errorf("there is no backend %q; there are %s and %s", info.Backend, Memory, SQLite)
}

// masterOf says whether this node is the master of a store.
func (n *Node) masterOf(info StoreInfo) (bool, error) {
	if !n.IsEnabled() {
		return false, nil
	}
	name := info.MasterNode
	if name == "" {
		managers := n.NodesWithType(layoutgen.TypeManager)
		if len(managers) == 0 {
			return false, errors.New("no node is named to be its master, and there is no manager to default to")
		}
		name = managers[0].Name
	}
	if name == n.o.Name {
		return true, nil
	}
	if !slices.ContainsFunc(n.Peers(), func(p cluster.Peer) bool { return p.Node.Name == name }) {
		return false, fmt.Errorf("its master node %q does not exist", name)
	}
	return false, nil
}

// createMaster opens the store's file, if it has one. A store that is open is left alone.
func (n *Node) createMaster(name string, info StoreInfo) (*store.Store, error) {
	for _, open := range store.Opened(n.Cluster) {
		if open.Name() == name && open.IsMaster() {
			return open, nil
		}
	}
	o := store.MasterOptions{Log: n.o.Log}
	if info.Backend == SQLite {
		if !filepath.IsAbs(info.SQLite.Path) {
			info.SQLite.Path = filepath.Join(n.o.Dir, info.SQLite.Path)
		}
		backend, err := sqlite.Open(context.Background(), info.SQLite)
		if err != nil {
			return nil, err
		}
		o.Backend = backend
	}
	return store.CreateMaster(n.Cluster, name, o)
}

// closeStores closes the stores of a node that never was on the bus.
func (n *Node) closeStores() error {
	var errs []error
	for _, s := range store.Opened(n.Cluster) {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}

func defaultTo[T comparable](option *T, standard T) {
	var zero T
	if *option == zero {
		*option = standard
	}
}
