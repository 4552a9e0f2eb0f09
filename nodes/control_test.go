package nodes

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"zctl/layoutgen"
	"zctl/nodes/cluster"
	"zctl/nodes/control"
	"zctl/nodes/event"
	"zctl/nodes/zmq"
	"zctl/nodes/zmq/curve"
)

// counted is a source of packets that has seen so many.
type counted control.Packets

func (c counted) PacketStats() control.Packets { return control.Packets(c) }

// recordedFrames is the messages of a recording of the bus.
func recordedFrames(t *testing.T, file string) (all []zmq.Message) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var line struct {
			Frames []string `json:"frames_hex"`
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		var m zmq.Message
		for _, frame := range line.Frames {
			bytes, err := hex.DecodeString(frame)
			if err != nil {
				t.Fatal(err)
			}
			m = append(m, bytes)
		}
		all = append(all, m)
	}
	return all
}

// TestControlReplay: what the recorded controller asked Zeek's nodes is asked nodes in Go, in
// the same bytes, and answered in the same bytes, but for the clock, and for peers, whom a
// Zeek on ZeroMQ does not know.
func TestControlReplay(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "")
	c.start("manager", "logger-1", "proxy-1", "worker-1", "worker-2")
	c.awaitPeers(4)
	if err := c.nodes["worker-1"].AddPacketSource(counted{Received: 336, Link: 676}); err != nil {
		t.Fatal(err)
	}
	backend := c.nodes["manager"].backend
	answers := make(chan zmq.Message, 100)
	xsub, err := zmq.ConnectXSub(backend.ConnectXSub, zmq.Options{}, zmq.XSubHandler{Message: func(m zmq.Message) { answers <- m }})
	if err != nil {
		t.Fatal(err)
	}
	defer xsub.Close()
	nodes := make(chan string, 1000)
	xpub, err := zmq.ConnectXPub(backend.ConnectXPub, zmq.Options{}, zmq.XPubHandler{Subscribed: func(topic []byte) { nodes <- string(topic) }})
	if err != nil {
		t.Fatal(err)
	}
	defer xpub.Close()
	xsub.Subscribe("zeek/control")
	for missing := map[string]bool{"zeek/control": true, cluster.NodeTopic("manager"): true, cluster.NodeTopic("logger-1"): true, cluster.NodeTopic("worker-1"): true}; len(missing) > 0; {
		delete(missing, <-nodes)
	}
	all := recordedFrames(t, "testdata/control-bus.jsonl")
	if len(all) != 20 {
		t.Fatalf("%d messages are recorded", len(all))
	}
	for i := 0; i < len(all); i += 2 {
		request, want := all[i], all[i+1]
		got := askUntilAnswered(t, xpub, request, answers)
		node := string(want[0][strings.LastIndex(string(want[0]), "/")+1:])
		if string(got[1]) != c.nodes[node].NodeID() {
			t.Errorf("%s answered for %s", got[1], node)
		}
		got[1] = want[1] // the one that each process has of its own
		recorded := decoded(t, want)
		switch {
		case strings.HasPrefix(recorded.Name, "Control::peer_status"):
			peers, err := control.ParsePeers(lastText(decoded(t, got)))
			if err != nil || len(peers) != 4 || peers[0].Status != control.Peered {
				t.Errorf("%s: peers %+v, %v", node, peers, err)
			}
			got[3] = want[3]
		case strings.HasPrefix(recorded.Name, "Control::net_stats"):
			if at, _, err := control.ParseNetStats(lastText(decoded(t, got))); err != nil || time.Since(at).Abs() > patience {
				t.Errorf("%s counted at %v, %v", node, at, err)
			}
			was, _, _ := strings.Cut(lastText(recorded), " ")
			is, _, _ := strings.Cut(lastText(decoded(t, got)), " ")
			got[3] = []byte(strings.Replace(string(got[3]), is, was, 1))
		}
		for f := range want {
			if string(got[f]) != string(want[f]) {
				t.Errorf("%s, frame %d:\ngot  %q\nwant %q", recorded.Name, f, got[f], want[f])
			}
		}
	}
}

