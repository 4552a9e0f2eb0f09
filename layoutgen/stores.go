package layoutgen

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Store is a section [store.NAME]: a data store that the cluster has, and how its master
// keeps it (Cluster::StoreInfo, Broker::SQLiteOptions). The master makes it when it
// starts; other nodes, and zctl store, get at it by its name.
type Store struct {
	// Master is the node that has the store. Default: the manager, Zeek's
	// Cluster::default_master_node.
	Master string `toml:"master" json:"master,omitempty"`
	// Persistent keeps the store in a file, with SQLite. Default false: it is gone with
	// its master.
	Persistent bool `toml:"persistent" json:"persistent,omitempty"`
	// Path is that file. Default: NAME.sqlite in cluster.default_store_dir, or in the
	// master's work directory.
	Path string `toml:"path" json:"path,omitempty"`
	// JournalMode is SQLite's: "delete" or "wal". Default "delete", Broker's.
	JournalMode string `toml:"journal_mode" json:"journal_mode,omitempty"`
	// Synchronous is SQLite's: "off", "normal", "full" or "extra". Default "full",
	// Broker's.
	Synchronous string `toml:"synchronous" json:"synchronous,omitempty"`
	// FailureMode is what becomes of a file that is damaged: "fail" is an error,
	// "delete" puts it aside and begins with an empty one. Default "fail".
	FailureMode string `toml:"failure_mode" json:"failure_mode,omitempty"`
	// IntegrityCheck reads the whole file when the master starts. Default false.
	IntegrityCheck bool `toml:"integrity_check" json:"integrity_check,omitempty"`
}

// Values of Store.JournalMode, Store.Synchronous and Store.FailureMode.
var (
	journalModes     = []string{"delete", "wal"}
	synchronousModes = []string{"off", "normal", "full", "extra"}
	failureModes     = []string{"fail", "delete"}
)

// Variables by which a Go node learns of the stores of its cluster: which there are, as
// the JSON of a map[string]Store, and cluster.default_store_dir.
const (
	StoresEnv   = "ZCTL_STORES"
	StoreDirEnv = "ZCTL_STORE_DIR"
)

// ParseStores reads what [StoresEnv] says; "" is none.
func ParseStores(text string) (map[string]Store, error) {
	var stores map[string]Store
	if text == "" {
		return nil, nil
	}
	if err := json.Unmarshal([]byte(text), &stores); err != nil {
		return nil, fmt.Errorf("cannot use %s: %w", StoresEnv, err)
	}
	s := &source{}
	for _, name := range slices.Sorted(maps.Keys(stores)) {
		stores[name].check(s, name)
	}
	if len(s.problems) > 0 {
		return nil, fmt.Errorf("cannot use %s: %w", StoresEnv, s.problems)
	}
	return stores, nil
}

// StoresOf is what a node has to know of the stores of the cluster: all of those that it
// is the master of, and of the others who is, if it is not the manager as always.
func (c *Config) StoresOf(node Node) map[string]Store {
	all := map[string]Store{}
	for name, store := range c.Store {
		switch master := c.masterOf(store); {
		case master == node.Name:
			store.Master = master
			all[name] = store
		case master != c.Manager.Name:
			all[name] = Store{Master: master}
		}
	}
	return all
}

// StoresText is stores as [ParseStores] reads them; "" is none.
func StoresText(stores map[string]Store) string {
	if len(stores) == 0 {
		return ""
	}
	return jsonText(stores)
}

// jsonText is a section of the configuration for the environment of a node.
func jsonText(section any) string {
	text, err := json.Marshal(section)
	if err != nil {
		panic(err) // there is nothing in it that JSON has not
	}
	return string(text)
}

func (c *Config) masterOf(s Store) string {
	if s.Master == "" {
		return c.Manager.Name
	}
	return s.Master
}

// maxStoreName is how long the name of a store may be, in bytes: it goes into topics.
const maxStoreName = 200

// check reports what cannot be right about a store wherever it is.
func (st Store) check(s *source, name string) {
	at := join("store", name)
	if name == "" || len(name) > maxStoreName {
		s.problemf(at, "%s: the name of a store has 1 to %d bytes", at, maxStoreName)
	}
	for _, mode := range []struct {
		key, value string
		allowed    []string
	}{
		{"journal_mode", st.JournalMode, journalModes},
		{"synchronous", st.Synchronous, synchronousModes},
		{"failure_mode", st.FailureMode, failureModes},
	} {
		if mode.value != "" || s.has(join(at, mode.key)) {
			oneOf(s, join(at, mode.key), mode.value, mode.allowed...)
		}
	}
	if strings.ContainsRune(st.Path, 0) {
		s.problemf(join(at, "path"), "%s: a path holds no NUL byte", join(at, "path"))
	}
	if st.Persistent {
		if st.Path == "" && strings.ContainsAny(name, "/\x00") {
			s.problemf(at, "%s: no file can be called like that; say path", at)
		}
		return
	}
	for _, key := range []string{"path", "journal_mode", "synchronous", "failure_mode", "integrity_check"} {
		if s.has(join(at, key)) {
			s.problemf(join(at, key), "%s is about a file, and the store has none; say persistent = true, or remove it", join(at, key))
		}
	}
}

// checkStores reports what is wrong with the sections [store.NAME] in this cluster. What
// nodes there are, and what they run, is known by then.
func (c *Config) checkStores(s *source) {
	layout := buildLayout(c, &source{at: s.at})
	files := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(c.Store)) {
		store, at := c.Store[name], join("store", name)
		store.check(s, name)
		where := at
		if store.Master != "" {
			where = join(at, "master")
		}
		switch node, found := layout.Node(c.masterOf(store)); {
		case !found:
			s.problemf(where, "%s is %q; there are %s", join(at, "master"), store.Master, several(layout.Names()))
		case node.Process.Engine == EngineZeek:
			s.problemf(where, "%s: %s is a Zeek node, which has no stores on this bus; say master with a node that runs engine \"go\"", at, node.Name)
		}
		if store.Path == "" {
			continue
		}
		if other := files[store.Path]; other != "" {
			s.problemf(join(at, "path"), "%s is the file of store.%s, too; give each its own", join(at, "path"), other)
		}
		files[store.Path] = name
	}
}
