package telemetry

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/common/expfmt"
)

// own is what can be said of us.
func (o Options) own() (prometheus.Gatherers, error) {
	registry := prometheus.NewRegistry()
	to := prometheus.Registerer(registry)
	all := prometheus.Gatherers{reader{o.Node, o.Read}, registry}
	var library []prometheus.Collector
	if o.Node != "" {
		to = prometheus.WrapRegistererWith(prometheus.Labels{nodeLabel: o.Node}, registry)
		library = append(library, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
		all = append(all, reader{o.Node, process})
	}
	if o.Process != "" {
		library = append(library, collectors.NewProcessCollector(collectors.ProcessCollectorOpts{Namespace: o.Process}))
	}
	for _, c := range library {
		if err := to.Register(c); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (o Options) handler() (http.Handler, error) {
	own, err := o.own()
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", atOnce(maxScrapes, o.metrics(own)))
	mux.HandleFunc("GET /healthz", o.healthz)
	if o.Targets != nil {
		mux.HandleFunc("GET /services.json", o.services)
	}
	return mux, nil
}

// metrics answers with what can be said of us and, if they are asked, by others.
func (o Options) metrics(own prometheus.Gatherers) http.Handler {
	how := promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError, ErrorLog: slog.NewLogLogger(o.Log.Handler(), slog.LevelWarn)}
	if o.Others == nil {
		return promhttp.HandlerFor(own, how)
	}
	asker := newAsker(o.Log)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), askFor(r))
		defer cancel()
		targets := o.Others()
		promhttp.HandlerFor(asker.merged(own, targets, asker.ask(ctx, targets)), how).ServeHTTP(w, r)
	})
}

// Write writes what GET /metrics would answer, as text.
func Write(ctx context.Context, w io.Writer, o Options) error {
	all, err := o.own()
	if err != nil {
		return err
	}
	if o.Others != nil {
		ctx, cancel := context.WithTimeout(ctx, askTimeout)
		defer cancel()
		asker, targets := newAsker(slog.New(slog.DiscardHandler)), o.Others()
		all = asker.merged(all, targets, asker.ask(ctx, targets))
	}
	families, err := all.Gather()
	if err != nil && len(families) == 0 {
		return err
	}
	for _, f := range families {
		if _, err := expfmt.MetricFamilyToText(w, f); err != nil {
			return err
		}
	}
	return nil
}

// atOnce answers so many requests at a time, and tells others to come again.
func atOnce(most int, next http.Handler) http.Handler {
	turns := make(chan struct{}, most)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case turns <- struct{}{}:
			defer func() { <-turns }()
			next.ServeHTTP(w, r)
		default:
			http.Error(w, fmt.Sprintf("%d scrapes are being answered already; try again later", most), http.StatusServiceUnavailable)
		}
	})
}

// healthz says whether all is well, for load balancers and people.
func (o Options) healthz(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	if o.Health != nil {
		if wrong := o.Health(); wrong != "" {
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprintln(w, wrong)
			return
		}
	}
	fmt.Fprintln(w, "ok")
}

// services is Prometheus' HTTP service discovery: one group of all targets, in order,
// those of IPv6 in brackets.
func (o Options) services(w http.ResponseWriter, _ *http.Request) {
	type group struct {
		Targets []string          `json:"targets"`
		Labels  map[string]string `json:"labels"`
	}
	targets := o.Targets()
	slices.SortFunc(targets, netip.AddrPort.Compare)
	all := group{Targets: []string{}, Labels: map[string]string{}}
	for _, t := range slices.Compact(targets) {
		all.Targets = append(all.Targets, t.String())
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-cache")
	_ = json.NewEncoder(w).Encode([]group{all}) // the client has gone
}
