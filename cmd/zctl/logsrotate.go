package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"zctl/layoutgen"
	"zctl/nodes"
	"zctl/supervisor"
)

var logsRotateCommand = &cli.Command{
	Name:  "rotate",
	Usage: "have all logs closed and archived now",
	Description: `Tells the loggers of the deployed cluster, over its bus, to close their logs and to
archive them, whatever rotation_interval says, and prints how many logs each had.
They are compressed in the background: zctl logs archive ls shows them when they are
there. Zeek loggers are not asked; they have no event for that.

Exits with 1 if a logger could not, and with 4 if one did not answer in time.

Examples:
  zctl logs rotate
  zctl logs rotate --timeout 1m` + exitCodesHelp,
	Flags: []cli.Flag{
		&cli.DurationFlag{Name: "timeout", Value: 10 * time.Second, Usage: "how long to wait for the loggers", Action: positiveTimeout},
	},
	Action: rotateLogs,
}

func positiveTimeout(_ *cli.Context, d time.Duration) error {
	if d <= 0 {
		return usagef("--timeout cannot be %v: it takes a time to wait, like 500ms or 30s", d)
	}
	return nil
}

func rotateLogs(c *cli.Context) error {
	if c.Args().Present() {
		return usagef("zctl logs rotate takes no arguments, not %q: it is for all loggers", c.Args().First())
	}
	b, err := findBus(c)
	if err != nil {
		return err
	}
	loggers, err := ownLoggers(b)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.Context, c.Duration("timeout"))
	defer cancel()
	failed := false
	err = nodes.RotateLogs(ctx, b.Backend, nodes.Options{ZeroMQ: b.socket(0)}, loggers, func(r nodes.Rotated) {
		if r.Error != "" {
			failed = true
			say(c.App.ErrWriter, r.Node+": "+plain(r.Error))
			return
		}
		fmt.Fprintf(c.App.Writer, "%s: %d logs rotated\n", r.Node, r.Logs)
	})
	switch {
	case err == nil && failed:
		return &exitError{exitFailed, nil}
	case errors.Is(err, context.DeadlineExceeded):
		return &exitError{exitTimedOut, err}
	}
	return err
}

// ownLoggers is the nodes of the deployed cluster that take logs and run zctl node.
func ownLoggers(b bus) ([]string, error) {
	have, err := supervisor.SavedNodes(b.dirs)
	if err != nil {
		return nil, &exitError{exitUnreachable, err}
	}
	var loggers, down []string
	for _, n := range b.layout.Nodes {
		i := slices.IndexFunc(have, func(h supervisor.Have) bool { return h.Spec.Name == n.Name })
		if i < 0 || !b.layout.TakesLogs(n) || have[i].Spec.Engine != layoutgen.EngineGo || !have[i].Spec.NotifyOnly {
			continue
		}
		if loggers = append(loggers, n.Name); !have[i].Up {
			down = append(down, n.Name)
		}
	}
	switch {
	case len(loggers) == 0:
		return nil, &exitError{exitFailed, errors.New("cannot rotate logs: no logger of the cluster runs zctl node; Zeek loggers rotate as their scripts say")}
	case len(down) == len(loggers):
		return nil, &exitError{exitUnreachable, fmt.Errorf("cannot rotate logs: %v is not running; its logs are archived when it starts: zctl start loggers", loggers)}
	}
	return loggers, nil
}
