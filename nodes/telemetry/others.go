package telemetry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Target is where a node serves its metrics.
type Target struct {
	Node    string
	Address netip.AddrPort
}

// What other nodes may take of who asks them. The slowest of them decides how long a
// scrape takes, and Prometheus waits 10 seconds, unless it says otherwise.
const (
	askTimeout = 3 * time.Second
	askAtOnce  = 8
	maxAnswer  = 4 << 20  // bytes of a node
	maxAnswers = 16 << 20 // bytes of all
)

// timeoutHeader is how long Prometheus waits for an answer.
const timeoutHeader = "X-Prometheus-Scrape-Timeout-Seconds"

// askFor is how long to wait for nodes, so that there is time for an answer.
func askFor(r *http.Request) time.Duration {
	seconds, err := strconv.ParseFloat(r.Header.Get(timeoutHeader), 64)
	if err != nil || !(seconds > 0) || seconds > askTimeout.Seconds() {
		seconds = askTimeout.Seconds()
	}
	return time.Duration(seconds * 0.8 * float64(time.Second))
}

// answer is what a node served.
type answer struct {
	families map[string]*dto.MetricFamily
	took     time.Duration
	err      error // why it could not be had; then there are no families
}

// Gather hands over what was served already.
func (a answer) Gather() ([]*dto.MetricFamily, error) {
	all := make([]*dto.MetricFamily, 0, len(a.families))
	for _, f := range a.families {
		all = append(all, f)
	}
	return all, nil
}

// asker gets what others serve. Each has until the deadline, and none of them can keep
// back what the others say.
type asker struct {
	http http.Client
	log  *slog.Logger
}

func newAsker(log *slog.Logger) *asker {
	return &asker{log: log, http: http.Client{
		Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true}, // there is no proxy to 127.0.0.1
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return errors.New("it refers to somewhere else")
		},
	}}
}

// ask asks all at the same time, as far as there are not too many.
func (a *asker) ask(ctx context.Context, targets []Target) []answer {
	answers := make([]answer, len(targets))
	room := budget{left: maxAnswers}
	turn := make(chan struct{}, askAtOnce)
	var all sync.WaitGroup
	for i, t := range targets {
		all.Go(func() {
			select {
			case turn <- struct{}{}:
				defer func() { <-turn }()
			case <-ctx.Done():
			}
			begin := time.Now()
			families, err := a.one(ctx, t, &room)
			answers[i] = answer{families, time.Since(begin), err}
		})
	}
	all.Wait()
	return answers
}

// one asks one node.
func (a *asker) one(ctx context.Context, t Target, room *budget) (map[string]*dto.MetricFamily, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+t.Address.String()+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", "text/plain; version=0.0.4")
	response, err := a.http.Do(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, errors.New("it answers " + response.Status)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(&limited{response.Body, maxAnswer, room})
	if err != nil {
		return nil, err
	}
	for _, f := range families {
		for _, m := range f.Metric {
			m.Label = labelled(m.Label, t.Node)
		}
	}
	return families, nil
}

// labelled is labels with that of the node: what Zeek's libraries count, and not Zeek,
// has none.
func labelled(labels []*dto.LabelPair, node string) []*dto.LabelPair {
	name := nodeLabel
	for _, l := range labels {
		if l.GetName() == name {
			return labels
		}
	}
	return append(labels, &dto.LabelPair{Name: &name, Value: &node})
}

// budget is how many bytes all answers together may have.
type budget struct {
	mu   sync.Mutex // guards left
	left int
}

func (b *budget) take(n int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left -= n
	return b.left >= 0
}

// limited is an answer that must not be too long.
type limited struct {
	io.Reader
	left int
	room *budget
}

func (l *limited) Read(p []byte) (int, error) {
	n, err := l.Reader.Read(p)
	if l.left -= n; l.left < 0 || !l.room.take(n) {
		return 0, fmt.Errorf("its answer is too long: at most %d bytes are read of one node, %d of all", maxAnswer, maxAnswers)
	}
	return n, err
}

// merged is everything that is to be served: our own, and what nodes have answered.
func (a *asker) merged(own prometheus.Gatherers, targets []Target, answers []answer) prometheus.Gatherers {
	help := map[string]*string{}
	all := append(slices.Clone(own), asked(targets, answers))
	for i, answer := range answers {
		if answer.err != nil {
			a.log.Debug("cannot get the metrics of a node", "node", targets[i].Node, "address", targets[i].Address, "err", answer.err)
			continue
		}
		for name, f := range answer.families { // Zeek and Go say it in other words, and there can be only one
			if said, ok := help[name]; ok {
				f.Help = said
			} else {
				help[name] = f.Help
			}
		}
		all = append(all, answer)
	}
	return all
}

// asked is how it went.
func asked(targets []Target, answers []answer) reader {
	return reader{read: func(emit func(Metric)) {
		for i, a := range answers {
			emit(Truth("zctl_node_metrics_up", "1 if the node's own metrics are here, too: it served them in time.", a.err == nil, nodeLabel, targets[i].Node))
			emit(Gauge("zctl_node_metrics_seconds", "How long the node took to serve its own metrics.", a.took.Seconds(), nodeLabel, targets[i].Node))
		}
	}}
}
