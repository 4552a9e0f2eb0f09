package nodes

import (
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"
	"time"

	"zctl/layoutgen"
	"zctl/nodes/cluster"
	"zctl/nodes/event"
)

// idValue is one of Zeek's options, as it is for this node.
type idValue struct {
	id    string
	value string // as Zeek prints it
}

// option is the value of one of Zeek's options, as Zeek prints it, for those who ask by
// Control::id_value_request. It waits for nothing.
func (n *Node) option(id string) (value string, known bool) {
	for _, options := range []func() []idValue{n.clusterIDs, n.zeroMQIDs, n.nodeIDs} {
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
	for i := range all {
		all[i].id = "Cluster::Backend::ZeroMQ::" + all[i].id
	}
	return all
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

// describeNodes is Cluster::nodes, where who is up has an id.
func (n *Node) describeNodes() string {
	ids := map[string]string{n.o.Name: n.NodeID()}
	for _, p := range n.Peers() {
		if p.Up {
			ids[p.Node.Name] = p.ID
		}
	}
	var all []layoutgen.Node
	for _, t := range []layoutgen.NodeType{layoutgen.TypeControl, layoutgen.TypeManager, layoutgen.TypeLogger, layoutgen.TypeProxy, layoutgen.TypeWorker} {
		all = append(all, n.NodesWithType(t)...)
	}
	lines := make([]string, len(all))
	for i, node := range all {
		lines[i] = fmt.Sprintf("\t[%s] = %s", node.Name, describeNode(node, ids[node.Name]))
	}
	return "{\n" + strings.Join(lines, ",\n") + "\n}"
}

// describeNode is a record Cluster::Node.
func describeNode(n layoutgen.Node, id string) string {
	const unset = "<uninitialized>"
	metrics := unset
	if n.MetricsPort != 0 {
		metrics = portText(n.MetricsPort)
	}
	address := n.Address
	if !address.IsValid() {
		address = netip.IPv4Unspecified()
	}
	return fmt.Sprintf("[node_type=Cluster::%s, ip=%s, zone_id=, p=%s, manager=%s, id=%s, metrics_port=%s]",
		strings.ToUpper(string(n.Type)), address, portText(n.Port), cmp.Or(n.Manager, unset), cmp.Or(id, unset), metrics)
}

// describePool is a record Cluster::PoolSpec.
func (n *Node) describePool(p *cluster.Pool) string {
	spec := p.Spec()
	most := "<uninitialized>"
	if spec.MaxNodes != 0 {
		most = fmt.Sprint(spec.MaxNodes)
	}
	return fmt.Sprintf("[topic=%s, node_type=Cluster::%s, max_nodes=%s, exclusive=%s]",
		spec.Topic, strings.ToUpper(string(spec.NodeType)), most, truthText(spec.Exclusive))
}

func valueText(v event.Value) string { return v.Describe() }
func truthText(b bool) string        { return event.Boolean(b).Describe() }
func numberText(n int) string        { return event.Integer(int64(n)).Describe() }

func portText(n int) string {
	p := event.Port{Number: uint16(n)}
	if n != 0 {
		p.Protocol = event.TCP
	}
	return event.PortValue(p).Describe()
}

func stringValues(all []string) []event.Value {
	values := make([]event.Value, len(all))
	for i, s := range all {
		values[i] = event.String(s)
	}
	return values
}

// The other way round than in settings.go.

// hwm is a high-water mark in Zeek's words, where 0 is no limit.
func hwm(ours, otherwise, noLimit int) int {
	if ours == noLimit {
		return 0
	}
	return cmp.Or(max(0, ours), otherwise)
}

// lingerMS is for how long to linger in Zeek's words, where 0 is not at all and -1 forever.
func lingerMS(ours time.Duration) int {
	switch {
	case ours == 0:
		return 500
	case ours < 0:
		return 0
	case ours == math.MaxInt64:
		return -1
	}
	return int(ours.Milliseconds())
}

// helloExpiration in Zeek's words, where 0 is at once, and below it is never.
func helloExpiration(ours time.Duration) time.Duration {
	switch ours {
	case 1:
		return 0
	case math.MaxInt64:
		return -time.Second
	}
	return ours
}
