package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"zctl/nodes/store"
)

var storeGetCommand = &cli.Command{
	Name:      "get",
	Usage:     "print the value of a key",
	ArgsUsage: "NAME KEY",
	Description: `Prints the value that a key has, as Zeek prints it.
` + busHelp + `
Exits with 1 if there is no such key.

Examples:
  zctl store get known_hosts 10.0.0.1
  zctl store get scans '[10.0.0.1, 443/tcp]'
  zctl store get names '"printer"' --json | jq .value` + exitCodesHelp,
	Flags: storeFlags(),
	Action: func(c *cli.Context) error {
		name, values, err := storeArgs(c, "key")
		if err != nil {
			return err
		}
		return withStore(c, name, func(_ context.Context, s *store.Store) error {
			e, err := s.Lookup(values[0])
			if errors.Is(err, store.ErrNoKey) {
				return &exitError{exitFailed, fmt.Errorf("store %s has no key %s; a string is another key than an address", plain(name), literal(values[0]))}
			}
			if err != nil {
				return storeError(err)
			}
			if c.Bool("json") {
				return storedEntry{Key: typedJSON(values[0]), Value: typedJSON(e.Value), Expires: stamp(e.Deadline)}.print(c.App.Writer)
			}
			_, err = fmt.Fprintln(c.App.Writer, plainLines(e.Value.Describe()))
			return err
		})
	},
}
