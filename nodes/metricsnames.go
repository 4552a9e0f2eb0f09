package nodes

import (
	"runtime/debug"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"zctl/nodes/cluster"
	"zctl/nodes/logstream"
	"zctl/nodes/telemetry"
)

// trafficMetrics is what Zeek counts of events if it is told to be verbose, or to debug
// (spec: cluster-framework 1.13, 4.3).
func trafficMetrics(emit func(telemetry.Metric), incoming, outgoing []cluster.Traffic, bounds []float64) {
	for direction, all := range map[string][]cluster.Traffic{"incoming": incoming, "outgoing": outgoing} {
		for _, t := range all {
			labels := []string{"topic", t.Topic, "handler", t.Event}
			emit(telemetry.Count("zeek_cluster_core_verbose_"+direction+"_events_total", "Events by topic and name.", t.Count, labels...))
			if t.Sizes == nil {
				continue
			}
			if direction == "outgoing" {
				labels = append(labels, "script_location", "none") // there is no script
			}
			emit(telemetry.Metric{
				Name: "zeek_cluster_core_debug_" + direction + "_event_sizes", Help: "Bytes of events by topic and name.", Labels: labels,
				Histogram: &telemetry.Histogram{Count: t.Count, Sum: float64(t.Bytes), Bounds: bounds, Below: t.Sizes},
			})
		}
	}
}

// handlerMetrics is what Zeek counts of event handlers (spec: cluster-framework 4.3).
func handlerMetrics(emit func(telemetry.Metric), invocations map[string]uint64) {
	for name, n := range invocations {
		emit(telemetry.Count("zeek_event_handler_invocations_total", "Events that handlers of that name were called for.", n, "name", name))
	}
}

// streamMetrics is what Zeek counts of log streams and of their writers (spec:
// cluster-framework 4.3).
func streamMetrics(emit func(telemetry.Metric), streams []logstream.StreamStats) {
	const writer = "zeek_log_writer_"
	byStream := map[string]uint64{}
	for _, s := range streams {
		byStream[s.ID.Stream] += s.Written + s.Discarded
		module := moduleOf(s.ID.Stream)
		labels := []string{"filter_name", s.ID.Filter, "module", module, "path", s.ID.Path, "stream", s.ID.Stream, "writer", s.ID.Writer}
		emit(telemetry.Count(writer+"writes_total", "Log records that were taken.", s.Written, labels...))
		emit(telemetry.Count(writer+"discarded_writes_total", "Log records that were too large.", s.Discarded, labels...))
		emit(telemetry.Count(writer+"truncated_string_fields_total", "Strings in log records that were longer than a record may have.", s.Truncated.Strings, labels...))
		emit(telemetry.Count(writer+"truncated_containers_total", "Sets and vectors in log records that were larger than a record may have.", s.Truncated.Containers, labels...))
	}
	for stream, n := range byStream {
		emit(telemetry.Count("zeek_log_stream_writes_total", "Log records that were written to the stream.", n, "module", moduleOf(stream), "stream", stream))
	}
}

// moduleOf is what stands before the "::" of an identifier.
func moduleOf(identifier string) string {
	module, _, ok := strings.Cut(identifier, "::")
	if !ok {
		return "GLOBAL"
	}
	return module
}

// processMetrics is what the process is, and where it may run. It is no Zeek, so there
// is no zeek_version_info.
func processMetrics(emit func(telemetry.Metric)) {
	b := build()
	emit(telemetry.Gauge("zctl_build_info", "Which program it is: always 1.", 1, "program", b.program, "version", b.version, "goversion", b.goVersion))
	var cpus unix.CPUSet
	if unix.SchedGetaffinity(0, &cpus) == nil {
		emit(telemetry.Gauge("zctl_cpus", "CPUs that the node may run on.", cpus.Count()))
	}
}

type buildInfo struct{ program, version, goVersion string }

// build is how the program was built, read when it is first asked for.
var build = sync.OnceValue(func() buildInfo {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return buildInfo{}
	}
	b := buildInfo{info.Path, info.Main.Version, info.GoVersion}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && b.version == "(devel)" {
			b.version = s.Value
		}
	}
	return b
})
