package nodes

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"zctl/layoutgen"
	"zctl/nodes/control"
	"zctl/nodes/event"
	"zctl/nodes/zmq/curve"
)

// idValue is one of Zeek's options, as it is for this node.
type idValue struct {
	id    string
	value string // as Zeek prints it
}

// option is the value of one of Zeek's options, as Zeek prints it, for those who ask by
// Control::id_value_request. It waits for nothing.
func (n *Node) option(id string) (value string, known bool) {
	for _, options := range []func() []idValue{n.clusterIDs, n.zeroMQIDs, n.storeIDs, n.nodeIDs} {
		all := options()
		if i := slices.IndexFunc(all, func(o idValue) bool { return o.id == id }); i >= 0 {
			return all[i].value, true
		}
	}
	return "", false
}

// clusterIDs is the options of the framework (spec: cluster-framework 1.1).
func (n *Node) clusterIDs() []idValue {
	o := n.Cluster.Options()
	serializer := "BROKER_BIN_V1"
	if o.EventSerializer == event.FormatJSON {
		serializer = "BROKER_JSON_V1"
	}
	return []idValue{
		{"Cluster::node", o.Node},
		{"Cluster::nodes", n.describeNodes()},
		{"Cluster::manager_is_logger", truthText(n.layout.ManagerIsLogger)},
		{"Cluster::backend", "Cluster::CLUSTER_BACKEND_ZEROMQ"},
		{"Cluster::event_serializer", "Cluster::EVENT_SERIALIZER_" + serializer},
		{"Cluster::log_serializer", "Cluster::LOG_SERIALIZER_ZEEK_BIN_V1"},
		{"Cluster::logger_topic", o.Topics.Logger},
		{"Cluster::manager_topic", o.Topics.Manager},
		{"Cluster::proxy_topic", o.Topics.Proxy},
		{"Cluster::worker_topic", o.Topics.Worker},
		{"Cluster::broadcast_topics", valueText(event.Set(stringValues(o.Topics.Broadcast())...))},
		{"Cluster::logger_pool_spec", n.describePool(n.LoggerPool())},
		{"Cluster::proxy_pool_spec", n.describePool(n.ProxyPool())},
		{"Cluster::worker_pool_spec", n.describePool(n.WorkerPool())},
		{"Cluster::retry_interval", valueText(event.Timespan(time.Second))},
		{"Cluster::enable_round_robin_logging", truthText(true)},
		{"EventMetadata::add_network_timestamp", truthText(o.AddNetworkTimestamp)},
	}
}

