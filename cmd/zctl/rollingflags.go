package main

import (
	"os"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"zctl/supervisor"
)

// rollingHelp explains the flags of deploy and rollback that are about how.
const rollingHelp = `
With --rolling nodes that run are replaced one after the other, or --max-unavailable
at a time: --canary nodes first, then workers, proxies, loggers, the manager and the
broker; what is new comes before those, what is to go goes behind them. Each step waits
until its nodes are ready (at most --timeout) and have stayed so for --observe. If a
node does not come up, or one that was replaced dies, the roll-out stops: the others
keep what they run. zctl rollback then goes back, zctl deploy goes on.
`

// rollingFlags are for verbs that deploy something.
func rollingFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "dry-run", Aliases: []string{"n"}, Usage: "print what would be done, and do nothing"},
		&cli.BoolFlag{Name: "yes", Aliases: []string{"y"}, Usage: "do not ask before workers that run are stopped; without a terminal nobody is asked"},
		&cli.BoolFlag{Name: "rolling", Usage: "replace nodes step by step, and stop when one does not come up"},
		&cli.IntFlag{Name: "max-unavailable", Value: 1, Usage: "with --rolling, replace `N` nodes at a time"},
		&cli.StringSliceFlag{Name: "canary", Usage: "with --rolling, replace `NODES` before all others; a name, a glob or a group, may be repeated"},
		&cli.DurationFlag{Name: "observe", Value: 2 * time.Second, Usage: "with --rolling, how long the nodes of a step must stay ready before the next"},
		timeoutFlag(),
	}
}

// deployOptions is what the flags say.
func deployOptions(c *cli.Context) (supervisor.DeployOptions, error) {
	o := supervisor.DeployOptions{Verb: c.Command.Name, For: os.Getenv("SUDO_USER")}
	if !c.Bool("rolling") {
		for _, flag := range []string{"max-unavailable", "canary", "observe"} {
			if c.IsSet(flag) {
				return o, usagef("zctl %s: --%s is for --rolling; see zctl %s --help", c.Command.Name, flag, c.Command.Name)
			}
		}
		return o, nil
	}
	o.Rolling, o.MaxUnavailable, o.Canary = true, c.Int("max-unavailable"), c.StringSlice("canary")
	o.Observe, o.ReadyWithin = c.Duration("observe"), c.Duration("timeout")
	switch {
	case o.MaxUnavailable < 1:
		return o, usagef("--max-unavailable cannot be %d: it takes 1 or more", o.MaxUnavailable)
	case o.Observe < 0:
		return o, usagef("--observe cannot be %v: it takes a time to wait, like 5s", o.Observe)
	case slices.Contains(o.Canary, ""):
		return o, usagef("--canary takes the name of a node, a glob or a group")
	}
	return o, nil
}

// patience is how long a deploy may take.
func patience(c *cli.Context, o supervisor.DeployOptions, changes []supervisor.Change, nodes []supervisor.Spec) time.Duration {
	if o.Rolling {
		return o.Longest(changes, nodes)
	}
	return c.Duration("timeout")
}
