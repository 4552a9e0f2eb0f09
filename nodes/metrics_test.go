package nodes

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"zctl/layoutgen"
	"zctl/nodes/cluster"
	"zctl/nodes/logstream"
	"zctl/nodes/telemetry"
)

// scrape is what a node serves at a path, "" while it does not.
func scrape(port int, path string) string {
	answer, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d%s", port, path))
	if err != nil {
		return ""
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	return string(text)
}

// metricsCluster is a cluster whose nodes serve metrics, the manager at port, the logger
// and the proxy at those behind it.
func metricsCluster(t *testing.T) (c *testCluster, port int) {
	port = freePorts(t, 3)[0]
	c = newCluster(t, "")
	ports := freePorts(t, 4)
	c.layout(fmt.Sprintf("[cluster]\nport = %d\nmetrics_port = %d\n[broker]\nxpub_port = %d\nxsub_port = %d\n[workers]\ncount = 0\n", ports[2], port, ports[0], ports[1]))
	return c, port
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	c, port := metricsCluster(t)
	c.start("manager", "logger-1", "proxy-1")
	c.awaitPeers(2)
	var all []string
	await(t, "numbers", func() bool {
		all = []string{scrape(port, "/metrics"), scrape(port+1, "/metrics"), scrape(port+2, "/metrics")}
		return strings.Contains(all[0], `zctl_peers_up{node="manager"} 2`+"\n") && !strings.Contains(all[1], `zctl_logger_records_total{node="logger-1"} 0`+"\n")
	})
	for i, want := range [][]string{
		{`zctl_bus_joined{node="manager"} 1`, `zctl_broker_connections{node="manager",side="frontend"} `, `zeek_cluster_zeromq_proxy_backend_bytes_sent_total{node="manager"} `},
		{`zctl_logger_stuck{node="logger-1"} 0`, `zctl_logger_memory_bytes{node="logger-1"} `, `zctl_logger_malformed_batches_total{node="logger-1"} 0`},
		{`zctl_log_loggers_connected{node="proxy-1"} 1`, `zctl_log_drops_total{cause="no_room",node="proxy-1"} 0`, `zctl_cpus{node="proxy-1"} `, `zctl_build_info{goversion="go1.`,
			`zeek_log_stream_writes_total{module="Stats",node="proxy-1",stream="Stats::LOG"} 0`,
			`zeek_log_writer_truncated_containers_total{filter_name="default",module="Cluster",node="proxy-1",path="cluster",stream="Cluster::LOG",writer="Log::WRITER_ASCII"} 0`, `zeek_cluster_zeromq_xpub_drops_total{node="proxy-1"} 0`, `zeek_cluster_onloop_queue_blocks_total{node="proxy-1",tag="ZeroMQ"} 0`},
	} {
		for _, line := range want {
			if !strings.Contains(all[i], line) {
				t.Errorf("node %d has no %s in\n%s", i, line, all[i])
			}
		}
	}
	if strings.Contains(all[0], `zeek_cluster_core_outgoing_events_total{node="manager"} 0`+"\n") {
		t.Error("the manager has published nothing")
	}
	want := fmt.Sprintf(`[{"targets":["127.0.0.1:%d","127.0.0.1:%d","127.0.0.1:%d"],"labels":{}}]`, port, port+1, port+2)
	if got := strings.TrimSpace(scrape(port, "/services.json")); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for i := range all {
		if got := scrape(port+i, "/healthz"); got != "ok\n" {
			t.Errorf("node %d says of its health %q", i, got)
		}
	}
	namesAreZeeks(t, all)
	promtoolPasses(t, all)
}

// later is what Zeek has since 8.2, and so is not in the recordings (spec: wire 1.9).
const later = "zeek_cluster_zeromq_proxy_"

// namesAreZeeks checks that what has a name of Zeek's is of the same type there.
func namesAreZeeks(t *testing.T, all []string) {
	t.Helper()
	text, err := os.ReadFile("testdata/zeek-metrics.txt") // of vectors/metrics
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]string{}
	for line := range strings.Lines(string(text)) {
		name, kind, _ := strings.Cut(strings.TrimSpace(line), " ")
		kinds[name] = kind
	}
	found := 0
	if strings.Contains(strings.Join(all, ""), "zeek_version_info") {
		t.Error("a node says that it is a Zeek of some version")
	}
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (zeek_\S+) (\S+)$`).FindAllStringSubmatch(strings.Join(all, ""), -1) {
		if found++; kinds[m[1]] != m[2] && !strings.HasPrefix(m[1], later) {
			t.Errorf("%s is a %s, in Zeek %q", m[1], m[2], kinds[m[1]])
		}
	}
	if found == 0 {
		t.Error("nothing has a name of Zeek's")
	}
}

func promtoolPasses(t *testing.T, all []string) {
	t.Helper()
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Log("not checked with promtool, which is not there (Debian: prometheus)")
		return
	}
	for _, text := range all {
		check := exec.Command(promtool, "check", "metrics")
		check.Stdin = strings.NewReader(text)
		if out, err := check.CombinedOutput(); err != nil {
			t.Errorf("promtool: %v\n%s", err, out)
		}
	}
}

// What is written to logs, and whose handlers are called, is counted by Zeek's names, and
// with its labels.
func TestCountedByName(t *testing.T) {
	t.Parallel()
	type line struct {
		Text string `log:"text"`
	}
	n, err := New(Options{Name: "worker-1", Cluster: cluster.Options{Layout: &layoutgen.Layout{Nodes: []layoutgen.Node{{Name: "worker-1", Type: layoutgen.TypeWorker}}}}})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // one stream, declared twice
		s, err := NewStream[line](n, logstream.ID{Stream: "Alarm::LOG", Path: "alarm"})
		if err == nil {
			err = s.Write(line{strings.Repeat("x", 1<<20)})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // two handlers, one event
		if err := cluster.Handle(n.Cluster, "Alarm::raised", func(context.Context) {}); err != nil {
			t.Fatal(err)
		}
	}
	got := map[string]float64{}
	n.readMetrics(func(m telemetry.Metric) { got[m.Name+" "+strings.Join(m.Labels, " ")] = m.Value })
	const writer = " filter_name default module Alarm path alarm stream Alarm::LOG writer Log::WRITER_ASCII"
	for name, want := range map[string]float64{
		"zeek_log_stream_writes_total module Alarm stream Alarm::LOG": 2,
		"zeek_log_writer_writes_total" + writer:                       2,
		"zeek_log_writer_truncated_string_fields_total" + writer:      2,
		"zeek_log_writer_truncated_containers_total" + writer:         0,
		"zeek_log_writer_discarded_writes_total" + writer:             0,
		"zeek_event_handler_invocations_total name Alarm::raised":     0,
		"zctl_log_drops_total cause no_room":                          0,
	} {
		if value, there := got[name]; !there || value != want {
			t.Errorf("%s: got %v (%v), want %v", name, value, there, want)
		}
	}
	for name, want := range map[string]string{"Conn::LOG": "Conn", "mine": "GLOBAL", "A::B::LOG": "A"} {
		if got := moduleOf(name); got != want {
			t.Errorf("module of %s: got %s, want %s", name, got, want)
		}
	}
}

// A node that nobody hears of says so.
func TestUnhealthy(t *testing.T) {
	t.Parallel()
	c, port := metricsCluster(t)
	c.start("proxy-1")
	await(t, "an answer", func() bool { return scrape(port+2, "/healthz") != "" })
	if got := scrape(port+2, "/healthz"); !strings.HasPrefix(got, "waiting for the broker at tcp://127.0.0.1:") {
		t.Errorf("got %q", got)
	}
}

// A node whose metrics port is in use ends before anybody hears of it.
func TestMetricsPortTaken(t *testing.T) {
	t.Parallel()
	c, port := metricsCluster(t)
	taken, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	n, err := New(Options{Name: "manager", Layout: c.file, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("cannot serve metrics at 127.0.0.1:%d: bind: address already in use", port)
	if err := n.Run(context.Background()); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}
