package layoutgen

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

func set[T any](v T) Setting[T] { return Setting[T]{v, true} }

const endpointOnly = "redef Cluster::Backend::ZeroMQ::listen_xpub_endpoint = \"tcp://127.0.0.1:5555\";\n"

// TestBackendOptions: every option that is read is read into its own field, as
// Zeek writes it.
func TestBackendOptions(t *testing.T) {
	t.Parallel()
	b, err := ParseBackend(endpointOnly + `
@load policy/frameworks/cluster/backend/zeromq
redef Cluster::Backend::ZeroMQ::linger_ms = -1;
redef Cluster::Backend::ZeroMQ::xpub_sndhwm = 1; redef Cluster::Backend::ZeroMQ::xpub_sndbuf=2;
redef Cluster::Backend::ZeroMQ::xsub_rcvhwm = +3;
redef Cluster::Backend::ZeroMQ::xsub_rcvbuf = 4;
redef Cluster::Backend::ZeroMQ::log_sndhwm = 5;
redef Cluster::Backend::ZeroMQ::log_sndbuf = -1; # the system's
redef Cluster::Backend::ZeroMQ::log_rcvhwm = 7;
redef Cluster::Backend::ZeroMQ::log_rcvbuf = 8;
redef Cluster::Backend::ZeroMQ::onloop_queue_hwm = 0;
redef Cluster::Backend::ZeroMQ::log_immediate = T;
redef Cluster::Backend::ZeroMQ::connect_xpub_nodrop = F;
redef Cluster::Backend::ZeroMQ::listen_xpub_nodrop = F;
redef Cluster::Backend::ZeroMQ::hello_expiration = 1.5 mins;
redef Cluster::Backend::ZeroMQ::node_topic_prefix = "n";
redef Cluster::Backend::ZeroMQ::nodeid_topic_prefix = "i";
redef Cluster::Backend::ZeroMQ::internal_topic_prefix = "z.";
redef Cluster::logger_topic = "l";
redef Cluster::manager_topic = "m";
redef Cluster::proxy_topic = "p";
redef Cluster::worker_topic = "w";
redef Cluster::event_serializer = Cluster::EVENT_SERIALIZER_BROKER_JSON_V1;
redef EventMetadata::add_network_timestamp = T;
redef Cluster::Backend::ZeroMQ::run_proxy_thread = F;
redef Cluster::Backend::ZeroMQ::ipv6 = T;
redef Cluster::Backend::ZeroMQ::proxy_io_threads = 4;
redef Cluster::Backend::ZeroMQ::poll_max_messages = 50;
redef Cluster::retry_interval = 1min;
redef Cluster::enable_round_robin_logging = F;
redef Cluster::Backend::ZeroMQ::of_tomorrow = f([1], "redef");
redef Cluster::backend = Cluster::CLUSTER_BACKEND_ZEROMQ;
`)
	if err != nil {
		t.Fatal(err)
	}
	want := BackendOptions{
		ZeroMQ: ZeroMQ{
			LingerMS: set(-1), XPubSndHWM: set(1), XPubSndBuf: set(2), XSubRcvHWM: set(3), XSubRcvBuf: set(4),
			LogSndHWM: set(5), LogSndBuf: set(-1), LogRcvHWM: set(7), LogRcvBuf: set(8), OnloopQueueHWM: set(0),
			LogImmediate: set(true), ConnectXPubNodrop: set(false), ListenXPubNodrop: set(false), HelloExpiration: set(90 * time.Second),
			ProxyIOThreads: set(4), PollMaxMessages: set(50),
		},
		RunProxyThread:  set(false),
		NodeTopicPrefix: set("n"), NodeIDTopicPrefix: set("i"), InternalTopicPrefix: set("z."),
		LoggerTopic: set("l"), ManagerTopic: set("m"), ProxyTopic: set("p"), WorkerTopic: set("w"),
		EventSerializer: set("BROKER_JSON_V1"), AddNetworkTimestamp: set(true),
	}
	if b.Options != want {
		t.Errorf("got %+v\nwant %+v", b.Options, want)
	}
	all := reflect.ValueOf(b.Options)
	for _, field := range reflect.VisibleFields(all.Type()) {
		if !field.Anonymous && !all.FieldByIndex(field.Index).FieldByName("Set").Bool() {
			t.Errorf("no option sets %s", field.Name)
		}
	}
}

