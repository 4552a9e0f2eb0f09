package main

import (
	"context"
	"os/signal"
	"syscall"

	"github.com/urfave/cli/v2"

	"zctl/nodes"
)

var nodeCommand = &cli.Command{
	Name:  "node",
	Usage: "run a node of a cluster",
	Description: `Runs the node that CLUSTER_NODE names, as described by the cluster-layout.zeek in
the working directory or in a directory of ZEEKPATH: just as a Zeek process would.
The supervisor runs every node with engine "go" this way; by hand it is of use
for a node of a cluster that zctl does not run. Ends on TERM or INT.

Examples:
  CLUSTER_NODE=logger-1 zctl node
  CLUSTER_NODE=proxy-1 ZEEKPATH=/etc/zeek zctl node` + exitCodesHelp,
	Action: func(c *cli.Context) error {
		if err := noArgs(c); err != nil {
			return err
		}
		o, err := nodes.FromEnv()
		if err != nil {
			return &exitError{exitUsage, err}
		}
		n, err := nodes.New(o)
		if err != nil {
			return &exitError{exitUsage, err}
		}
		return runNode(c.Context, n)
	},
}

func runNode(ctx context.Context, n *nodes.Node) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	return n.Run(ctx)
}
