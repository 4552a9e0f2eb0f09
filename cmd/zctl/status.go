package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"zctl/supervisor"
	"zctl/supervisor/lifecycle"
)

var statusCommand = &cli.Command{
	Name:      "status",
	Usage:     "show how the nodes are",
	ArgsUsage: "[NODES]",
	Description: `Shows one line for each node. UP is how long its process runs, RESTARTS how often
it was restarted after it died, CPUS what its threads may run on (with the wish
behind it if that differs), LIMITS (with --limits) what it may take and do, PEERS how many of the other nodes it has met on the
bus. CPU% is since somebody last looked.
` + nodesHelp + `
Exits with 0 only if every node shown is ready.

Examples:
  zctl status
  zctl status workers
  zctl status --json | jq '.nodes[] | select(.state != "ready")'
  zctl status --watch` + exitCodesHelp,
	Flags: []cli.Flag{
		&cli.BoolFlag{Name: "json", Usage: "print everything as JSON"},
		&cli.BoolFlag{Name: "limits", Usage: "show what the nodes may take and do, too"},
		&cli.BoolFlag{Name: "watch", Aliases: []string{"w"}, Usage: "show it anew every second, until interrupted"},
	},
	Action: status,
}

func status(c *cli.Context) error {
	if c.Bool("watch") {
		return watch(c)
	}
	s, err := lookStatus(c)
	if err != nil {
		return err
	}
	if c.Bool("json") {
		err = printJSON(c.App.Writer, s)
	} else {
		width, _ := terminal(c.App.Writer)
		printStatus(c.App.Writer, s, time.Now(), view{width, c.Bool("limits")})
	}
	if err == nil && !allReady(s) {
		err = &exitError{exitFailed, nil}
	}
	return err
}

func lookStatus(c *cli.Context) (supervisor.Status, error) {
	client, dirs, err := reach(c)
	if err != nil {
		return supervisor.Status{}, err
	}
	s, err := client.Status(c.Context, c.Args().Slice())
	return s, explain(err, dirs)
}

// watch shows the status again and again. It goes on when the supervisor does
// not answer: that is a thing to watch, too.
func watch(c *cli.Context) error {
	out := c.App.Writer
	for {
		s, err := lookStatus(c)
		var screen strings.Builder
		switch {
		case err != nil && codeOfExit(err) == exitUsage:
			return err
		case err != nil:
			say(&screen, err.Error())
		case c.Bool("json"):
			printJSON(&screen, s)
		default:
			width, _ := terminal(out)
			printStatus(&screen, s, time.Now(), view{width, c.Bool("limits")})
		}
		if _, ok := terminal(out); ok {
			fmt.Fprint(out, "\x1b[H\x1b[2J")
		}
		if _, err := io.WriteString(out, screen.String()); err != nil {
			return nil // nobody reads any more
		}
		select {
		case <-time.After(time.Second):
		case <-c.Context.Done():
			return nil
		}
	}
}

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

func allReady(s supervisor.Status) bool {
	for _, n := range s.Nodes {
		if n.State != string(lifecycle.Ready) {
			return false
		}
	}
	return true
}

// view is how a status is shown: in lines of so many columns, 0 for any, and with
// limits or without.
type view struct {
	width  int
	limits bool
}

// printStatus prints the status as a table.
func printStatus(w io.Writer, s supervisor.Status, now time.Time, v view) {
	rows := [][]string{{"NAME", "TYPE", "STATE", "PID", "UP", "RESTARTS", "CPUS", "PEERS", "CPU%", "RSS", "MESSAGE"}}
	for _, n := range s.Nodes {
		rows = append(rows, row(n, now))
	}
	if v.limits {
		addLimits(rows, s.Nodes)
	}
	table := align(rows)
	if v.width > 0 && clip(table, v.width) != table {
		table = alignNarrow(rows, v.width)
	}
	io.WriteString(w, table)
	if r := s.Supervisor.Rolling; r != nil {
		fmt.Fprintf(w, "\n%s\n", plain(r.String()))
		for _, line := range r.Advice() {
			fmt.Fprintln(w, line)
		}
	}
	if s.Supervisor.Message != "" {
		fmt.Fprintf(w, "\nsupervisor: %s\n", plain(s.Supervisor.Message))
	}
}

