package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"zctl/supervisor"
)

var eventsCommand = &cli.Command{
	Name:  "events",
	Usage: "show what happened to the nodes, and why",
	Description: `Prints the journal of the supervisor: every transition of every node with its
cause. It works without a supervisor, too.

Examples:
  zctl events
  zctl events -f
  zctl events --json --lines -1 | jq 'select(.signal == 9)'` + exitCodesHelp,
	Flags: []cli.Flag{
		&cli.BoolFlag{Name: "follow", Aliases: []string{"f"}, Usage: "go on printing what happens, until interrupted"},
		&cli.IntFlag{Name: "lines", Aliases: []string{"n"}, Value: 100, Usage: "how many events to begin with; -1 is all"},
		&cli.BoolFlag{Name: "json", Usage: "print each event as a JSON object on a line"},
	},
	Action: func(c *cli.Context) error {
		if err := noArgs(c); err != nil {
			return err
		}
		dirs, err := loadDirs(c)
		if err != nil {
			return err
		}
		if _, err := os.Stat(dirs.Events()); errors.Is(err, fs.ErrNotExist) {
			return &exitError{exitUnreachable, fmt.Errorf("cannot read journal: %w; nothing was ever deployed there", err)}
		} else if err != nil {
			return &exitError{exitUnreachable, fmt.Errorf("cannot read journal: %w", err)}
		}
		out := c.App.Writer
		if !c.Bool("json") {
			out = &eventPrinter{w: out}
		}
		return tail(c.Context, out, []*tailed{{path: dirs.Events()}}, c.Int("lines"), c.Bool("follow"))
	},
}

// eventPrinter turns lines of events.jsonl into lines for people.
type eventPrinter struct {
	w    io.Writer
	half []byte // of a line
}

func (p *eventPrinter) Write(b []byte) (int, error) {
	p.half = append(p.half, b...)
	for {
		line, rest, whole := bytes.Cut(p.half, []byte("\n"))
		if !whole {
			return len(b), nil
		}
		p.half = bytes.Clone(rest)
		var e supervisor.Event
		if json.Unmarshal(line, &e) != nil {
			continue // half a line that a power cut left
		}
		if _, err := fmt.Fprintln(p.w, eventLine(e)); err != nil {
			return 0, err
		}
	}
}

// eventLine is an event for people.
func eventLine(e supervisor.Event) string {
	e.Cause = plain(e.Cause)
	when := e.Time.Local().Format("2006-01-02 15:04:05.000")
	switch {
	case e.Node == "":
		return when + "  " + e.Cause
	case e.To == "":
		return fmt.Sprintf("%s  %s: %s", when, e.Node, e.Cause)
	}
	line := fmt.Sprintf("%s  %s  %s -> %s  %s", when, e.Node, e.From, e.To, e.Cause)
	if e.Signal != nil && !strings.Contains(e.Cause, "killed by") {
		line += fmt.Sprintf("  (killed by %s)", unix.SignalName(unix.Signal(*e.Signal)))
	}
	return line
}