// askUntilAnswered repeats a request: the first answer may go nowhere, if it is published
// before the node hears of our subscription.
func askUntilAnswered(t *testing.T, xpub *zmq.XPub, request zmq.Message, answers <-chan zmq.Message) zmq.Message {
	t.Helper()
	what := strings.TrimSuffix(decoded(t, request).Name, "_request")
	node := strings.TrimSuffix(strings.TrimPrefix(string(request[0]), "zeek.cluster.node."), ".")
	for end := time.Now().Add(patience); time.Now().Before(end); {
		if err := xpub.Send(request); err != nil {
			t.Fatal(err)
		}
		for again := time.After(100 * time.Millisecond); again != nil; {
			select {
			case a := <-answers: // perhaps to one before that was repeated
				ev := decoded(t, a)
				about := len(decoded(t, request).Args) == 0 || ev.Args[0].Equal(decoded(t, request).Args[0])
				if ev.Name == what+"_response" && strings.HasSuffix(string(a[0]), "/"+node) && about {
					return a
				}
			case <-again:
				again = nil
			}
		}
	}
	t.Fatalf("no answer to %s from %s", what, node)
	return nil
}

func decoded(t *testing.T, m zmq.Message) event.Event {
	t.Helper()
	ev, err := event.Decode(string(m[2]), m[3])
	if err != nil {
		t.Fatal(err)
	}
	return ev
}

// lastText is the last argument of an answer.
func lastText(ev event.Event) string {
	text, _ := ev.Args[len(ev.Args)-1].Text()
	return text
}

// onMemoryBus runs a node of a layout on a bus in memory, and a controller.
func onMemoryBus(t *testing.T, o Options) (*Node, *control.Controller) {
	t.Helper()
	bus := cluster.NewBus()
	o.Connect = bus.Connect
	n, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	client, err := NewClient(layoutgen.Backend{}, Options{Connect: bus.Connect})
	if err != nil {
		t.Fatal(err)
	}
	controller, err := control.NewController(client.Cluster)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- n.Run(context.Background()) }()
	if err := n.WaitReady(soonFor(t)); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- client.Run(ctx) }() // so that it sees the node
	t.Cleanup(func() {
		cancel()
		n.end()
		if err := errors.Join(<-ended, <-done); err != nil {
			t.Error(err)
		}
	})
	if err := controller.WaitReady(soonFor(t)); err != nil {
		t.Fatal(err)
	}
	return n, controller
}

func askOne(t *testing.T, c *control.Controller, q control.Question, node string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var text string
	var failed error
	err := c.Ask(ctx, q, []string{node}, func(a control.Answer) { text, failed = a.Text, a.Err })
	if err := errors.Join(err, failed); err != nil {
		t.Fatal(err)
	}
	return text
}

