package telemetry

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/model"
)

// reader makes what a function reads metrics of the library. Its own way to do that, by
// a description of each, takes several times as long.
type reader struct {
	node string // the label of all, "" without one
	read func(emit func(Metric))
}

var _ prometheus.Gatherer = reader{}

// Gather leaves out what makes no sense, and says so.
func (r reader) Gather() ([]*dto.MetricFamily, error) {
	var errs []error
	var all []*dto.MetricFamily
	byName := map[string]*dto.MetricFamily{}
	r.read(func(m Metric) {
		f := byName[m.Name]
		if f == nil {
			if !model.LegacyValidation.IsValidMetricName(m.Name) {
				errs = append(errs, fmt.Errorf("%q cannot be the name of a metric", m.Name))
				return
			}
			f = &dto.MetricFamily{Name: &m.Name, Help: &m.Help, Type: m.kind().Enum()}
			byName[m.Name], all = f, append(all, f)
		}
		if f.GetType() != m.kind() {
			errs = append(errs, fmt.Errorf("metric %s is of one type at one time, and of another at another", m.Name))
			return
		}
		labels, err := r.labels(m)
		if err != nil {
			errs = append(errs, err)
			return
		}
		sample := &dto.Metric{Label: labels}
		switch {
		case m.Histogram != nil:
			sample.Histogram = m.Histogram.buckets()
		case m.Counter:
			sample.Counter = &dto.Counter{Value: &m.Value}
		default:
			sample.Gauge = &dto.Gauge{Value: &m.Value}
		}
		f.Metric = append(f.Metric, sample)
	})
	return all, errors.Join(errs...)
}

func (m Metric) kind() dto.MetricType {
	switch {
	case m.Histogram != nil:
		return dto.MetricType_HISTOGRAM
	case m.Counter:
		return dto.MetricType_COUNTER
	}
	return dto.MetricType_GAUGE
}

func (h *Histogram) buckets() *dto.Histogram {
	d := &dto.Histogram{SampleCount: &h.Count, SampleSum: &h.Sum}
	for i := range min(len(h.Bounds), len(h.Below)) {
		d.Bucket = append(d.Bucket, &dto.Bucket{UpperBound: &h.Bounds[i], CumulativeCount: &h.Below[i]})
	}
	return d
}

// labels is the labels of a metric, in order.
func (r reader) labels(m Metric) ([]*dto.LabelPair, error) {
	pairs := make([]dto.LabelPair, 0, 1+len(m.Labels)/2)
	if r.node != "" {
		name := nodeLabel
		pairs = append(pairs, dto.LabelPair{Name: &name, Value: &r.node})
	}
	for i := 0; i+1 < len(m.Labels); i += 2 {
		if !model.LegacyValidation.IsValidLabelName(m.Labels[i]) || !utf8.ValidString(m.Labels[i+1]) {
			return nil, fmt.Errorf("metric %s cannot have the label %q with the value %q", m.Name, m.Labels[i], m.Labels[i+1])
		}
		pairs = append(pairs, dto.LabelPair{Name: &m.Labels[i], Value: &m.Labels[i+1]})
	}
	labels := make([]*dto.LabelPair, len(pairs))
	for i := range pairs {
		labels[i] = &pairs[i]
	}
	slices.SortFunc(labels, func(a, b *dto.LabelPair) int { return strings.Compare(a.GetName(), b.GetName()) })
	return labels, nil
}

// nodeLabel is the label that says which node it is (Zeek's
// Telemetry::metrics_endpoint_label).
const nodeLabel = "node"
