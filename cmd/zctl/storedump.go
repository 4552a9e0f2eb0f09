package main

import (
	"bufio"
	"context"
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"

	"zctl/nodes/event"
	"zctl/nodes/store"
)

var storeDumpCommand = &cli.Command{
	Name:      "dump",
	Usage:     "print all keys and values",
	ArgsUsage: "NAME",
	Description: `Prints all that a store has, in the order of its keys, a line each: KEY = VALUE, both as
zctl store put takes them, and behind a # when it expires.
` + busHelp + `
Examples:
  zctl store dump known_hosts
  zctl store dump known_hosts --json | jq -r .key.data` + exitCodesHelp,
	Flags: storeFlags(),
	Action: func(c *cli.Context) error {
		name, _, err := storeArgs(c)
		if err != nil {
			return err
		}
		return withStore(c, name, func(_ context.Context, s *store.Store) error { return storeDump(c, s) })
	},
}

func storeDump(c *cli.Context, s *store.Store) error {
	keys, err := s.Keys()
	if err != nil {
		return storeError(err)
	}
	slices.SortFunc(keys, event.Value.Compare)
	out := bufio.NewWriter(c.App.Writer)
	for _, key := range keys {
		e, err := s.Lookup(key)
		if err != nil {
			continue // it has gone meanwhile
		}
		if c.Bool("json") {
			err = storedEntry{Key: typedJSON(key), Value: typedJSON(e.Value), Expires: stamp(e.Deadline)}.print(out)
		} else {
			_, err = fmt.Fprintln(out, entryLine(key, e))
		}
		if err != nil {
			return err
		}
	}
	return out.Flush()
}

// entryLine is an entry for people.
func entryLine(key event.Value, e store.Entry) string {
	line := literal(key) + " = " + literal(e.Value)
	if !e.Deadline.IsZero() {
		line += "  # expires " + stamp(e.Deadline)
	}
	return line
}
