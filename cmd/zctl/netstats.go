package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"zctl/nodes/control"
)

var netstatsCommand = &cli.Command{
	Name:      "netstats",
	Usage:     "show how many packets the nodes received and dropped",
	ArgsUsage: "[NODES]",
	Description: `Shows, for each node, when it counted, and how many packets it has received and dropped
and how many there were on the link since it was started. No NODES means the workers, as
in zeekctl, or all if there are none. A node in Go counts what its program's sources do, else 0.
` + inquireHelp + `
Exits with 0 only if every node answered.

Examples:
  zctl netstats
  zctl netstats all --json | jq '.[] | select(.dropped > 0) | .node'` + exitCodesHelp,
	Flags: inquireFlags(),
	Action: func(c *cli.Context) error {
		var out outcome
		list := []nodePackets{}
		err := inquire(c, control.Question{Command: control.NetStats}, c.Args().Slice(), func(r reply) {
			p := packetsOf(&r)
			out.add(r)
			list = append(list, p)
			switch {
			case r.Err != nil:
				showError(c.App.ErrWriter, r, 11, ": ")
			case !c.Bool("json"):
				fmt.Fprintf(c.App.Writer, "%11s: %s\n", plain(r.Name), plain(strings.TrimSpace(r.Text)))
			}
		})
		if err == nil && c.Bool("json") {
			err = printJSON(c.App.Writer, list)
		}
		if err != nil {
			return err
		}
		return out.err()
	},
}

// nodePackets is what netstats --json prints of a node.
type nodePackets struct {
	Node     string    `json:"node"`
	Time     time.Time `json:"time,omitzero"`
	Received *uint64   `json:"received,omitempty"`
	Dropped  *uint64   `json:"dropped,omitempty"`
	Link     *uint64   `json:"link,omitempty"`
	Error    string    `json:"error,omitempty"`
}

// packetsOf reads a reply; one that cannot be understood becomes an error.
func packetsOf(r *reply) nodePackets {
	p := nodePackets{Node: r.Name}
	if r.Err == nil {
		var all control.Packets
		p.Time, all, r.Err = control.ParseNetStats(r.Text)
		p.Received, p.Dropped, p.Link = &all.Received, &all.Dropped, &all.Link
	}
	if r.Err != nil {
		p = nodePackets{Node: r.Name, Error: r.Err.Error()}
	}
	return p
}
