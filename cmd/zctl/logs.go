package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"zctl/supervisor"
)

var logsCommand = &cli.Command{
	Name:      "logs",
	Usage:     "show the output of a node; rotate and list the logs of the cluster",
	ArgsUsage: "NODE",
	Description: `Prints the end of what a node wrote to stdout and stderr, of all its processes so
far. It works without a supervisor, too.

What the cluster logs, conn.log and the like, is in logs/ below base_dir: live files
in logs/current, archived ones in a directory for each day. zctl logs rotate and
zctl logs archive ls are about those.

Examples:
  zctl logs worker-2
  zctl logs -f manager
  zctl logs worker-2 --stderr --lines 5` + exitCodesHelp,
	Flags: []cli.Flag{
		&cli.BoolFlag{Name: "follow", Aliases: []string{"f"}, Usage: "go on printing what is added, until interrupted"},
		&cli.IntFlag{Name: "lines", Aliases: []string{"n"}, Value: 100, Usage: "how many lines to begin with; -1 is all"},
		&cli.BoolFlag{Name: "stdout", Usage: "only stdout"},
		&cli.BoolFlag{Name: "stderr", Usage: "only stderr"},
	},
	Subcommands: []*cli.Command{logsRotateCommand, logsArchiveCommand},
	Action: func(c *cli.Context) error {
		if c.NArg() != 1 {
			return usagef("zctl logs takes the name of one node; see zctl logs --help")
		}
		dirs, err := loadDirs(c)
		if err != nil {
			return err
		}
		name := c.Args().First()
		if err := hasWorkDir(dirs, name); err != nil {
			return err
		}
		both := c.Bool("stdout") == c.Bool("stderr")
		var files []*tailed
		if both || c.Bool("stdout") {
			files = append(files, &tailed{path: dirs.Stdout(name), title: "stdout"})
		}
		if both || c.Bool("stderr") {
			files = append(files, &tailed{path: dirs.Stderr(name), title: "stderr"})
		}
		return tail(c.Context, c.App.Writer, files, c.Int("lines"), c.Bool("follow"))
	},
}

// hasWorkDir says whether there is, or was, a node of that name.
func hasWorkDir(dirs supervisor.Dirs, name string) error {
	if !strings.ContainsRune(name, filepath.Separator) && name != "." && name != ".." {
		if info, err := os.Stat(dirs.Node(name)); err == nil && info.IsDir() {
			return nil
		} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return &exitError{exitUnreachable, err}
		}
	}
	entries, _ := os.ReadDir(filepath.Dir(dirs.Node("x")))
	var known []string
	for _, e := range entries {
		if e.IsDir() {
			known = append(known, e.Name())
		}
	}
	slices.Sort(known)
	return &exitError{exitUsage, &supervisor.UnknownNodeError{Pattern: name, Known: known}}
}
