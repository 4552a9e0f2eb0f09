package main

import (
	"context"
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"zctl/supervisor"
	"zctl/supervisor/api"
)

// nodesHelp explains the arguments of verbs that take nodes.
const nodesHelp = `
NODES are names, globs in quotes ('worker-*'), or the groups all, manager,
loggers, proxies and workers. No NODES means all.
`

const startName = "start"

var startCommand = &cli.Command{
	Name:      startName,
	Usage:     "start nodes that do not run",
	ArgsUsage: "[NODES]",
	Description: `Starts nodes of the deployed cluster, in the order broker (if it has a process of
its own), loggers, manager, proxies, workers, and waits until they are ready. Nodes that run are left alone; one that
waits after a crash is started at once.
` + nodesHelp + `
Examples:
  zctl start
  zctl start worker-1 proxies` + exitCodesHelp,
	Flags: []cli.Flag{timeoutFlag()},
	Action: func(c *cli.Context) error {
		return operate(c, (*api.Client).Start, "ready")
	},
}

var stopCommand = &cli.Command{
	Name:      "stop",
	Usage:     "stop nodes",
	ArgsUsage: "[NODES]",
	Description: `Stops nodes in the order workers, proxies, manager, loggers, broker: TERM once, KILL for
all processes of a node that has not ended after its stop_timeout. Returns when
nothing of the nodes is left. They stay stopped until start or deploy.
` + nodesHelp + `
Examples:
  zctl stop worker-2
  zctl stop workers` + exitCodesHelp,
	Flags: []cli.Flag{timeoutFlag()},
	Action: func(c *cli.Context) error {
		return operate(c, (*api.Client).Stop, "stopped")
	},
}

var restartCommand = &cli.Command{
	Name:      "restart",
	Usage:     "restart nodes",
	ArgsUsage: "[NODES]",
	Description: `Stops and starts nodes, and waits until they are ready. All others keep running.
` + nodesHelp + `
Examples:
  zctl restart worker-2
  zctl restart 'worker-1-*' --timeout 5m` + exitCodesHelp,
	Flags: []cli.Flag{timeoutFlag()},
	Action: func(c *cli.Context) error {
		return operate(c, (*api.Client).Restart, "ready")
	},
}

// operation is one of the client's calls that change nodes.
type operation func(*api.Client, context.Context, []string, time.Duration, func(supervisor.Event)) (supervisor.Result, error)

func operate(c *cli.Context, do operation, verb string) error {
	client, dirs, err := reach(c)
	if err != nil {
		return err
	}
	if err := takeOver(c, client, dirs); err != nil {
		return err
	}
	p := newProgress(c.App.ErrWriter)
	result, err := do(client, c.Context, c.Args().Slice(), c.Duration("timeout"), p.event)
	if err != nil {
		p.done()
		return explain(err, dirs)
	}
	return p.conclude(result, verb)
}

// takeOver starts a supervisor where none runs but nodes of the last one do:
// who wants something done about them should not have to care who is in charge.
func takeOver(c *cli.Context, client *api.Client, dirs supervisor.Dirs) error {
	up, err := running(c.Context, client)
	if up != nil || err != nil {
		return err
	}
	left, err := supervisor.SavedNodes(dirs)
	if err != nil {
		return err
	}
	for _, n := range left {
		if n.Up {
			fmt.Fprintln(c.App.ErrWriter, "no supervisor runs, but some of its nodes do: starting one to take them over")
			return startDaemon(c.Context, client, dirs)
		}
	}
	if len(left) > 0 && c.Command.Name == startName {
		return startDaemon(c.Context, client, dirs)
	}
	return nil // the call will say that nobody is there
}
