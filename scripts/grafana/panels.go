package main

// row is panels about one thing.
type row struct {
	title  string
	panels []panel
}

// panel shows the results of queries, over time, or only the last ones.
type panel struct {
	title, about string
	unit         string // one of Grafana's
	now          bool
	queries      []query
}

// query is an expression, and what its results are called.
type query struct{ expr, legend string }

// Units, as Grafana calls them.
const (
	number  = "short"
	events  = "ops"
	size    = "bytes"
	perByte = "Bps"
	seconds = "s"
	share   = "percentunit"
)

const byNode = "{{node}}"

var rows = []row{
	{"Nodes", []panel{
		{"Ready", "Nodes that are ready, of those that somebody wants.", number, true, []query{
			{`sum(zctl_node_state{state="ready"})`, "ready"},
			{`sum(zctl_node_wanted)`, "wanted"},
		}},
		{"Not ready", "Nodes that are wanted, and not ready.", number, false, []query{
			{`zctl_node_wanted{node=~"$node"} == 1 unless on (instance, node) zctl_node_state{state="ready"} == 1`, byNode},
		}},
		{"Restarts", "Starts that followed a death.", number, false, []query{
			{`increase(zctl_node_restarts_total{node=~"$node"}[$__rate_interval]) > 0`, byNode},
		}},
		{"Ends by cause", "Why processes of nodes ended.", number, false, []query{
			{`sum by (cause) (increase(zctl_node_exits_total{node=~"$node"}[$__rate_interval])) > 0`, "{{cause}}"},
		}},
		{"CPU", "CPUs that the process of the node keeps busy.", number, false, []query{
			{`rate(zctl_node_cpu_seconds_total{node=~"$node"}[$__rate_interval])`, byNode},
		}},
		{"Resident memory", "Of the process of the node.", size, false, []query{
			{`zctl_node_resident_memory_bytes{node=~"$node"}`, byNode},
		}},
		{"Memory of its limit", "Of all processes of the node together, where there is a limit.", share, false, []query{
			{`zctl_node_memory_used_bytes{node=~"$node"} / zctl_node_memory_limit_bytes`, byNode},
		}},
		{"Start to ready", "How long the process of the node took to be ready.", seconds, false, []query{
			{`zctl_node_ready_seconds{node=~"$node"}`, byNode},
		}},
		{"Should not be", "Threads on CPUs that they should not be on, limits that the kernel does not hold, an old configuration, a deploy that stopped, trouble of the supervisor, nodes whose own metrics cannot be had.", number, true, []query{
			{`sum(zctl_node_pinned == bool 0) or vector(0)`, "not pinned"},
			{`sum(zctl_node_limited == bool 0) or vector(0)`, "not limited"},
			{`sum(zctl_node_outdated)`, "outdated"},
			{`sum(zctl_rollout_stopped)`, "roll-out stopped"},
			{`sum(zctl_supervisor_trouble)`, "supervisor"},
			{`sum(zctl_node_metrics_up == bool 0) or vector(0)`, "no metrics"},
		}},
	}},
	{"Bus", []panel{
		{"Events published", "", events, false, []query{
			{`rate(zeek_cluster_core_outgoing_events_total{node=~"$node"}[$__rate_interval])`, byNode},
		}},
		{"Events received", "", events, false, []query{
			{`rate(zeek_cluster_core_incoming_events_total{node=~"$node"}[$__rate_interval])`, byNode},
		}},
		{"Events lost", "By the sender, since the bus was too slow; by the receiver, since it was.", events, false, []query{
			{`rate(zeek_cluster_zeromq_xpub_drops_total{node=~"$node"}[$__rate_interval])`, byNode + " not sent"},
			{`rate(zeek_cluster_zeromq_onloop_drops_total{node=~"$node"}[$__rate_interval])`, byNode + " not handled"},
			{`rate(zctl_broker_drops_total{node=~"$node"}[$__rate_interval])`, byNode + " broker"},
		}},
		{"Events waiting", "For their handlers, in nodes in Go.", number, false, []query{
			{`zctl_events_queued{node=~"$node"}`, byNode},
		}},
		{"Busiest handlers", "", events, false, []query{
			{`topk(10, sum by (name) (rate(zeek_event_handler_invocations_total{node=~"$node"}[$__rate_interval])))`, "{{name}}"},
		}},
		{"Missing peers", "Other nodes that a node has not met.", number, false, []query{
			{`zctl_node_peers{node=~"$node"} - zctl_node_peers_up`, byNode},
		}},
		{"Broker", "Bytes that came from nodes, and that were queued for them.", perByte, false, []query{
			{`rate(zeek_cluster_zeromq_proxy_frontend_bytes_received_total[$__rate_interval])`, "received"},
			{`rate(zctl_broker_delivered_bytes_total[$__rate_interval])`, "delivered"},
		}},
		{"WebSocket clients", "", number, false, []query{
			{`zctl_websocket_clients{node=~"$node"}`, byNode},
		}},
		{"WebSocket events", "That clients got, and that they published.", events, false, []query{
			{`rate(zeek_cluster_websocket_incoming_events_total{node=~"$node"}[$__rate_interval])`, "to {{app}}"},
			{`rate(zeek_cluster_websocket_outgoing_events_total{node=~"$node"}[$__rate_interval])`, "from {{app}}"},
		}},
	}},
	{"Logs", []panel{
		{"Records written", "By stream.", events, false, []query{
			{`topk(10, sum by (stream) (rate(zeek_log_stream_writes_total{node=~"$node"}[$__rate_interval])))`, "{{stream}}"},
		}},
		{"Records lost", "On their way from nodes in Go to a logger.", events, false, []query{
			{`sum by (node, cause) (rate(zctl_log_drops_total{node=~"$node"}[$__rate_interval])) > 0`, byNode + " {{cause}}"},
		}},
		{"Records waiting", "In memory and in files of nodes in Go, for a logger.", number, false, []query{
			{`zctl_log_records_waiting{node=~"$node"}`, byNode},
			{`zctl_log_records_spilled{node=~"$node"}`, byNode + " on disk"},
		}},
		{"Loggers take", "", events, false, []query{
			{`rate(zctl_logger_records_total{node=~"$node"}[$__rate_interval])`, byNode},
		}},
		{"Loggers hold", "Batches in memory.", size, false, []query{
			{`zctl_logger_memory_bytes{node=~"$node"}`, byNode},
		}},
		{"Archive", "Logs that wait, and loggers that cannot write or archive.", number, false, []query{
			{`zctl_archive_queued{node=~"$node"}`, byNode + " waiting"},
			{`zctl_logger_stuck{node=~"$node"}`, byNode + " cannot write"},
			{`zctl_archive_stuck{node=~"$node"}`, byNode + " cannot archive"},
		}},
	}},
	{"Packets", []panel{
		{"Received", "", events, false, []query{
			{`rate(zeek_net_received_packets_total{node=~"$node"}[$__rate_interval])`, byNode},
		}},
		{"Dropped", "Of what came or was dropped.", share, false, []query{
			{`rate(zeek_net_dropped_packets_total{node=~"$node"}[$__rate_interval]) / (rate(zeek_net_received_packets_total[$__rate_interval]) + rate(zeek_net_dropped_packets_total[$__rate_interval]))`, byNode},
		}},
		{"Sessions", "Of Zeek nodes.", number, false, []query{
			{`sum by (node) (zeek_active_sessions{node=~"$node"})`, byNode},
		}},
	}},
	{"Data stores", []panel{
		{"Entries", "", number, false, []query{
			{`zctl_store_entries{node=~"$node"}`, "{{store}} " + byNode},
		}},
		{"Writes waiting", "For an answer of the master.", number, false, []query{
			{`zctl_store_writes_waiting{node=~"$node"}`, "{{store}} " + byNode},
		}},
		{"Should not be", "Copies that are too old to be read, and stores of two masters.", number, false, []query{
			{`zctl_store_stale{node=~"$node"} == 1`, "{{store}} " + byNode + " stale"},
			{`zctl_store_conflict{node=~"$node"} == 1`, "{{store}} " + byNode + " conflict"},
		}},
	}},
	{"Processes", []panel{
		{"Goroutines", "Of nodes in Go.", number, false, []query{
			{`go_goroutines{node=~"$node"}`, byNode},
		}},
		{"Open files", "", number, false, []query{
			{`process_open_fds{node=~"$node"}`, byNode},
		}},
		{"Supervisor", "Its CPUs and its memory.", number, false, []query{
			{`rate(zctl_supervisor_process_cpu_seconds_total[$__rate_interval])`, "CPUs"},
			{`zctl_supervisor_process_resident_memory_bytes`, "bytes"},
		}},
	}},
}