// zeroMQIDs is the options of the backend (spec: cluster-framework 1.11).
func (n *Node) zeroMQIDs() []idValue {
	o, s, script := n.Cluster.Options(), n.sockets, n.backend.Options
	manager := n.self.Type == layoutgen.TypeManager
	var listenLog string
	if n.TakesLogs() {
		listenLog = layoutgen.Endpoint(n.self.Address, n.self.Port)
	}
	all := []idValue{
		{"connect_xpub_endpoint", n.backend.ConnectXPub},
		{"connect_xsub_endpoint", n.backend.ConnectXSub},
		{"listen_xpub_endpoint", n.backend.ListenXPub},
		{"listen_xsub_endpoint", n.backend.ListenXSub},
		{"connect_log_endpoints", valueText(event.List(stringValues(n.layout.LogEndpoints())...))},
		{"listen_log_endpoint", listenLog},
		{"run_proxy_thread", truthText(manager && script.RunProxyThread.Or(true))},
		{"proxy_io_threads", numberText(script.ProxyIOThreads.Or(2))},
		{"linger_ms", numberText(lingerMS(s.xpub.Linger))},
		{"xpub_sndhwm", numberText(hwm(s.xpub.SndHWM, 1000, math.MaxInt32))},
		{"xpub_sndbuf", numberText(cmp.Or(s.xpub.SndBuf, -1))},
		{"xsub_rcvhwm", numberText(hwm(s.xsub.RcvHWM, 1000, math.MaxInt32))},
		{"xsub_rcvbuf", numberText(cmp.Or(s.xsub.RcvBuf, -1))},
		{"onloop_queue_hwm", numberText(max(0, o.OnloopQueueHWM))},
		{"log_immediate", truthText(s.push.Immediate)},
		{"log_sndhwm", numberText(hwm(s.push.SndHWM, 1000, math.MaxInt32))},
		{"log_rcvhwm", numberText(hwm(s.pull.RcvHWM, 1000, math.MaxInt32))},
		{"log_sndbuf", numberText(cmp.Or(s.push.SndBuf, -1))},
		{"log_rcvbuf", numberText(cmp.Or(s.pull.RcvBuf, -1))},
		{"connect_xpub_nodrop", truthText(!s.xpub.Drop)},
		{"listen_xpub_nodrop", truthText(!s.broker.Drop)},
		{"ipv6", truthText(true)},
		{"poll_max_messages", numberText(script.PollMaxMessages.Or(100))},
		{"debug_flags", numberText(0)},
		{"hello_expiration", valueText(event.Timespan(helloExpiration(o.HelloExpiration)))},
		{"node_topic_prefix", strings.TrimSuffix(o.Topics.NodePrefix, o.Topics.Suffix)},
		{"nodeid_topic_prefix", strings.TrimSuffix(o.Topics.NodeIDPrefix, o.Topics.Suffix)},
		{"internal_topic_prefix", o.Topics.InternalPrefix},
	}
	var keys curve.Keys
	if s.xpub.Curve != nil {
		keys = *s.xpub.Curve
	}
	all = append(all,
		idValue{"curve_server_publickey", keyText(keys.ServerPublic)}, idValue{"curve_client_publickey", keyText(keys.ClientPublic)},
		idValue{"curve_server_secretkey", control.NoValue}, idValue{"curve_client_secretkey", control.NoValue}, // everybody hears it
	)
	for i := range all {
		all[i].id = "Cluster::Backend::ZeroMQ::" + all[i].id
	}
	return all
}

// storeIDs is the options of data stores, of tables that are shared, and of the WebSocket
// API (spec: cluster-framework 1.1).
func (n *Node) storeIDs() []idValue {
	o := n.o.Stores
	return []idValue{
		{"Cluster::default_master_node", o.DefaultMasterNode},
		{"Cluster::default_backend", "Broker::" + string(cmp.Or(o.DefaultBackend, Memory))},
		{"Cluster::default_persistent_backend", "Broker::" + string(cmp.Or(o.DefaultPersistentBackend, SQLite))},
		{"Cluster::default_store_dir", o.DefaultStoreDir},
		{"Cluster::default_table_publish_on_change_max_batch_size", numberText(10)},
		{"Cluster::default_table_publish_on_change_max_batch_delay", valueText(event.Timespan(10 * time.Millisecond))},
		{"Cluster::default_websocket_max_event_queue_size", numberText(32)},
		{"Cluster::default_websocket_ping_interval", valueText(event.Timespan(5 * time.Second))},
	}
}

// nodeIDs is the options of the node's other parts.
func (n *Node) nodeIDs() []idValue {
	var rotation time.Duration
	if r := n.o.Logger.Rotation; r != nil && n.TakesLogs() {
		rotation = r.Interval
	}
	address := n.layout.MetricsAddress
	if a, ok := n.metricsAddress(); ok {
		address = a.Addr().String()
	}
	return []idValue{
		{"peer_description", n.o.Name},
		{"Telemetry::metrics_port", portText(n.self.MetricsPort)},
		{"Telemetry::metrics_address", address},
		{"Log::enable_local_logging", truthText(n.TakesLogs())},
		{"Log::enable_remote_logging", truthText(!n.TakesLogs())},
		{"Log::default_rotation_interval", valueText(event.Timespan(rotation))},
	}
}
