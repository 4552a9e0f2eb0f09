package main

import (
	"context"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/urfave/cli/v2"

	"zctl/layoutgen"
	"zctl/nodes"
)

var nodeCommand = &cli.Command{
	Name:  "node",
	Usage: "run a node of a cluster",
	Description: `Runs the node that CLUSTER_NODE names, as described by the cluster-layout.zeek in
the working directory or in a directory of ZEEKPATH: just as a Zeek process would.
The supervisor runs every node with engine "go" this way; by hand it is of use
for a node of a cluster that zctl does not run. Ends on TERM or INT.

A logger writes its logs to the working directory, as TSV unless flags say more; they
are the keys of [logs] in zctl.toml, which the supervisor passes on. By hand it
rotates only when told to.

Examples:
  CLUSTER_NODE=logger-1 zctl node
  CLUSTER_NODE=logger-1 zctl node --log-format json --log-streams conn=both
  CLUSTER_NODE=logger-1 zctl node --log-rotation-interval 1h --log-archive /var/logs
  CLUSTER_NODE=proxy-1 ZEEKPATH=/etc/zeek zctl node` + exitCodesHelp,
	Flags: logFlags(),
	Action: func(c *cli.Context) error {
		if err := noArgs(c); err != nil {
			return err
		}
		o, err := nodes.FromEnv()
		if err != nil {
			return &exitError{exitUsage, err}
		}
		if err := useLogFlags(c, &o); err != nil {
			return err
		}
		n, err := nodes.New(o)
		if err != nil {
			return &exitError{exitUsage, err}
		}
		if flag := logFlagsSet(c); flag != "" && !n.TakesLogs() {
			return usagef("zctl node: --%s is for loggers, and %s is none", flag, o.Name)
		}
		if n.LocalNodeType() == layoutgen.TypeLogger {
			debug.SetMemoryLimit(o.MemoryLimit())
		}
		return runNode(c.Context, n)
	},
}

func runNode(ctx context.Context, n *nodes.Node) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	return n.Run(ctx)
}