// TestEndpoints: each endpoint is read into its own field; 7.1's name of an option sets
// today's.
func TestEndpoints(t *testing.T) {
	t.Parallel()
	const zmq = "redef Cluster::Backend::ZeroMQ::"
	b, err := ParseBackend(zmq + `connect_xpub_endpoint = "tcp://127.0.0.1:1";` + zmq + `connect_xsub_endpoint = "tcp://127.0.0.1:2";` +
		zmq + `listen_xpub_endpoint = "tcp://127.0.0.1:3";` + zmq + `listen_xsub_endpoint = "tcp://127.0.0.1:4";` + zmq + `xpub_nodrop = F;`)
	want := Backend{ConnectXPub: "tcp://127.0.0.1:1", ConnectXSub: "tcp://127.0.0.1:2", ListenXPub: "tcp://127.0.0.1:3", ListenXSub: "tcp://127.0.0.1:4"}
	want.Options.ConnectXPubNodrop = set(false)
	if err != nil || b != want {
		t.Errorf("got %+v, %v\nwant %+v", b, err, want)
	}
}

// TestBackendOptionErrors: what is no value of the option's type is an error that
// says the line and what was expected.
func TestBackendOptionErrors(t *testing.T) {
	t.Parallel()
	const zmq = "Cluster::Backend::ZeroMQ::"
	tests := []struct{ name, value, want string }{
		{zmq + "linger_ms", "half", `expected a whole number of -1 or more, not "half"`},
		{zmq + "linger_ms", `"5"`, `expected a whole number of -1 or more, not "5"`},
		{zmq + "linger_ms", "-2", `expected a whole number of -1 or more, not "-2"`},
		{zmq + "linger_ms", "5 + 6", `expected ;, not "+"`},
		{zmq + "xpub_sndhwm", "-1", `expected a whole number of 0 or more, not "-1"`},
		{zmq + "xpub_sndhwm", "99999999999", `expected a whole number of 0 or more, not "99999999999"`},
		{zmq + "log_immediate", "1", `expected T or F, not "1"`},
		{zmq + "log_immediate", `"T"`, `expected T or F, not "T"`},
		{zmq + "ipv6", "yes", `expected T or F, not "yes"`},
		{zmq + "hello_expiration", "10", `expected an interval, like 10sec, not "10"`},
		{zmq + "hello_expiration", "10 parsecs", `expected an interval, like 10sec, not "10"`},
		{zmq + "hello_expiration", "sec", `expected an interval, like 10sec, not "sec"`},
		{zmq + "hello_expiration", "1e300sec", `expected an interval, like 10sec, not "1e300sec"`},
		{zmq + "hello_expiration", `"10sec"`, `expected an interval, like 10sec, not "10sec"`},
		{zmq + "node_topic_prefix", "x", `expected a value in quotes, not "x"`},
		{"Cluster::worker_topic", "5", `expected a value in quotes, not "5"`},
		{"Cluster::event_serializer", "Cluster::JSON", `expected Cluster::EVENT_SERIALIZER_BROKER_BIN_V1 or _BROKER_JSON_V1, not "Cluster::JSON"`},
		{"Cluster::retry_interval", "F", `expected an interval, like 10sec, not "F"`},
	}
	for _, test := range tests {
		_, err := ParseBackend(fmt.Sprintf("%sredef %s = %s;", endpointOnly, test.name, test.value))
		if err == nil || err.Error() != "2: "+test.want {
			t.Errorf("%s = %s: error %v, want 2: %s", test.name, test.value, err, test.want)
		}
	}
	for _, text := range []string{"redef Cluster::worker_topic", "redef Cluster::worker_topic =", `redef Cluster::worker_topic = "x"`,
		"redef Cluster::retry_interval = 5", "redef Cluster::worker_topic += \"x\";"} {
		if _, err := ParseBackend(endpointOnly + text); err == nil || !strings.HasPrefix(err.Error(), "2: expected ") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestIntervals(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"10sec": 10 * time.Second, "10 secs": 10 * time.Second, "10.0 sec": 10 * time.Second, ".5sec": 500 * time.Millisecond, "1e2msec": 100 * time.Millisecond,
		"3usecs": 3 * time.Microsecond, "2 hrs": 2 * time.Hour, "1day": 24 * time.Hour, "-1sec": -time.Second, "0sec": 0,
	} {
		b, err := ParseBackend(endpointOnly + "redef Cluster::Backend::ZeroMQ::hello_expiration = " + text + ";")
		if got := b.Options.HelloExpiration; err != nil || got != set(want) {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
}

func TestSettingOr(t *testing.T) {
	t.Parallel()
	if got := set(0).Or(5); got != 0 {
		t.Errorf("set to 0: %d", got)
	}
	if got := (Setting[int]{}).Or(5); got != 5 {
		t.Errorf("not set: %d", got)
	}
}
