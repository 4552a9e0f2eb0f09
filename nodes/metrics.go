package nodes

import (
	"net/netip"

	"zctl/layoutgen"
	"zctl/nodes/archive"
	"zctl/nodes/cluster"
	"zctl/nodes/logger"
	"zctl/nodes/logstream"
	"zctl/nodes/store"
	"zctl/nodes/telemetry"
	"zctl/nodes/zmq"
)

// listenMetrics takes the port that the layout gives the node for its numbers, if it
// does. It is the first thing a node opens: one whose port is in use never joins.
func (n *Node) listenMetrics() (err error) {
	address, ok := n.metricsAddress()
	if !ok {
		return nil
	}
	o := telemetry.Options{Node: n.o.Name, Read: n.readMetrics, Health: n.unhealthy, Log: n.o.Log}
	if n.self.Type == layoutgen.TypeManager {
		o.Targets = n.metricsTargets
	}
	n.metrics, err = telemetry.Listen(address, o)
	return err
}

// unhealthy is why the node cannot do what it is there for, "" if it can.
func (n *Node) unhealthy() string {
	if !n.Joined() {
		return "waiting for the broker at " + n.backend.ConnectXSub
	}
	return n.trouble()
}

// metricsAddress is where to serve: at the layout's metrics address, or else at the
// node's own, where Zeek would take every address there is.
func (n *Node) metricsAddress() (netip.AddrPort, bool) {
	if n.layout == nil || n.self.MetricsPort == 0 || n.o.Connect != nil {
		return netip.AddrPort{}, false
	}
	address, err := netip.ParseAddr(n.layout.MetricsAddress)
	if err != nil {
		address = n.self.Address
	}
	return netip.AddrPortFrom(address, uint16(n.self.MetricsPort)), true
}

// metricsTargets is what the layout says of where nodes serve their metrics.
func (n *Node) metricsTargets() []netip.AddrPort {
	var all []netip.AddrPort
	add := func(node layoutgen.Node) {
		if node.MetricsPort != 0 {
			all = append(all, netip.AddrPortFrom(node.Address, uint16(node.MetricsPort)))
		}
	}
	add(n.self)
	for _, peer := range n.Peers() {
		add(peer.Node)
	}
	return all
}

// readMetrics hands out all that the node counts.
func (n *Node) readMetrics(emit func(telemetry.Metric)) {
	busMetrics(emit, n.Stats(), n.Queued())
	incoming, outgoing, bounds := n.Traffic()
	trafficMetrics(emit, incoming, outgoing, bounds)
	handlerMetrics(emit, n.Invocations())
	n.peerMetrics(emit)
	processMetrics(emit)
	logMetrics(emit, n.LogStats())
	streamMetrics(emit, n.logs.sender.Streams())
	for _, s := range store.Opened(n.Cluster) {
		storeMetrics(emit, s.Name(), s.Stats())
	}
	if n.control != nil {
		n.extra.packets.metrics(emit, n.control.Packets)
	}
	if stats, has := n.webSocketStats(); has {
		websocketMetrics(emit, stats)
	}
	n.extra.read(emit)
	if n.broker != nil {
		brokerMetrics(emit, n.broker.Stats())
	}
	if n.files != nil {
		n.files.metrics(emit)
	}
}

// busMetrics is what Zeek counts of the bus (spec: wire 1.9), and what we do besides.
func busMetrics(emit func(telemetry.Metric), s cluster.Stats, queued int) {
	const zeroMQ = "zeek_cluster_zeromq_"
	emit(telemetry.Count("zeek_cluster_core_outgoing_events_total", "Events that were published.", s.Outgoing))
	emit(telemetry.Count("zeek_cluster_core_incoming_events_total", "Events that came.", s.Incoming))
	emit(telemetry.Count(zeroMQ+"xpub_drops_total", "Published events that were dropped since the bus had no room.", s.Unsent))
	emit(telemetry.Count(zeroMQ+"onloop_drops_total", "Received events that were dropped since the node was too slow.", s.Dropped))
	emit(telemetry.Count(zeroMQ+"msg_errors_total", "Messages that are no event.", s.Malformed))
	queueBlocks(emit, "ZeroMQ", 0) // it never waits for the node
	emit(telemetry.Count("zctl_events_handled_total", "Calls of event handlers.", s.Handled))
	emit(telemetry.Count("zctl_events_unknown_total", "Events that nobody handles here.", s.Unknown))
	emit(telemetry.Count("zctl_events_mismatched_total", "Calls of handlers that were not made, since the arguments did not fit.", s.Mismatched))
	emit(telemetry.Gauge("zctl_events_queued", "Events that wait for their handlers.", queued))
}

// queueBlocks is how often somebody had to wait before the node took what they sent.
func queueBlocks(emit func(telemetry.Metric), tag string, n uint64) {
	emit(telemetry.Count("zeek_cluster_onloop_queue_blocks_total", "Times that there was no room for more events, and somebody had to wait.", n, "tag", tag))
}

func (n *Node) peerMetrics(emit func(telemetry.Metric)) {
	peers := n.Peers()
	up := 0
	for _, peer := range peers {
		if peer.Up {
			up++
		}
	}
	emit(telemetry.Gauge("zctl_peers", "Other nodes of the layout.", len(peers)))
	emit(telemetry.Gauge("zctl_peers_up", "Other nodes that said hello and have not gone.", up))
	emit(telemetry.Truth("zctl_bus_joined", "1 if the node is on the bus.", n.Joined()))
}

