package nodes

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"zctl/layoutgen"
	"zctl/nodes/cluster"
	"zctl/nodes/event"
	"zctl/nodes/zmq"
)

// script is what a cluster-backend.zeek with these lines sets.
func script(t *testing.T, lines string) layoutgen.BackendOptions {
	t.Helper()
	b, err := layoutgen.ParseBackend(layoutgen.DefaultBackend.Zeek() + lines)
	if err != nil {
		t.Fatal(err)
	}
	return b.Options
}

// TestScriptSetsSockets: each option sets the sockets that Zeek's sets (spec: wire
// 1.2), and no others.
func TestScriptSetsSockets(t *testing.T) {
	t.Parallel()
	const zmqName = "redef Cluster::Backend::ZeroMQ::"
	all := func(o zmq.Options) sockets { return sockets{o, o, o, o, o} }
	tests := []struct {
		line string
		want sockets
	}{
		{"", sockets{}},
		{"linger_ms = 7;", all(zmq.Options{Linger: 7 * time.Millisecond})},
		{"linger_ms = 0;", all(zmq.Options{Linger: -1})},
		{"linger_ms = -1;", all(zmq.Options{Linger: math.MaxInt64})},
		{"xpub_sndhwm = 7;", sockets{xpub: zmq.Options{SndHWM: 7}}},
		{"xpub_sndhwm = 0;", sockets{xpub: zmq.Options{SndHWM: math.MaxInt32}}},
		{"xpub_sndbuf = 7;", sockets{xpub: zmq.Options{SndBuf: 7}}},
		{"xsub_rcvhwm = 7;", sockets{xsub: zmq.Options{RcvHWM: 7}}},
		{"xsub_rcvbuf = 7;", sockets{xsub: zmq.Options{RcvBuf: 7}}},
		{"log_sndhwm = 7;", sockets{push: zmq.Options{SndHWM: 7}}},
		{"log_sndbuf = 7;", sockets{push: zmq.Options{SndBuf: 7}}},
		{"log_immediate = T;", sockets{push: zmq.Options{Immediate: true}}},
		{"log_rcvhwm = 7;", sockets{pull: zmq.Options{RcvHWM: 7}}},
		{"log_rcvbuf = -1;", sockets{pull: zmq.Options{RcvBuf: -1}}},
		{"connect_xpub_nodrop = F;", sockets{xpub: zmq.Options{Drop: true}}},
		{"connect_xpub_nodrop = T;", sockets{}},
		{"listen_xpub_nodrop = F;", sockets{broker: zmq.Options{Drop: true}}},
	}
	for _, test := range tests {
		line := test.line
		if line != "" {
			line = zmqName + line
		}
		if got := socketOptions(zmq.Options{}, script(t, line)); got != test.want {
			t.Errorf("%s: got %+v\nwant %+v", line, got, test.want)
		}
	}
	own := zmq.Options{SndHWM: 3, Linger: time.Second}
	if got := socketOptions(own, script(t, zmqName+"xpub_sndhwm = 7;"+zmqName+"linger_ms = 7;")); got.xpub.SndHWM != 3 || got.push.Linger != time.Second {
		t.Errorf("the program's own options give way: %+v", got)
	}
}

