package nodes

import (
	"errors"
	"slices"
	"strings"

	"zctl/layoutgen"
	"zctl/nodes/store/sqlite"
)

// storesFromEnv is what the environment says about the data stores of the cluster: those
// of zctl.toml.
func storesFromEnv(getenv func(string) string) (StoreOptions, error) {
	o := StoreOptions{DefaultStoreDir: getenv(layoutgen.StoreDirEnv)}
	sections, err := layoutgen.ParseStores(getenv(layoutgen.StoresEnv))
	if len(sections) > 0 {
		o.Stores = map[string]StoreInfo{}
	}
	for name, section := range sections {
		info := StoreInfo{MasterNode: section.Master, Backend: Memory}
		if section.Persistent {
			info.Backend = SQLite
			info.SQLite = sqlite.Options{
				Path:           section.Path,
				JournalMode:    sqlite.JournalMode(strings.ToUpper(section.JournalMode)),
				Synchronous:    sqlite.Synchronous(strings.ToUpper(section.Synchronous)),
				FailureMode:    sqlite.FailureMode(strings.ToUpper(section.FailureMode)),
				IntegrityCheck: section.IntegrityCheck,
			}
		}
		o.Stores[name] = info
		if section.Master == getenv("CLUSTER_NODE") {
			o.Create = append(o.Create, name)
		}
	}
	slices.Sort(o.Create)
	return o, err
}

// createStores creates the stores that the node has without its program asking for them.
func (n *Node) createStores() error {
	var errs []error
	for _, name := range n.o.Stores.Create {
		_, err := CreateStore(n, name, n.o.Stores.Stores[name].Backend == SQLite)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
