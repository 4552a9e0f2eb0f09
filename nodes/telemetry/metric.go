package telemetry

import (
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metric is one number.
type Metric struct {
	// Name is in Prometheus' form; that of a counter ends with _total.
	Name string
	Help string
	// Counter says that the number only grows, until the process ends.
	Counter bool
	Value   float64
	// Labels are names and values in turn.
	Labels []string
}

// Count is a counter.
func Count(name, help string, value uint64, labels ...string) Metric {
	return Metric{name, help, true, float64(value), labels}
}

// Gauge is a number that goes up and down.
func Gauge[N ~int | ~int64 | ~uint64 | ~float64](name, help string, value N, labels ...string) Metric {
	return Metric{name, help, false, float64(value), labels}
}

// Truth is a number that is 1 or 0.
func Truth(name, help string, value bool, labels ...string) Metric {
	if value {
		return Gauge(name, help, 1, labels...)
	}
	return Gauge(name, help, 0, labels...)
}

// reader makes what a function reads a collector.
type reader struct{ read func(emit func(Metric)) }

// Describe says nothing: which metrics there are depends on the node's role.
func (reader) Describe(chan<- *prometheus.Desc) {}

func (r reader) Collect(to chan<- prometheus.Metric) {
	r.read(func(m Metric) {
		var names, values []string
		for i := 0; i+1 < len(m.Labels); i += 2 {
			names, values = append(names, m.Labels[i]), append(values, m.Labels[i+1])
		}
		kind := prometheus.GaugeValue
		if m.Counter {
			kind = prometheus.CounterValue
		}
		desc := prometheus.NewDesc(m.Name, m.Help, names, nil)
		metric, err := prometheus.NewConstMetric(desc, kind, m.Value, values...)
		if err != nil {
			metric = prometheus.NewInvalidMetric(desc, err)
		}
		to <- metric
	})
}

// process is what Zeek says of its process that the library's collector does not.
func process(emit func(Metric)) {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return
	}
	seconds := func(t syscall.Timeval) float64 { return time.Duration(t.Nano()).Seconds() }
	emit(Metric{Name: "process_cpu_user_seconds_total", Help: "Seconds of CPU spent in the program.", Counter: true, Value: seconds(u.Utime)})
	emit(Metric{Name: "process_cpu_system_seconds_total", Help: "Seconds of CPU spent in the kernel.", Counter: true, Value: seconds(u.Stime)})
}
