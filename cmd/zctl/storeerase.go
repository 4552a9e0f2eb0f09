package main

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v2"

	"zctl/nodes/store"
)

var storeEraseCommand = &cli.Command{
	Name:      "erase",
	Usage:     "remove a key",
	ArgsUsage: "NAME KEY",
	Description: `Removes a key, and ends when the store's master has done it; in a persistent store, when
that is on disk.
` + busHelp + `
Exits with 1 if there was no such key.

Examples:
  zctl store erase known_hosts 10.0.0.1` + exitCodesHelp,
	Flags: storeFlags(),
	Action: func(c *cli.Context) error {
		name, values, err := storeArgs(c, "key")
		if err != nil {
			return err
		}
		return withStore(c, name, func(ctx context.Context, s *store.Store) error {
			there, err := s.Exists(values[0])
			if err == nil {
				err = s.Erase(values[0]).Wait(ctx)
			}
			if err != nil {
				return storeError(err)
			}
			e := storedEntry{Key: typedJSON(values[0]), Done: &there}
			return printDone(c, e, fmt.Sprintf("store %s has no key %s; a string is another key than an address", plain(name), literal(values[0])))
		})
	},
}
