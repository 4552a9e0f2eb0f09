package main

import (
	"maps"
	"testing"

	"zctl/layoutgen"
	"zctl/supervisor"
)

// TestWithSpill: Go nodes that send logs learn that they are to spill; what their
// section says stays, and neither loggers, the broker nor Zeek are told.
func TestWithSpill(t *testing.T) {
	t.Parallel()
	config, err := layoutgen.Parse("zctl.toml", []byte("[broker]\nprocess = \"own\"\n[logs]\nspill = true\nspill_size = \"2MiB\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	layout := config.Layout()
	spill := map[string]string{"ZCTL_LOG_FULL": "spill", "ZCTL_LOG_SPILL_BYTES": "2097152"}
	own := map[string]string{"ZCTL_LOG_FULL": "block", "ZCTL_LOG_SPILL_BYTES": "7"}
	for _, test := range []struct {
		node, engine string
		env, want    map[string]string
	}{
		{"manager", layoutgen.EngineGo, nil, spill},
		{"worker-1", layoutgen.EngineGo, nil, spill},
		{"worker-1", layoutgen.EngineGo, own, own},
		{"worker-1", layoutgen.EngineZeek, nil, nil},
		{"logger-1", layoutgen.EngineGo, nil, nil},
		{"broker", layoutgen.EngineGo, nil, nil},
	} {
		for _, node := range layout.Processes() {
			if node.Name != test.node {
				continue
			}
			got := withSpill(supervisor.Spec{Engine: test.engine, Env: test.env}, node, layout, config.Logs.LogSend)
			if !maps.Equal(got, test.want) {
				t.Errorf("%s with engine %s: %v, want %v", test.node, test.engine, got, test.want)
			}
		}
	}
}
