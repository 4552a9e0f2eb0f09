package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"zctl/layoutgen"
	"zctl/nodes/archive"
)

var logsArchiveCommand = &cli.Command{
	Name:      "archive",
	Usage:     "list archived logs",
	ArgsUsage: "ls",
	Description: `Lists the archived logs, which are in logs/ below base_dir, the oldest first: when
each was opened and closed, its name, the logger that wrote it if there are several,
its size on the disk, and where it is. It works without a supervisor, too.

T of --since is a time, 2026-01-02, "2026-01-02 15:04" or 2026-01-02T15:04:05Z, or
how long ago, 90m or 7d: logs that were still open then, or later.

Examples:
  zctl logs archive ls
  zctl logs archive ls --stream conn --stream 'known_*' --since 1d
  zctl logs archive ls --stream conn --json | jq -r .path | xargs zcat` + exitCodesHelp,
	Flags: []cli.Flag{
		&cli.StringSliceFlag{Name: "stream", Usage: "only logs whose names match `PATTERN`; may be repeated"},
		&cli.StringFlag{Name: "since", Usage: "only logs that were open at `T` or later"},
		&cli.BoolFlag{Name: "json", Usage: "print each log as a JSON object on a line"},
	},
	Action: listArchive,
}

// archivedLog is a log as archive ls --json prints it.
type archivedLog struct {
	Stream string    `json:"stream"`
	Open   time.Time `json:"open"`
	Close  time.Time `json:"close"`
	Logger string    `json:"logger"` // "" if there was one
	Bytes  int64     `json:"bytes"`  // on the disk
	Path   string    `json:"path"`
}

func listArchive(c *cli.Context) error {
	if c.NArg() != 1 || c.Args().First() != "ls" {
		return usagef("zctl logs archive knows one thing to do: zctl logs archive ls")
	}
	filter := archive.Filter{Streams: c.StringSlice("stream")}
	if text := c.String("since"); text != "" {
		var err error
		if filter.Since, err = parseSince(text, time.Now()); err != nil {
			return err
		}
	}
	if err := filter.Check(); err != nil {
		return usagef("%w", err)
	}
	dirs, err := loadDirs(c)
	if err != nil {
		return err
	}
	logs, err := archive.Store{Dir: dirs.Logs()}.List(filter)
	if err != nil {
		return &exitError{exitUnreachable, err}
	}
	if c.Bool("json") {
		return printArchiveJSON(c, logs)
	}
	return printArchive(c, logs)
}

func printArchiveJSON(c *cli.Context, logs []archive.Log) error {
	lines := json.NewEncoder(c.App.Writer)
	for _, l := range logs {
		if err := lines.Encode(archivedLog{l.Stream, l.Open, l.Close, l.Suffix, l.Size, l.Path}); err != nil {
			return err
		}
	}
	return nil
}

func printArchive(c *cli.Context, logs []archive.Log) error {
	rows := [][]string{{"OPENED", "CLOSED", "LOG", "LOGGER", "SIZE", "FILE"}}
	for _, l := range logs {
		logger := l.Suffix
		if logger == "" {
			logger = "-"
		}
		rows = append(rows, []string{
			l.Open.Format(time.DateTime), l.Close.Format(time.DateTime), plain(l.Stream), plain(logger), fileBytes(l.Size), plain(l.Path),
		})
	}
	_, err := fmt.Fprint(c.App.Writer, align(rows))
	return err
}

// fileBytes is the size of a file in three digits or so: 312B, 4.1K, 27M.
func fileBytes(n int64) string {
	const units = "BKMGT"
	size, unit := float64(n), 0
	for ; size >= 1024 && unit < len(units)-1; unit++ {
		size /= 1024
	}
	if unit == 0 || size >= 10 {
		return fmt.Sprintf("%.0f%c", size, units[unit])
	}
	return fmt.Sprintf("%.1f%c", size, units[unit])
}

// parseSince reads a time, or how long before now.
func parseSince(text string, now time.Time) (time.Time, error) {
	if ago, err := layoutgen.ParseDuration(text); err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	for _, format := range []string{time.DateOnly, "2006-01-02 15:04", time.DateTime, time.RFC3339} {
		if t, err := time.ParseInLocation(format, text, time.Local); err == nil {
			return t, nil
		}
	}
	return time.Time{}, usagef(`--since cannot be %q: it takes a time, like 2026-01-02 or "2026-01-02 15:04", or how long ago, like 90m or 7d`, text)
}
