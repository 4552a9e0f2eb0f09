package main

import (
	"log/slog"
	"net/netip"
	"sync/atomic"

	"zctl/layoutgen"
	"zctl/nodes/telemetry"
	"zctl/supervisor"
	"zctl/supervisor/metrics"
)

// exposed is what a deployment says of a section [metrics].
func exposed(m layoutgen.Metrics) *supervisor.Metrics {
	if m.Listen == "" {
		return nil
	}
	return &supervisor.Metrics{Listen: m.Listen, Nodes: m.Nodes}
}

// exposer serves a supervisor's numbers to Prometheus.
type exposer struct {
	log    *slog.Logger
	server *telemetry.Server // nil: not served
	at     netip.AddrPort
	nodes  atomic.Bool // what nodes serve is to be had, too
}

func (e *exposer) Expose(s *supervisor.Supervisor, m *supervisor.Metrics) error {
	if m == nil {
		e.close()
		return nil
	}
	at, err := netip.ParseAddrPort(m.Listen)
	if err != nil {
		return err
	}
	if e.server == nil || at != e.at {
		if err := e.move(s, at); err != nil {
			return err
		}
	}
	e.nodes.Store(m.Nodes)
	return nil
}

// move serves somewhere else. Of one port there may be two addresses that cannot be
// had at the same time; if the new one cannot be had, either, it is the old one again.
func (e *exposer) move(s *supervisor.Supervisor, at netip.AddrPort) error {
	before := e.at
	if e.server != nil && at.Port() == before.Port() {
		e.close()
	}
	next, err := telemetry.Listen(at, e.options(s))
	if err != nil {
		if e.server == nil && before.IsValid() {
			if e.server, _ = telemetry.Listen(before, e.options(s)); e.server != nil {
				e.server.Serve()
				e.at = before
			}
		}
		return err
	}
	e.close()
	next.Serve()
	e.server, e.at = next, at
	return nil
}

func (e *exposer) close() {
	if e.server != nil {
		_ = e.server.Close() // who was being answered has had a moment
	}
	e.server, e.at = nil, netip.AddrPort{}
}

// options is what is served.
func (e *exposer) options(s *supervisor.Supervisor) telemetry.Options {
	return telemetry.Options{
		Process: "zctl_supervisor", Setting: "metrics.listen", Log: e.log,
		Read: func(emit func(telemetry.Metric)) {
			if status, err := s.Status(nil); err == nil {
				metrics.Each(status, func(m metrics.Sample) { emit(metricOf(m)) })
			}
		},
		Others: func() []telemetry.Target {
			if !e.nodes.Load() {
				return nil
			}
			var all []telemetry.Target
			for _, t := range s.MetricsTargets() {
				all = append(all, telemetry.Target(t))
			}
			return all
		},
		Health: s.Trouble,
	}
}
