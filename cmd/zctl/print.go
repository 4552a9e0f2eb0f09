package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"zctl/nodes/control"
)

var printCommand = &cli.Command{
	Name:      "print",
	Usage:     "show the value that a script's variable or option has in the nodes",
	ArgsUsage: "ID [NODES]",
	Description: `Shows the value that a global identifier has now, in each node: of a Zeek node, any
variable, constant or option of its scripts; of a node in Go, Zeek's options of the cluster
framework by their names, and the values that its program registers.

The value is ` + control.UnknownID + ` where a node has no such identifier, and ` + control.NoValue + ` where it
has no value.
` + inquireHelp + `
Exits with 0 only if every node answered, and at least one of them knows ID.

Examples:
  zctl print Cluster::node
  zctl print Site::local_nets worker-1
  zctl print Cluster::Backend::ZeroMQ::xpub_sndhwm workers --json` + exitCodesHelp,
	Flags: inquireFlags(),
	Action: func(c *cli.Context) error {
		id := c.Args().First()
		if id == "" {
			return usagef("zctl print takes an identifier, like Cluster::node; see zctl print --help")
		}
		var out outcome
		known := 0
		list := []printedValue{}
		err := inquire(c, control.Question{Command: control.IDValue, ID: id}, c.Args().Tail(), func(r reply) {
			if out.add(r); r.Err == nil && r.Text != control.UnknownID {
				known++
			}
			list = append(list, showValue(c, id, r))
		})
		if err != nil {
			return err
		}
		if c.Bool("json") {
			if err := printJSON(c.App.Writer, list); err != nil {
				return err
			}
		}
		if err := out.err(); err != nil {
			return err
		}
		if known == 0 {
			return &exitError{exitFailed, fmt.Errorf("no node that was asked has a global identifier %s", plain(id))}
		}
		return nil
	},
}

// printedValue is what print --json prints of a node.
type printedValue struct {
	Node  string  `json:"node"`
	ID    string  `json:"id"`
	Known bool    `json:"known"`           // there is such an identifier
	Value *string `json:"value,omitempty"` // if it has one
	Error string  `json:"error,omitempty"`
}

// showValue prints a reply, unless all are printed as JSON. The format is zeekctl's.
func showValue(c *cli.Context, id string, r reply) printedValue {
	p := printedValue{Node: r.Name, ID: id, Known: r.Err == nil && r.Text != control.UnknownID}
	if p.Known && r.Text != control.NoValue {
		p.Value = &r.Text
	}
	switch {
	case r.Err != nil:
		p.Error = r.Err.Error()
		showError(c.App.ErrWriter, r, 12, "   ")
	case !c.Bool("json"):
		fmt.Fprintf(c.App.Writer, "%12s   %s = %s\n", plain(r.Name), plain(id), plainLines(r.Text))
	}
	return p
}
