package nodes

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"zctl/nodes/archive"
	"zctl/nodes/cluster"
	"zctl/nodes/control"
	"zctl/nodes/logger"
	"zctl/nodes/store"
	"zctl/nodes/telemetry"
	"zctl/nodes/websocket"
	"zctl/nodes/zmq"
)

// TestMetricsDocs: docs/telemetry.md has every name that nodes serve, and no other.
func TestMetricsDocs(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/telemetry.md")
	if err != nil {
		t.Fatal(err)
	}
	n := offline(t)
	served := map[string]bool{}
	note := func(m telemetry.Metric) { served[m.Name] = true }
	n.readMetrics(note)
	some := []cluster.Traffic{{Topic: "t", Event: "e", Sizes: []uint64{1}}}
	trafficMetrics(note, some, some, []float64{10})
	brokerMetrics(note, zmq.BrokerStats{})
	loggerMetrics(note, logger.Stats{})
	archiveMetrics(note, archive.Stats{})
	storeMetrics(note, "hosts", store.Stats{})
	websocketMetrics(note, websocket.Stats{Apps: map[string]websocket.AppStats{"x": {}}})
	new(packetMetrics).metrics(note, func() (control.Packets, bool) { return control.Packets{}, true })
	_, ours, _ := strings.Cut(string(text), "## The numbers of nodes")
	ours, _, _ = strings.Cut(ours, "## Dashboard")
	documented := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| `.*").FindAllString(ours, -1) {
		names, _, _ := strings.Cut(row[2:], "|")
		for _, name := range regexp.MustCompile("`([a-z_0-9]+)`").FindAllStringSubmatch(names, -1) {
			documented[name[1]] = true
		}
	}
	for name := range served {
		if !documented[name] {
			t.Errorf("%s is served, and not documented", name)
		}
	}
	for name := range documented {
		if !served[name] && !strings.HasPrefix(name, "process_") { // the library's
			t.Errorf("%s is documented, and not served", name)
		}
	}
	if len(documented) < 60 {
		t.Errorf("only %d names", len(documented))
	}
}
