package main

import (
	"context"
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"zctl/nodes/event"
	"zctl/nodes/store"
)

var storePutCommand = &cli.Command{
	Name:      "put",
	Usage:     "set the value of a key",
	ArgsUsage: "NAME KEY VALUE",
	Description: `Sets the value of a key, and ends when the store's master has it; in a persistent store,
when it is on disk. An expiry that the key had is taken away, unless --expire gives it
another one.
` + busHelp + `
Exits with 1 if the master refuses it, and, with --unique, if there is the key already.
Exits with 4 if nobody can tell whether the master has got it.

Examples:
  zctl store put known_hosts 10.0.0.1 '"printer"'
  zctl store put scans '[10.0.0.1, 443/tcp]' 42 --expire 1h
  zctl store put locks '"nightly"' T --unique && run-it` + exitCodesHelp,
	Flags: storeFlags(
		&cli.DurationFlag{Name: "expire", Usage: "remove the key after `TIME`, like 90s or 24h"},
		&cli.BoolFlag{Name: "unique", Usage: "only if there is no such key"},
	),
	Action: func(c *cli.Context) error {
		name, values, err := storeArgs(c, "key", "value")
		if err != nil {
			return err
		}
		expire := c.Duration("expire")
		if c.IsSet("expire") && expire <= 0 {
			return usagef("--expire cannot be %v: it takes a time, like 90s or 24h", expire)
		}
		return withStore(c, name, func(ctx context.Context, s *store.Store) error {
			done := true
			w := putWrite(s, values[0], values[1], expire, c.Bool("unique"))
			if c.Bool("unique") {
				done, err = w.Result(ctx)
			} else {
				err = w.Wait(ctx)
			}
			if err != nil {
				return storeError(err)
			}
			e := storedEntry{Key: typedJSON(values[0]), Value: typedJSON(values[1]), Done: &done}
			if expire > 0 && done {
				e.Expires = stamp(time.Now().Add(expire))
			}
			return printDone(c, e, fmt.Sprintf("store %s has a key %s already", plain(name), literal(values[0])))
		})
	},
}

// printDone prints what came of a change, if that was asked for. That it changed nothing is
// an error.
func printDone(c *cli.Context, e storedEntry, otherwise string) error {
	if c.Bool("json") {
		if err := e.print(c.App.Writer); err != nil {
			return err
		}
	}
	if !*e.Done {
		return &exitError{exitFailed, fmt.Errorf("%s", otherwise)}
	}
	return nil
}

// putWrite asks the store for it.
func putWrite(s *store.Store, key, value event.Value, expire time.Duration, unique bool) *store.Write {
	if unique {
		return s.PutUnique(key, value, expire)
	}
	return s.Put(key, value, expire)
}