// logMetrics is what became of the node's own log records.
func logMetrics(emit func(telemetry.Metric), s logstream.Stats) {
	const log = "zctl_log_"
	emit(telemetry.Count(log+"records_written_total", "Log records that this node wrote.", s.Written.Records))
	emit(telemetry.Count(log+"records_sent_total", "Log records of this node that a logger took.", s.Sent.Records))
	emit(telemetry.Count(log+"records_dropped_total", "Log records of this node that were lost.", s.Dropped.Records))
	for cause, records := range map[string]uint64{"no_room": s.Lost.NoRoom, "spill_full": s.Lost.SpillFull, "ended": s.Lost.Ended, "failed": s.Lost.Failed} {
		emit(telemetry.Count(log+"drops_total", "Log records of this node that were lost, by cause.", records, "cause", cause))
	}
	emit(telemetry.Gauge(log+"batches_waiting", "Log batches that wait in memory.", s.Waiting.Batches))
	emit(telemetry.Count(log+"records_unspilled_total", "Log records that came from files and that a logger took.", s.Unspilled.Records))
	emit(telemetry.Count(log+"records_spilled_total", "Log records that were written to files, to be sent later.", s.Spilled.Records))
	emit(telemetry.Count(log+"batches_sent_total", "Log batches of this node that a logger took.", s.Sent.Batches))
	emit(telemetry.Count(log+"batches_returned_total", "Log batches that had to be sent again.", s.Returned))
	emit(telemetry.Count(log+"truncated_strings_total", "Strings in log records of this node that were longer than a record may have.", s.Truncated.Strings))
	emit(telemetry.Count(log+"truncated_containers_total", "Sets and vectors in log records of this node that were larger than a record may have.", s.Truncated.Containers))
	emit(telemetry.Gauge(log+"records_waiting", "Log records that wait in memory.", s.Waiting.Records))
	emit(telemetry.Gauge(log+"records_spilled", "Log records that wait in files.", s.OnDisk.Records))
	emit(telemetry.Gauge(log+"spill_bytes", "Size of those files.", s.SpillBytes))
	emit(telemetry.Gauge(log+"loggers", "Loggers that there should be a connection to.", s.Loggers))
	emit(telemetry.Gauge(log+"loggers_connected", "Loggers that there is a connection to.", s.Connected))
}

// brokerMetrics is what Zeek 8.2 counts of its proxy (spec: wire 1.9), and what we do
// besides.
func brokerMetrics(emit func(telemetry.Metric), s zmq.BrokerStats) {
	for _, side := range []struct {
		name  string
		stats zmq.SideStats
	}{{"frontend", s.Frontend}, {"backend", s.Backend}} {
		name := "zeek_cluster_zeromq_proxy_" + side.name
		emit(telemetry.Count(name+"_messages_received_total", "Frames that came.", side.stats.Received.Messages))
		emit(telemetry.Count(name+"_messages_sent_total", "Frames that went.", side.stats.Sent.Messages))
		emit(telemetry.Count(name+"_bytes_received_total", "Bytes of frames that came.", side.stats.Received.Bytes))
		emit(telemetry.Count(name+"_bytes_sent_total", "Bytes of frames that went.", side.stats.Sent.Bytes))
		emit(telemetry.Gauge("zctl_broker_connections", "Connections to the broker.", side.stats.Connections, "side", side.name))
	}
	emit(telemetry.Count("zctl_broker_delivered_messages_total", "Messages that were queued for a subscriber, each for itself.", s.Delivered.Messages))
	emit(telemetry.Count("zctl_broker_delivered_bytes_total", "Bytes of those.", s.Delivered.Bytes))
	emit(telemetry.Count("zctl_broker_drops_total", "Messages that a slow subscriber did not get.", s.Drops))
	emit(telemetry.Gauge("zctl_broker_topics", "Topics that are subscribed.", s.Topics))
}

// metrics is what a logger counts.
func (f *files) metrics(emit func(telemetry.Metric)) {
	select {
	case <-f.ready:
	default:
		return
	}
	if f.logger == nil {
		return
	}
	loggerMetrics(emit, f.logger.Stats())
	if f.archive != nil {
		archiveMetrics(emit, f.archive.Stats())
	}
}

func loggerMetrics(emit func(telemetry.Metric), s logger.Stats) {
	const logger = "zctl_logger_"
	emit(telemetry.Count(logger+"batches_total", "Log batches that came.", s.Batches))
	emit(telemetry.Count(logger+"records_total", "Log records that were written, or wait to be.", s.Records))
	emit(telemetry.Count(logger+"malformed_batches_total", "Log batches that were dropped, since they could not be understood.", s.Malformed))
	emit(telemetry.Count(logger+"lost_bytes_total", "Bytes of text that a full disk did not take before the end.", s.LostBytes))
	emit(telemetry.Gauge(logger+"memory_bytes", "Bytes of batches that are held.", s.Memory))
	emit(telemetry.Truth(logger+"stuck", "1 if a log cannot be written now, because a disk is full or read-only, say; status has the reason.", s.Trouble != ""))
}

func archiveMetrics(emit func(telemetry.Metric), a archive.Stats) {
	const archive = "zctl_archive_"
	emit(telemetry.Gauge(archive+"queued", "Logs that wait to be archived.", a.Queued))
	emit(telemetry.Count(archive+"logs_total", "Logs that were archived.", a.Archived))
	emit(telemetry.Count(archive+"bytes_total", "Bytes of their archives.", a.Bytes))
	emit(telemetry.Count(archive+"failures_total", "Attempts to archive a log that failed.", a.Failures))
	emit(telemetry.Count(archive+"post_process_failures_total", "Times that the command for archived logs failed.", a.PostFailures))
	emit(telemetry.Truth(archive+"stuck", "1 if the last attempt to archive a log failed; status has the reason.", a.Trouble != ""))
}
