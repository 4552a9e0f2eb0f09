package telemetry

import (
	"syscall"
	"time"
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
	// Histogram makes it one; Counter and Value do not count then.
	Histogram *Histogram
}

// Histogram is many numbers.
type Histogram struct {
	// Count is how many there are, and Sum what they are together.
	Count uint64
	Sum   float64
	// Bounds are the upper ones of buckets, the lowest first; Below is how many numbers
	// are at most that, in the same order.
	Bounds []float64
	Below  []uint64
}

// Count is a counter.
func Count(name, help string, value uint64, labels ...string) Metric {
	return Metric{Name: name, Help: help, Counter: true, Value: float64(value), Labels: labels}
}

// Gauge is a number that goes up and down.
func Gauge[N ~int | ~int64 | ~uint64 | ~float64](name, help string, value N, labels ...string) Metric {
	return Metric{Name: name, Help: help, Value: float64(value), Labels: labels}
}

// Truth is a number that is 1 or 0.
func Truth(name, help string, value bool, labels ...string) Metric {
	if value {
		return Gauge(name, help, 1, labels...)
	}
	return Gauge(name, help, 0, labels...)
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