// addLimits puts what nodes may take and do before the last column.
func addLimits(rows [][]string, nodes []supervisor.NodeStatus) {
	rows[0] = slices.Insert(rows[0], len(rows[0])-1, "LIMITS")
	for i, n := range nodes {
		var all []string
		for _, l := range n.Limits {
			text := l.Name + " " + l.Want
			if !l.OK {
				text = l.Name + " " + l.Have + " (want " + l.Want + ")"
			}
			all = append(all, text)
		}
		r := rows[i+1]
		rows[i+1] = slices.Insert(r, len(r)-1, dash(strings.Join(all, ", ")))
	}
}

// align makes a table of rows.
func align(rows [][]string) string {
	var table strings.Builder
	t := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	for _, r := range rows {
		fmt.Fprintln(t, strings.Join(r, "\t"))
	}
	t.Flush()
	return table.String()
}

// alignNarrow makes a table for so many columns, with the last cell of each row,
// which is the longest and says what is wrong, below the others.
func alignNarrow(rows [][]string, width int) string {
	var short [][]string
	for _, r := range rows {
		short = append(short, r[:len(r)-1])
	}
	var b strings.Builder
	i := 0
	for line := range strings.Lines(clip(align(short), width)) {
		b.WriteString(line)
		if message := rows[i][len(rows[i])-1]; i > 0 && message != "-" {
			b.WriteString(indent(message, width))
		}
		i++
	}
	return b.String()
}

// indent breaks a text into lines of so many columns that begin with spaces.
func indent(text string, width int) string {
	const margin = "    "
	var b strings.Builder
	room := 0
	for _, word := range strings.Fields(text) {
		if length := utf8.RuneCountInString(word) + 1; b.Len() == 0 || length > room {
			if b.Len() > 0 {
				b.WriteByte('\n')
			}
			b.WriteString(margin[1:])
			room = width - len(margin) + 1
		}
		b.WriteString(" " + word)
		room -= utf8.RuneCountInString(word) + 1
	}
	return b.String() + "\n"
}

func row(n supervisor.NodeStatus, now time.Time) []string {
	r := []string{n.Name, string(n.Type), n.State, "-", "-", strconv.Itoa(n.Restarts), "-", "-", "-", "-", plain(n.Message)}
	if n.Message == "" {
		r[10] = "-"
	}
	if n.Peers != nil {
		r[7] = fmt.Sprintf("%d/%d", n.Peers.Up, n.Peers.Total)
	}
	if n.CPUs.Want != "" {
		r[6] = n.CPUs.Want
	}
	if n.PID == 0 {
		return r
	}
	r[3] = strconv.Itoa(n.PID)
	if n.StartedAt != nil {
		r[4] = shortAge(now.Sub(*n.StartedAt))
	}
	r[6] = n.CPUs.Have
	if !n.CPUs.OK {
		r[6] += " (want " + n.CPUs.Want + ")"
	}
	r[8] = strconv.FormatFloat(n.CPUPercent, 'f', 1, 64)
	r[9] = shortBytes(n.RSSBytes)
	return r
}

// shortAge is a duration in at most two units: 5.2s, 3m12s, 4h5m, 12d3h.
func shortAge(d time.Duration) string {
	switch {
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return d.Round(100 * time.Millisecond).String()
	case d < time.Hour:
		return d.Round(time.Second).String()
	case d < 24*time.Hour:
		return fmt.Sprintf("%dh%dm", d/time.Hour, d%time.Hour/time.Minute)
	default:
		return fmt.Sprintf("%dd%dh", d/(24*time.Hour), d%(24*time.Hour)/time.Hour)
	}
}

func shortBytes(n uint64) string {
	const mib = 1 << 20
	if n < 1024*mib {
		return fmt.Sprintf("%dM", n/mib)
	}
	return fmt.Sprintf("%.1fG", float64(n)/(1024*mib))
}
