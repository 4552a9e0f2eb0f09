package main

import (
	"fmt"

	"github.com/urfave/cli/v2"
)

var shutdownCommand = &cli.Command{
	Name:  "shutdown",
	Usage: "stop all nodes and the supervisor",
	Description: `Stops every node, workers first, and then ends the supervisor. With --keep-nodes
the nodes keep running, and the next supervisor adopts them: for an upgrade of
zctl itself.

Examples:
  zctl shutdown
  zctl shutdown --keep-nodes && zctl deploy` + exitCodesHelp,
	Flags: []cli.Flag{
		&cli.BoolFlag{Name: "keep-nodes", Usage: "leave the nodes running"},
		timeoutFlag(),
	},
	Action: func(c *cli.Context) error {
		if err := noArgs(c); err != nil {
			return err
		}
		client, dirs, err := reach(c)
		if err != nil {
			return err
		}
		if !c.Bool("keep-nodes") {
			if err := takeOver(c, client, dirs); err != nil {
				return err
			}
		}
		p := newProgress(c.App.ErrWriter)
		result, err := client.Shutdown(c.Context, c.Bool("keep-nodes"), c.Duration("timeout"), p.event)
		if err != nil {
			p.done()
			return explain(err, dirs)
		}
		if !c.Bool("keep-nodes") {
			if err := p.conclude(result, "stopped"); err != nil {
				return err
			}
		}
		if err := dirs.AwaitUnlocked(c.Context, c.Duration("timeout")); err != nil {
			return err
		}
		fmt.Fprintln(c.App.ErrWriter, "supervisor ended")
		return nil
	},
}
