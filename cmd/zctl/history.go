package main

import (
	"encoding/json"
	"fmt"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"zctl/supervisor"
	"zctl/supervisor/api"
	"zctl/supervisor/generation"
)

var historyCommand = &cli.Command{
	Name:  "history",
	Usage: "show what was deployed when, by whom, and how it went",
	Description: `Prints every deploy and every rollback, the oldest first: when, which generation
after which, by whom, how it went and how long that took; and behind the last one of
each generation how many nodes run it, whether it is the current one, and whether it
is still kept, so that zctl rollback can go back to it. It works without a
supervisor, too.

Examples:
  zctl history
  zctl history --lines -1 --json | jq 'select(.ok | not)'` + exitCodesHelp,
	Flags: []cli.Flag{
		&cli.IntFlag{Name: "lines", Aliases: []string{"n"}, Value: 20, Usage: "how many to print; -1 is all"},
		&cli.BoolFlag{Name: "json", Usage: "print each as a JSON object on a line"},
	},
	Action: history,
}

// historyEntry is one line of zctl history --json.
type historyEntry struct {
	generation.Record
	User string `json:"user"` // the name of uid, "" without one
	// Current, Kept and Nodes are about the generation as it is now.
	Current bool     `json:"current"`
	Kept    bool     `json:"kept"`
	Nodes   []string `json:"nodes"` // that run it
}

func history(c *cli.Context) error {
	if err := noArgs(c); err != nil {
		return err
	}
	dirs, err := loadDirs(c)
	if err != nil {
		return err
	}
	entries, err := historyEntries(c, dirs)
	if err != nil {
		return &exitError{exitUnreachable, err}
	}
	if n := c.Int("lines"); n >= 0 && n < len(entries) {
		entries = entries[len(entries)-n:]
	}
	if c.Bool("json") {
		lines := json.NewEncoder(c.App.Writer)
		for _, e := range entries {
			if err := lines.Encode(e); err != nil {
				return err
			}
		}
		return nil
	}
	_, err = fmt.Fprint(c.App.Writer, align(historyRows(entries)))
	return err
}

func historyEntries(c *cli.Context, dirs supervisor.Dirs) ([]historyEntry, error) {
	store := generation.At(dirs.Generations())
	records, err := store.History()
	if err != nil {
		return nil, err
	}
	current, _ := store.Current() // none is current if nobody can tell
	kept, err := store.List()
	if err != nil {
		return nil, err
	}
	runs, err := whoRuns(c, dirs)
	if err != nil {
		return nil, err
	}
	var entries []historyEntry
	for _, r := range records {
		entries = append(entries, historyEntry{
			Record: r, User: userName(r.UID), Current: r.Generation == current,
			Kept:  slices.ContainsFunc(kept, func(g generation.Info) bool { return g.Digest == r.Generation }),
			Nodes: append([]string{}, runs[r.Generation]...),
		})
	}
	return entries, nil
}

// whoRuns is the names of the nodes that run each generation, from the supervisor or
// from what the last one left.
func whoRuns(c *cli.Context, dirs supervisor.Dirs) (map[string][]string, error) {
	runs := map[string][]string{}
	status, err := api.NewClient(dirs).Status(c.Context, nil)
	if err == nil {
		for _, n := range status.Nodes {
			runs[n.Generation] = append(runs[n.Generation], n.Name)
		}
		return runs, nil
	}
	if !isUnavailable(err) {
		return nil, err
	}
	left, err := supervisor.SavedNodes(dirs)
	for _, n := range left {
		runs[n.Generation] = append(runs[n.Generation], n.Spec.Name)
	}
	return runs, err
}

func historyRows(entries []historyEntry) [][]string {
	rows := [][]string{{"TIME", "GENERATION", "FROM", "VERB", "WHO", "TOOK", "OUTCOME"}}
	last := map[string]int{}
	for i, e := range entries {
		last[e.Generation] = i
	}
	for i, e := range entries {
		outcome := e.Outcome
		if outcome == "" {
			outcome = "under way"
		}
		if last[e.Generation] == i {
			outcome += e.now()
		}
		who := e.User
		if who == "" {
			who = strconv.Itoa(e.UID)
		}
		if e.For != "" {
			who += " (" + plain(e.For) + ")"
		}
		from := short(e.From)
		if from == "" {
			from = "-"
		}
		took := "-"
		if e.Seconds > 0 {
			took = time.Duration(e.Seconds * float64(time.Second)).Round(time.Millisecond).String()
		}
		rows = append(rows, []string{
			e.Time.Local().Format(time.DateTime), short(e.Generation), from, plain(e.Verb), who, took, plain(outcome),
		})
	}
	return rows
}

// now says what a generation is now, behind its last outcome.
func (e historyEntry) now() string {
	var parts []string
	if e.Current {
		parts = append(parts, "current")
	}
	const most = 5
	switch {
	case len(e.Nodes) > most:
		parts = append(parts, fmt.Sprintf("%d nodes run it", len(e.Nodes)))
	case len(e.Nodes) > 0:
		parts = append(parts, "run by "+strings.Join(e.Nodes, ", "))
	}
	if !e.Kept {
		parts = append(parts, "not kept")
	}
	if len(parts) == 0 {
		return ""
	}
	return " [" + strings.Join(parts, "; ") + "]"
}

func userName(uid int) string {
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		return u.Username
	}
	return ""
}
