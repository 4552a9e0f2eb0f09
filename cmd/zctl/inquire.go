package main

import (
	"context"
	"errors"
	"time"

	"github.com/urfave/cli/v2"

	"zctl/layoutgen"
	"zctl/nodes"
	"zctl/nodes/cluster"
	"zctl/nodes/control"
	"zctl/nodes/tap"
)

// inquireHelp ends the description of verbs that ask nodes.
const inquireHelp = `
Nodes in Go and in Zeek are asked alike, over the bus, all at once. One that is not on the
bus is reported at once; one that does not answer costs --timeout, and the others are
shown. Errors go to stderr.
` + nodesHelp + busHelp + `
There NODES are those that are on the bus; with --layout, those of that file.
`

// inquireFlags are for verbs that ask nodes.
func inquireFlags() []cli.Flag {
	return append([]cli.Flag{
		&cli.BoolFlag{Name: "json", Usage: "print everything as JSON"},
		&cli.DurationFlag{Name: "timeout", Value: 5 * time.Second, Usage: "how long to wait for answers", Action: positiveTimeout},
		&cli.StringFlag{Name: "layout", Usage: "ask the nodes of this cluster-layout.zeek, a `FILE`"},
	}, endpointFlags()...)
}

// inquire asks nodes and calls show for each, in the order loggers, manager, proxies,
// workers, as soon as that is known of it and those before. The error says that nobody
// could be asked.
func inquire(c *cli.Context, q control.Question, patterns []string, show func(reply)) error {
	b, err := inquireBus(c, patterns)
	if err != nil {
		return err
	}
	log, unreachable := tap.Cause(nil)
	n, err := nodes.NewClient(b.Backend, nodes.Options{ZeroMQ: b.socket(0), Cluster: cluster.Options{Layout: b.layout}, Log: log})
	if err != nil {
		return &exitError{exitUsage, err}
	}
	controller, err := control.NewController(n.Cluster)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.Context, c.Duration("timeout"))
	defer cancel()
	running, stop := context.WithCancel(c.Context)
	ended := make(chan error, 1)
	go func() { ended <- n.Run(running) }()
	if err = controller.WaitReady(ctx); err != nil {
		err = busError(unreachable(b.ConnectXPub))
	} else {
		err = askAll(ctx, controller, b, q, patterns, show)
	}
	stop()
	return errors.Join(err, c.Context.Err(), <-ended)
}

// inquireBus is the bus to ask on, if what was typed makes sense and it may be there.
func inquireBus(c *cli.Context, patterns []string) (bus, error) {
	b, err := findBus(c)
	if err != nil {
		return b, err
	}
	if b.ConnectXSub == "" || b.ConnectXPub == "" {
		return b, usagef("zctl %s needs both ends of the bus: say --connect-xsub and --connect-xpub", c.Command.Name)
	}
	if file := c.String("layout"); file != "" {
		if b.layout, err = layoutgen.ReadLayout(file); err != nil {
			return b, &exitError{exitUsage, err}
		}
	}
	if b.layout != nil {
		if _, err := chooseNodes(b.layout.Nodes, patterns); err != nil { // without a bus
			return b, err
		}
	}
	return b, brokerRuns(b)
}

// askAll asks nodes of a bus that was joined.
func askAll(ctx context.Context, controller *control.Controller, b bus, q control.Question, patterns []string, show func(reply)) error {
	all := onBus(controller.Nodes())
	if b.layout != nil {
		all = b.layout.Nodes
	}
	chosen, err := chooseNodes(all, usualNodes(q, all, patterns))
	if err != nil {
		return err
	}
	names := make([]string, len(chosen))
	for i, n := range chosen {
		names[i] = n.Name
	}
	known := map[string]control.Answer{}
	return controller.Ask(ctx, q, names, func(a control.Answer) {
		known[a.Node] = a
		for len(chosen) > 0 && !errors.Is(ctx.Err(), context.Canceled) { // by ctrl-C
			answer, is := known[chosen[0].Name]
			if !is {
				return
			}
			show(reply{chosen[0], answer, b.dirs != ""})
			chosen = chosen[1:]
		}
	})
}
