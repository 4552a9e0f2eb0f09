package nodes

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zctl/layoutgen"
	"zctl/nodes/logstream"
)

// TestFromEnv: a node is what its environment and its directory say.
func TestFromEnv(t *testing.T) {
	c := newCluster(t, "")
	t.Chdir(t.TempDir())
	t.Setenv("ZEEKPATH", c.dir)
	for name, value := range map[string]string{"CLUSTER_NODE": "worker-2", layoutgen.HeartbeatEnv: "7s", layoutgen.LogFullEnv: "block", layoutgen.LogSpillEnv: "1000"} {
		t.Setenv(name, value)
	}
	o, err := FromEnv()
	if err != nil || o.Name != "worker-2" || o.Layout != filepath.Join(c.dir, layoutgen.LayoutFile) ||
		o.ZeroMQ.Heartbeat != 7*time.Second || o.Logs.Policy != logstream.Block || o.Logs.Spill.MaxBytes != 1000 || o.Log == nil {
		t.Errorf("%+v, %v", o, err)
	}
	n, err := New(o)
	if err != nil || n.LocalNodeType() != layoutgen.TypeWorker || !n.IsEnabled() {
		t.Errorf("a node of it: %v", err)
	}
	for name, wrong := range map[string]string{layoutgen.HeartbeatEnv: "soon", layoutgen.LogFullEnv: "wait", layoutgen.LogSpillEnv: "0"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, wrong)
			if _, err := FromEnv(); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("%s=%s: %v", name, wrong, err)
			}
		})
	}
	t.Setenv("ZEEKPATH", "/nowhere")
	if _, err := FromEnv(); err == nil || !strings.Contains(err.Error(), "cannot find cluster-layout.zeek") {
		t.Errorf("without a layout: %v", err)
	}
}
