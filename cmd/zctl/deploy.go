package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/urfave/cli/v2"

	"zctl/layoutgen"
	"zctl/supervisor"
	"zctl/supervisor/api"
)

var deployCommand = &cli.Command{
	Name:  "deploy",
	Usage: "make the cluster what the configuration says",
	Description: `Reads the configuration, compares it with what runs, and changes only what
differs: nodes that are new or stopped are started, those that differ are
restarted, those that are no longer configured are stopped, all others keep
running. Starts the supervisor if none runs. With no zctl.toml at all it runs the
embedded default: a manager, a logger, a proxy and two workers on loopback.

First of all Zeek parses what nodes with new processes would run, as in zctl check.
If that fails, everything stays as it is.

Returns when every node is ready or has died once. A node that died is tried
again and again; zctl status tells. Asks on a terminal before it stops workers.
` + rollingHelp + `
Examples:
  zctl deploy
  zctl deploy --dry-run
  zctl deploy --rolling --canary worker-1 --observe 1m
  zctl --config site.toml deploy --timeout 2m` + exitCodesHelp,
	Flags:  rollingFlags(),
	Action: withConfig(deploy),
}

// timeoutFlag is for verbs that wait.
func timeoutFlag() cli.Flag {
	return &cli.DurationFlag{
		Name: "timeout", Value: time.Minute, Usage: "how long to wait for the nodes",
		Action: func(_ *cli.Context, d time.Duration) error {
			if d <= 0 {
				return usagef("--timeout cannot be %v: it takes a time to wait, like 90s or 5m", d)
			}
			return nil
		},
	}
}

func deploy(c *cli.Context, config *layoutgen.Config) error {
	options, err := deployOptions(c)
	if err != nil {
		return err
	}
	d, err := planned(config, !c.Bool("dry-run"))
	if err != nil {
		return err
	}
	for _, warning := range warnings(config) {
		fmt.Fprintln(c.App.ErrWriter, warning)
	}
	return carryOut(c, supervisor.Dirs(config.BaseDir), d.Deployment, options, func(changes []supervisor.Change) error {
		if err := foreignPorts(config, changes); err != nil {
			return err
		}
		if err := gate(c, config, d.Deployment, changes); err != nil || c.Bool("dry-run") {
			return err
		}
		return stageChecked(config, d.site.Digest())
	})
}

// carryOut deploys, or says what that would do. possible, if not nil, may refuse.
func carryOut(c *cli.Context, dirs supervisor.Dirs, deployment supervisor.Deployment, options supervisor.DeployOptions, possible func([]supervisor.Change) error) error {
	client := api.NewClient(dirs)
	changes, err := plan(c, client, dirs, deployment, options)
	if err == nil && possible != nil {
		err = possible(changes)
	}
	if err != nil {
		return err
	}
	if c.Bool("dry-run") {
		printChanges(c, changes)
		return nil
	}
	err = deployTo(c, client, dirs, deployment, options)
	if isUnavailable(err) { // it was about to end, or was killed: the next one will do
		if err = dirs.AwaitUnlocked(c.Context, c.Duration("timeout")); err == nil {
			err = deployTo(c, client, dirs, deployment, options)
		}
	}
	return err
}

// deployTo deploys to the supervisor that runs, or to a new one.
func deployTo(c *cli.Context, client *api.Client, dirs supervisor.Dirs, d supervisor.Deployment, o supervisor.DeployOptions) error {
	if err := ensure(c, client, dirs); err != nil {
		return err
	}
	p := newProgress(c.App.ErrWriter)
	changes, err := client.Plan(c.Context, d, o)
	if err != nil {
		return err
	}
	printChanges(c, changes) // before anything is done about them
	if err := mayStop(c, changes); err != nil {
		return err
	}
	p.begun = time.Now()
	result, err := client.Deploy(c.Context, d, o, patience(c, o, changes, d.Nodes), p.event)
	if err != nil {
		p.done()
		return err
	}
	return p.conclude(result, "ready")
}

// plan is what a deploy would do, from the supervisor or from what the last one
// left.
func plan(c *cli.Context, client *api.Client, dirs supervisor.Dirs, d supervisor.Deployment, o supervisor.DeployOptions) ([]supervisor.Change, error) {
	changes, err := client.Plan(c.Context, d, o)
	if !isUnavailable(err) {
		return changes, err
	}
	if err := supervisor.CheckLimits(dirs, d); err != nil {
		return nil, &exitError{exitUsage, err}
	}
	left, err := supervisor.SavedNodes(dirs)
	if err != nil {
		return nil, err
	}
	changes, err = supervisor.Planned(left, d.Nodes, o)
	if err != nil {
		err = &exitError{exitUsage, err} // as the supervisor's would be
	}
	return changes, err
}

func printChanges(c *cli.Context, changes []supervisor.Change) {
	width := 0 // of the number of a step
	for _, change := range changes {
		if change.Step > 0 {
			width = len(strconv.Itoa(change.Step)) // they are in order
		}
	}
	for _, change := range changes {
		if change.Step > 0 {
			fmt.Fprintf(c.App.Writer, "%*d  ", width, change.Step)
		}
		fmt.Fprintln(c.App.Writer, change)
	}
}
