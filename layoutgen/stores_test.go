package layoutgen

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// TestStores: what a node learns of the stores, by way of its environment.
func TestStores(t *testing.T) {
	t.Parallel()
	c, err := Parse("/etc/zctl/zctl.toml", []byte(`
[cluster]
default_store_dir = "stores"
[proxies]
count = 1
[store.hosts]
persistent = true
path = "hosts.db"
journal_mode = "wal"
synchronous = "normal"
failure_mode = "delete"
integrity_check = true
[store.counts]
[store."Scan::seen"]
master = "proxy-1"
persistent = true
`))
	if err != nil {
		t.Fatal(err)
	}
	if c.Cluster.DefaultStoreDir != "/etc/zctl/stores" {
		t.Errorf("default_store_dir %s", c.Cluster.DefaultStoreDir)
	}
	want := map[string]map[string]Store{
		"manager": {
			"hosts": {Master: "manager", Persistent: true, Path: filepath.Join("/etc/zctl", "hosts.db"), JournalMode: "wal",
				Synchronous: "normal", FailureMode: "delete", IntegrityCheck: true},
			"counts":     {Master: "manager"},
			"Scan::seen": {Master: "proxy-1"},
		},
		"proxy-1":  {"Scan::seen": {Master: "proxy-1", Persistent: true}},
		"worker-1": {"Scan::seen": {Master: "proxy-1"}},
	}
	for name, stores := range want {
		node, _ := c.Layout().Node(name)
		got, err := ParseStores(StoresText(c.StoresOf(node)))
		if err != nil || !reflect.DeepEqual(got, stores) {
			t.Errorf("%s learns of %+v, %v; want %+v", name, got, err, stores)
		}
	}
	if text := StoresText(nil); text != "" {
		t.Errorf("no stores are %q", text)
	}
	for _, text := range []string{"{", `{"": {}}`, `{"x": {"journal_mode": "truncate"}}`, `[]`} {
		if stores, err := ParseStores(text); err == nil || !strings.Contains(err.Error(), StoresEnv) {
			t.Errorf("%s is %v, %v", text, stores, err)
		}
	}
}

// TestWrongStores: each mistake where it is, with what would be right.
func TestWrongStores(t *testing.T) {
	t.Parallel()
	for doc, want := range map[string]string{
		"store = 1":                        `1:1: store is the number 1; it must be tables, like [store.NAME]`,
		"[store]\nx = 1":                   `2:1: store.x is the number 1; it must be a table, [store.x]`,
		"[store.x]\njurnal_mode = \"wal\"": `2:1: unknown key store.x.jurnal_mode; did you mean journal_mode?`,
		"[store.x]\npersistent = \"yes\"":  `2:1: store.x.persistent is the string "yes"; it must be true or false`,
		"[store.x]\nmaster = \"proxy-9\"":  `2:1: store.x.master is "proxy-9"; there are manager, logger-1, proxy-1, worker-1, worker-2`,
		"[store.x]\npersistent = true\njournal_mode = \"truncate\"":                              `3:1: store.x.journal_mode is "truncate"; give "delete" or "wal"`,
		"[store.x]\npersistent = true\nsynchronous = \"\"":                                       `3:1: store.x.synchronous is ""; give "off" or "normal" or "full" or "extra"`,
		"[store.x]\npersistent = true\nfailure_mode = \"keep\"":                                  `3:1: store.x.failure_mode is "keep"; give "fail" or "delete"`,
		"[store.x]\npath = \"a\"":                                                                `2:1: store.x.path is about a file, and the store has none; say persistent = true, or remove it`,
		"[store.x]\nintegrity_check = true":                                                      `2:1: store.x.integrity_check is about a file`,
		"[store.\"a/b\"]\npersistent = true":                                                     `1:1: store.a/b: no file can be called like that; say path`,
		"[store.x]\npersistent = true\npath = \"a\"\n[store.y]\npersistent = true\npath = \"a\"": `6:1: store.y.path is the file of store.x, too; give each its own`,
		"[store.\"" + strings.Repeat("n", 201) + "\"]":                                           `: the name of a store has 1 to 200 bytes`,
		"[manager]\nengine = \"zeek\"\n[store.x]":                                                `3:1: store.x: manager is a Zeek node, which has no stores on this bus; say master with a node that runs engine "go"`,
		"[store.x]\nmaster = \"proxy-1\"\n[node.proxy-1]\nengine = \"zeek\"":                     `2:1: store.x: proxy-1 is a Zeek node`,
		"[manager]\nenv = { ZCTL_STORES = \"x\" }":                                               `zctl sets ZCTL_STORES itself; say default_store_dir in [cluster], and [store.NAME]`,
		"[manager]\njournal_mode = \"wal\"":                                                      `unknown key manager.journal_mode`,
	} {
		_, err := Parse("zctl.toml", []byte(doc))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n got %v\nwant %s", doc, err, want)
		}
	}
}