func TestScriptSetsCluster(t *testing.T) {
	t.Parallel()
	s := script(t, `
redef Cluster::Backend::ZeroMQ::linger_ms = 7;
redef Cluster::Backend::ZeroMQ::onloop_queue_hwm = 0;
redef Cluster::Backend::ZeroMQ::hello_expiration = 1min;
redef EventMetadata::add_network_timestamp = T;
redef Cluster::event_serializer = Cluster::EVENT_SERIALIZER_BROKER_JSON_V1;
redef Cluster::Backend::ZeroMQ::node_topic_prefix = "n";
redef Cluster::Backend::ZeroMQ::nodeid_topic_prefix = "i";
redef Cluster::Backend::ZeroMQ::internal_topic_prefix = "z.";
redef Cluster::logger_topic = "l"; redef Cluster::manager_topic = "m";
redef Cluster::proxy_topic = "p"; redef Cluster::worker_topic = "bro/cluster/worker";
`)
	got := clusterOptions(cluster.Options{}, s)
	if got.Linger != 7*time.Millisecond || got.OnloopQueueHWM != -1 || got.HelloExpiration != time.Minute || !got.AddNetworkTimestamp || got.EventSerializer != event.FormatJSON {
		t.Errorf("got %+v", got)
	}
	want := cluster.Topics{Logger: "l", Manager: "m", Proxy: "p", Worker: "bro/cluster/worker", NodePrefix: "n.", NodeIDPrefix: "i.", InternalPrefix: "z."}
	if got.Topics != want {
		t.Errorf("topics %+v", got.Topics)
	}
	own := cluster.Options{Linger: time.Second, OnloopQueueHWM: 5, EventSerializer: event.FormatBin, Topics: cluster.BrokerTopics}
	if got := clusterOptions(own, s); got.Linger != time.Second || got.OnloopQueueHWM != 5 || got.EventSerializer != event.FormatBin || got.Topics != cluster.BrokerTopics {
		t.Errorf("the program's own options give way: %+v", got)
	}
	for text, want := range map[string]time.Duration{"0sec": 1, "-1sec": math.MaxInt64} {
		if got := clusterOptions(cluster.Options{}, script(t, "redef Cluster::Backend::ZeroMQ::hello_expiration = "+text+";")); got.HelloExpiration != want {
			t.Errorf("hello_expiration %s is %v", text, got.HelloExpiration)
		}
	}
}

// TestScriptOnTheBus: nodes whose cluster-backend.zeek changes how they talk still
// meet, and talk so.
func TestScriptOnTheBus(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "")
	file := filepath.Join(c.dir, layoutgen.BackendFile)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text = append(text, `
redef Cluster::Backend::ZeroMQ::nodeid_topic_prefix = "who";
redef Cluster::worker_topic = "bro/cluster/worker";
redef Cluster::event_serializer = Cluster::EVENT_SERIALIZER_BROKER_JSON_V1;
`...)
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	c.start("manager", "worker-1")
	manager, worker := c.nodes["manager"], c.nodes["worker-1"]
	heard := make(chan string, 1)
	if err := Handle(worker.Node, "M::ev", func(ctx context.Context, text string) { heard <- text }); err != nil {
		t.Fatal(err)
	}
	await(t, "the worker to be up", func() bool { return manager.ActiveNodeCount(layoutgen.TypeWorker) == 1 })
	if got, want := manager.NodeIDTopic("x"), "who.x."; got != want {
		t.Errorf("topic %q, want %q", got, want)
	}
	if err := manager.Publish(context.Background(), "bro/cluster/worker", "M::ev", "hi"); err != nil {
		t.Fatal(err)
	}
	select {
	case <-heard:
	case <-time.After(patience):
		t.Error("the worker heard nothing")
	}
}

// TestConfigurationOnTheBus: a node does as the configuration's [zeromq] says: of
// events that wait for a handler no more than onloop_queue_hwm are kept.
func TestConfigurationOnTheBus(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "[zeromq]\nonloop_queue_hwm = 10\nxpub_sndhwm = 700\nlog_immediate = true\n")
	c.start("manager", "worker-1")
	manager, worker := c.nodes["manager"], c.nodes["worker-1"]
	entered, release := make(chan struct{}), make(chan struct{})
	if err := Handle(worker.Node, "M::slow", func(context.Context) { close(entered); <-release }); err != nil {
		t.Fatal(err)
	}
	defer close(release)
	if err := Handle(worker.Node, "M::ev", func(context.Context) {}); err != nil {
		t.Fatal(err)
	}
	await(t, "the worker to be up", func() bool { return manager.ActiveNodeCount(layoutgen.TypeWorker) == 1 })
	send := func(name string) {
		t.Helper()
		if err := manager.Publish(context.Background(), worker.NodeTopic("worker-1"), name); err != nil {
			t.Fatal(err)
		}
	}
	send("M::slow")
	<-entered
	before := worker.Stats().Dropped
	for range 15 {
		send("M::ev")
	}
	await(t, "5 events to be dropped", func() bool { return worker.Stats().Dropped-before >= 5 })
	if got := worker.sockets; got.xpub.SndHWM != 700 || !got.push.Immediate || got.xsub.RcvHWM != 0 {
		t.Errorf("got %+v", got)
	}
}
