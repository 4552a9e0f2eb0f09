package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/urfave/cli/v2"

	"zctl/nodes/zmq/curve"
)

const keysName = "keys"

var keysCommand = &cli.Command{
	Name:      keysName,
	Usage:     "make the keys that encrypt the bus",
	ArgsUsage: "generate",
	Description: `Makes the two key pairs of a cluster, one for its servers (the broker and the
loggers) and one for all its clients, and writes them to four files that only
their owner can read: server_publickey, server_secretkey, client_publickey and
client_secretkey, 40 characters each, in ZeroMQ's Z85. Prints the paths. They go
to DIR, or else to curve/ in base_dir, where deploy finds them; deploy makes them
itself where it needs keys and there are none.

With --env no file is written: the keys are printed as the variables that Zeek
from 8.2 on and zctl node read, in quotes for a shell or a systemd
EnvironmentFile.

Examples:
  zctl keys generate
  zctl keys generate --dir /etc/zeek/curve
  zctl keys generate --force && zctl deploy        # restarts every node
  (umask 077 && zctl keys generate --env > curve.env)` + exitCodesHelp,
	Flags: []cli.Flag{
		&cli.StringFlag{Name: "dir", Usage: "write the files to `DIR`"},
		&cli.BoolFlag{Name: "force", Usage: "replace keys that are there"},
		&cli.BoolFlag{Name: "env", Usage: "print variables instead of writing files"},
	},
	Action: func(c *cli.Context) error {
		if c.NArg() != 1 || c.Args().First() != "generate" {
			return usagef("zctl keys knows one thing to do: zctl keys generate")
		}
		keys, err := curve.Generate()
		if err != nil {
			return err
		}
		if c.Bool("env") {
			return printEnv(c, keys)
		}
		return writeKeys(c, keys)
	},
}

// printEnv quotes the values, of which Z85 makes a mess for a shell. It has no
// quotes in it itself.
func printEnv(c *cli.Context, keys curve.Keys) error {
	if c.IsSet("dir") || c.Bool("force") {
		return usagef("zctl keys generate --env writes no files: leave out --dir and --force")
	}
	for _, entry := range keys.Env() {
		name, value, _ := strings.Cut(entry, "=")
		if _, err := fmt.Fprintf(c.App.Writer, "%s='%s'\n", name, value); err != nil {
			return err
		}
	}
	return nil
}

func writeKeys(c *cli.Context, keys curve.Keys) error {
	dir := c.String("dir")
	if dir == "" {
		dirs, err := loadDirs(c)
		if err != nil {
			return err
		}
		if err := dirs.Make(); err != nil {
			return &exitError{exitUsage, err}
		}
		dir = dirs.Curve()
	}
	paths, err := keys.WriteDir(dir, c.Bool("force"))
	if errors.Is(err, fs.ErrExist) {
		err = fmt.Errorf("%w; --force replaces them, and what uses them has to be restarted", err)
	}
	if err != nil {
		return &exitError{exitUsage, err}
	}
	for _, path := range paths {
		fmt.Fprintln(c.App.Writer, path)
	}
	return nil
}
