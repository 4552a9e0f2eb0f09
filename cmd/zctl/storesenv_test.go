package main

import (
	"maps"
	"testing"

	"zctl/layoutgen"
	"zctl/supervisor"
)

// TestWithStores: the master of a store learns all of it, others only who it is, if it is
// not the manager; a change of one store restarts nobody else.
func TestWithStores(t *testing.T) {
	t.Parallel()
	parse := func(doc string) *layoutgen.Config {
		config, err := layoutgen.Parse("/etc/zctl.toml", []byte(doc))
		if err != nil {
			t.Fatal(err)
		}
		return config
	}
	plain := parse("[broker]\nprocess = \"own\"\n[store.a]\npersistent = true\n")
	dir := parse("[broker]\nprocess = \"own\"\n[cluster]\ndefault_store_dir = \"s\"\n[store.b]\nmaster = \"worker-1\"\n")
	const master, elsewhere = `{"a":{"master":"manager","persistent":true}}`, `{"b":{"master":"worker-1"}}`
	for _, test := range []struct {
		config       *layoutgen.Config
		node, engine string
		env, want    map[string]string
	}{
		{plain, "manager", layoutgen.EngineGo, map[string]string{"X": "1"}, map[string]string{"X": "1", "ZCTL_STORES": master}},
		{plain, "worker-1", layoutgen.EngineGo, nil, nil},
		{dir, "manager", layoutgen.EngineGo, nil, map[string]string{"ZCTL_STORES": elsewhere, "ZCTL_STORE_DIR": "/etc/s"}},
		{dir, "worker-1", layoutgen.EngineGo, nil, map[string]string{"ZCTL_STORES": elsewhere, "ZCTL_STORE_DIR": "/etc/s"}},
		{dir, "worker-2", layoutgen.EngineZeek, nil, nil},
		{dir, "broker", layoutgen.EngineGo, nil, nil},
		{layoutgen.Default(), "manager", layoutgen.EngineGo, nil, nil},
	} {
		seen := false
		for _, node := range test.config.Layout().Processes() {
			if node.Name != test.node {
				continue
			}
			seen = true
			if got := withStores(supervisor.Spec{Engine: test.engine, Env: test.env}, node, test.config); !maps.Equal(got, test.want) {
				t.Errorf("%s with engine %s: %v, want %v", test.node, test.engine, got, test.want)
			}
		}
		if !seen {
			t.Errorf("no %s", test.node)
		}
	}
}
