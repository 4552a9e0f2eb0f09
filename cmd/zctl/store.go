package main

import (
	"time"

	"github.com/urfave/cli/v2"

	"zctl/nodes/event"
)

var storeCommand = &cli.Command{
	Name:      "store",
	Usage:     "look into data stores, and write to them",
	ArgsUsage: "VERB NAME …",
	Description: `Gets at a data store of the cluster over the bus: one that a section [store.NAME] of
zctl.toml makes, or a node's program. What is read is a copy of the store, which comes
from its master first.

Keys and values are literals as in Zeek's scripts, and their types count: 42 is a count,
+42 an int, '"42"' a string, in quotes that the shell leaves; 10.0.0.1 an address. A key of
several types is a list: '[10.0.0.1, 443/tcp]'. zctl publish --help has all.

  zctl store ls                      the stores there are
  zctl store get NAME KEY            the value of a key
  zctl store put NAME KEY VALUE      set it
  zctl store erase NAME KEY          remove it
  zctl store dump NAME               all keys and values
  zctl store watch NAME              what changes, as it does
` + exitCodesHelp,
	Subcommands: []*cli.Command{storeLsCommand, storeGetCommand, storePutCommand, storeEraseCommand, storeDumpCommand, storeWatchCommand},
	Action: func(c *cli.Context) error {
		if !c.Args().Present() {
			return cli.ShowSubcommandHelp(c)
		}
		return usagef("zctl store knows no %q; it is ls, get, put, erase, dump or watch", c.Args().First())
	},
}

// storeFlags are for verbs that get at a store.
func storeFlags(more ...cli.Flag) []cli.Flag {
	return append(append(more,
		&cli.BoolFlag{Name: "json", Usage: "print JSON, keys and values in the form of broker-json-v1 without loss"},
		&cli.DurationFlag{Name: "timeout", Value: 10 * time.Second, Usage: "how long to wait for the store's master", Action: positiveTimeout},
	), endpointFlags()...)
}

// storeArgs is the name of a store and the literals behind it, as many as names says.
func storeArgs(c *cli.Context, names ...string) (store string, values []event.Value, err error) {
	if c.NArg() != 1+len(names) || c.Args().First() == "" {
		usage := "zctl store " + c.Command.Name + " takes the name of a store"
		for _, name := range names {
			usage += ", a " + name
		}
		return "", nil, usagef("%s, and no more; see zctl store %s --help", usage, c.Command.Name)
	}
	for i, name := range names {
		text := c.Args().Get(1 + i)
		v, err := event.ParseLiteral(text)
		if err != nil {
			return "", nil, usagef("cannot use %s as the %s: %w; a string is in quotes, '\"like this\"'", plain(text), name, err)
		}
		values = append(values, v)
	}
	return c.Args().First(), values, nil
}

// literal is a value in one line, as [event.ParseLiteral] reads it.
func literal(v event.Value) string {
	inList := event.List(v, event.None()).String() // which quotes strings
	return plain(inList[1 : len(inList)-len(", none]")])
}
