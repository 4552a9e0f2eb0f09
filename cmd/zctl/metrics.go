package main

import (
	"net/netip"

	"github.com/urfave/cli/v2"

	"zctl/nodes/telemetry"
	"zctl/supervisor"
	"zctl/supervisor/metrics"
)

var metricsCommand = &cli.Command{
	Name:      "metrics",
	Usage:     "print how the nodes are as metrics for Prometheus",
	ArgsUsage: "[NODES]",
	Description: `Prints what the supervisor knows of its nodes in Prometheus' text format: state,
restarts, exits by cause, CPU, memory, whether they are pinned. With listen of [metrics]
the supervisor serves the same by HTTP; this needs no port, only its socket. With --nodes
the metrics that the nodes themselves serve follow; zctl_node_metrics_up says of which
nodes they could be had.
` + nodesHelp + `

Examples:
  zctl metrics
  zctl metrics --nodes workers
  zctl metrics > /var/lib/prometheus/node-exporter/zctl.prom` + exitCodesHelp,
	Flags: []cli.Flag{
		&cli.BoolFlag{Name: "nodes", Usage: "print the nodes' own metrics, too"},
	},
	Action: printMetrics,
}

func printMetrics(c *cli.Context) error {
	status, err := lookStatus(c)
	if err != nil {
		return err
	}
	o := telemetry.Options{Read: func(emit func(telemetry.Metric)) {
		metrics.Each(status, func(m metrics.Sample) { emit(metricOf(m)) })
	}}
	if c.Bool("nodes") {
		o.Others = func() []telemetry.Target { return targetsOf(status) }
	}
	return telemetry.Write(c.Context, c.App.Writer, o)
}

// targetsOf is where the nodes of a status that run serve their own metrics.
func targetsOf(s supervisor.Status) []telemetry.Target {
	var all []telemetry.Target
	for _, n := range s.Nodes {
		if at, err := netip.ParseAddrPort(n.MetricsAt); err == nil && n.PID != 0 {
			all = append(all, telemetry.Target{Node: n.Name, Address: at})
		}
	}
	return all
}

// metricOf is a sample as what nodes serve is.
func metricOf(s metrics.Sample) telemetry.Metric {
	return telemetry.Metric{Name: s.Name, Help: s.Help, Counter: s.Counter, Value: s.Value, Labels: s.Labels}
}
