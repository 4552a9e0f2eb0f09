package main

import (
	"os/signal"
	"syscall"

	"github.com/urfave/cli/v2"

	"zctl/nodes"
)

var brokerCommand = &cli.Command{
	Name:  "broker",
	Usage: "run the broker of a cluster whose manager does not",
	Description: `Runs the central XPUB/XSUB broker that all nodes meet at. It listens where the
cluster-backend.zeek in the working directory or in a directory of ZEEKPATH says.
The supervisor runs it this way where the configuration says process = "own" in
[broker]; by hand it is of use for a cluster that zctl does not run, whose manager
has redef Cluster::Backend::ZeroMQ::run_proxy_thread = F. Ends on TERM or INT, when
it has sent what was queued.

Examples:
  zctl broker --listen-xpub tcp://10.0.0.1:5555 --listen-xsub tcp://10.0.0.1:5556
  ZEEKPATH=/etc/zeek zctl broker` + exitCodesHelp,
	Flags: []cli.Flag{
		&cli.StringFlag{Name: "listen-xpub", Usage: "publish at `ENDPOINT`, where nodes connect their XSUB to"},
		&cli.StringFlag{Name: "listen-xsub", Usage: "hear at `ENDPOINT`, where nodes connect their XPUB to"},
	},
	Action: func(c *cli.Context) error {
		if err := noArgs(c); err != nil {
			return err
		}
		o, err := nodes.BrokerFromEnv(c.String("listen-xpub"), c.String("listen-xsub"))
		if err != nil {
			return &exitError{exitUsage, err}
		}
		ctx, stop := signal.NotifyContext(c.Context, syscall.SIGTERM, syscall.SIGINT)
		defer stop()
		return nodes.RunBroker(ctx, o)
	},
}