// TestOptionValues: options can be asked for by Zeek's names, as they are for the node.
func TestOptionValues(t *testing.T) {
	t.Parallel()
	config, err := layoutgen.Parse("", []byte("[cluster]\nport = 27760\n[zeromq]\nlinger_ms = -1\nxpub_sndhwm = 0\nlog_immediate = true\nhello_expiration = \"90s\"\n[workers]\ncount = 1\n"))
	if err != nil {
		t.Fatal(err)
	}
	layout := config.Layout()
	n, controller := onMemoryBus(t, Options{Name: "logger-1", Cluster: cluster.Options{Layout: layout}})
	var asked atomic.Uint64
	if err := n.RegisterValue("My::asked", func() any { return asked.Add(1) }); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]string{
		"Cluster::node":                                    "logger-1",
		"Cluster::backend":                                 "Cluster::CLUSTER_BACKEND_ZEROMQ",
		"Cluster::retry_interval":                          "1.0 sec",
		"Cluster::manager_is_logger":                       "F",
		"Cluster::event_serializer":                        "Cluster::EVENT_SERIALIZER_BROKER_BIN_V1",
		"Cluster::worker_topic":                            "zeek.cluster.worker",
		"Cluster::broadcast_topics":                        "{\nzeek.cluster.logger,\nzeek.cluster.manager,\nzeek.cluster.proxy,\nzeek.cluster.worker\n}",
		"Cluster::worker_pool_spec":                        "[topic=zeek.cluster.pool.worker, node_type=Cluster::WORKER, max_nodes=<uninitialized>, exclusive=F]",
		"Cluster::Backend::ZeroMQ::linger_ms":              "-1",
		"Cluster::Backend::ZeroMQ::xpub_sndhwm":            "0",
		"Cluster::Backend::ZeroMQ::xsub_rcvhwm":            "1000",
		"Cluster::Backend::ZeroMQ::xpub_sndbuf":            "-1",
		"Cluster::Backend::ZeroMQ::onloop_queue_hwm":       "10000",
		"Cluster::Backend::ZeroMQ::log_immediate":          "T",
		"Cluster::Backend::ZeroMQ::hello_expiration":       "1.0 min 30.0 secs",
		"Cluster::Backend::ZeroMQ::run_proxy_thread":       "F",
		"Cluster::Backend::ZeroMQ::connect_log_endpoints":  "[tcp://127.0.0.1:27761]",
		"Cluster::Backend::ZeroMQ::listen_log_endpoint":    "tcp://127.0.0.1:27761",
		"Cluster::Backend::ZeroMQ::node_topic_prefix":      "zeek.cluster.node",
		"EventMetadata::add_network_timestamp":             "F",
		"Telemetry::metrics_port":                          "9992/tcp",
		"Log::default_rotation_interval":                   "0 secs",
		"Log::enable_local_logging":                        "T",
		"peer_description":                                 "logger-1",
		"Cluster::default_persistent_backend":              "Broker::SQLITE",
		"Cluster::default_websocket_ping_interval":         "5.0 secs",
		"Cluster::Backend::ZeroMQ::curve_server_publickey": "",
		"Cluster::Backend::ZeroMQ::curve_server_secretkey": control.NoValue,
		"My::asked": "1",
		"No::such":  control.UnknownID,
	} {
		if got := askOne(t, controller, control.Question{Command: control.IDValue, ID: id}, "logger-1"); got != want {
			t.Errorf("%s is %q, want %q", id, got, want)
		}
	}
	nodes := askOne(t, controller, control.Question{Command: control.IDValue, ID: "Cluster::nodes"}, "logger-1")
	if want := fmt.Sprintf("\t[logger-1] = [node_type=Cluster::LOGGER, ip=127.0.0.1, zone_id=, p=27761/tcp, manager=manager, id=%s, metrics_port=9992/tcp],\n", n.NodeID()); !strings.Contains(nodes, want) {
		t.Errorf("%s has no\n%s", nodes, want)
	}
	if want := "\t[worker-1] = [node_type=Cluster::WORKER, ip=127.0.0.1, zone_id=, p=0/unknown, manager=manager, id=<uninitialized>, metrics_port=9994/tcp]\n}"; !strings.HasSuffix(nodes, want) {
		t.Errorf("%s does not end with\n%s", nodes, want)
	}
}

// TestScriptOptionValues: every option that docs/cluster-api.md says a script can set has a
// value to ask for.
func TestScriptOptionValues(t *testing.T) {
	t.Parallel()
	n, err := New(Options{Name: "worker-1", Cluster: cluster.Options{Layout: layoutgen.Default().Layout()}})
	if err != nil {
		t.Fatal(err)
	}
	table, err := os.ReadFile("../docs/cluster-api.md")
	if err != nil {
		t.Fatal(err)
	}
	options := regexp.MustCompile("(?m)^\\| `([^`]+)` \\|.*\\*script\\*").FindAllStringSubmatch(string(table), -1)
	if len(options) < 30 {
		t.Fatalf("the table has %q", options)
	}
	for _, o := range options {
		if o[1] == "Cluster::Backend::ZeroMQ::xpub_nodrop" {
			continue // the name of another one in 7.1
		}
		if _, known := n.option(o[1]); !known {
			t.Errorf("%s is unknown", o[1])
		}
	}
}

// TestKeysAreNotTold: public keys are, secret ones never.
func TestKeysAreNotTold(t *testing.T) {
	t.Parallel()
	keys, err := curve.Generate()
	if err != nil {
		t.Fatal(err)
	}
	n, err := New(Options{Name: "worker-1", Cluster: cluster.Options{Layout: layoutgen.Default().Layout()}, ZeroMQ: zmq.Options{Curve: &keys}})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"curve_server_publickey": keys.ServerPublic.String(), "curve_client_publickey": keys.ClientPublic.String(),
		"curve_server_secretkey": control.NoValue, "curve_client_secretkey": control.NoValue,
	} {
		if got, known := n.option("Cluster::Backend::ZeroMQ::" + name); got != want || !known {
			t.Errorf("%s is %q", name, got)
		}
	}
}

// TestClientIsNotControlled: nobody can ask a client.
func TestClientIsNotControlled(t *testing.T) {
	t.Parallel()
	n, err := NewClient(layoutgen.DefaultBackend, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := n.RegisterValue("My::x", func() any { return 1 }); err == nil {
		t.Error("a client has a value")
	}
	if err := n.AddPacketSource(counted{}); err == nil {
		t.Error("a client has packets")
	}
}

// TestShutdownRequest: a node that is told to shut down answers, and its Run returns without
// an error.
func TestShutdownRequest(t *testing.T) {
	t.Parallel()
	_, controller := onMemoryBus(t, Options{Name: "worker-2", Cluster: cluster.Options{Layout: layoutgen.Default().Layout()}})
	askOne(t, controller, control.Question{Command: control.Shutdown}, "worker-2")
	for end := time.Now().Add(patience); len(controller.Nodes()) > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the node does not leave")
		}
	}
}

// TestShutdownRequestWhileHandlerHangs: Run does not wait for ever for a handler that does not
// return, and its error names the event.
func TestShutdownRequestWhileHandlerHangs(t *testing.T) {
	t.Parallel()
	bus := cluster.NewBus()
	n, err := New(Options{Name: "worker-1", Connect: bus.Connect, StopTimeout: time.Millisecond, Cluster: cluster.Options{Layout: layoutgen.Default().Layout()}})
	if err != nil {
		t.Fatal(err)
	}
	hung, ever := make(chan struct{}), make(chan struct{})
	defer close(ever)
	if err := Handle(n, "M::hang", func(context.Context) { close(hung); <-ever }); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- n.Run(context.Background()) }()
	if err := n.WaitReady(soonFor(t)); err != nil {
		t.Fatal(err)
	}
	if err := n.Raise("M::hang"); err != nil {
		t.Fatal(err)
	}
	<-hung
	client, err := NewClient(layoutgen.Backend{}, Options{Connect: bus.Connect})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	gone := make(chan error, 1)
	go func() { gone <- client.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-gone; err != nil {
			t.Error(err)
		}
	}()
	if err := client.WaitReady(soonFor(t)); err != nil {
		t.Fatal(err)
	}
	if err := client.Publish(ctx, cluster.NodeTopic("worker-1"), "Control::shutdown_request"); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		if err == nil || !strings.Contains(err.Error(), "a handler of M::hang does not return") {
			t.Errorf("Run returned %v", err)
		}
	case <-time.After(patience):
		t.Fatal("Run does not return")
	}
}
