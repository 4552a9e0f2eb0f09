package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"zctl/nodes/control"
)

var peerstatusCommand = &cli.Command{
	Name:      "peerstatus",
	Usage:     "show who is up as seen by each node",
	ArgsUsage: "[NODES]",
	Description: `Shows, for each node, which other nodes it knows and whether they are up: a line for
each with the time, name, address and status (Broker::PEERED if it is up), since when, and
its node id. Where two nodes disagree, something is wrong between them and the broker;
zctl peers shows what the broker knows.

A Zeek node on ZeroMQ answers nothing to this: its list is empty.
` + inquireHelp + `
Exits with 0 only if every node answered.

Examples:
  zctl peerstatus manager
  zctl peerstatus --json | jq '.[] | select(.peers[].status != "Broker::PEERED") | .node'` + exitCodesHelp,
	Flags: inquireFlags(),
	Action: func(c *cli.Context) error {
		var out outcome
		list := []nodePeers{}
		err := inquire(c, control.Question{Command: control.PeerStatus}, c.Args().Slice(), func(r reply) {
			p := peersOf(&r)
			out.add(r)
			list = append(list, p)
			switch {
			case r.Err != nil:
				showError(c.App.ErrWriter, r, 11, "   ")
			case !c.Bool("json"):
				fmt.Fprintf(c.App.Writer, "%11s\n%s\n", plain(r.Name), plainLines(strings.TrimSpace(r.Text)))
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

// nodePeers is what peerstatus --json prints of a node.
type nodePeers struct {
	Node  string         `json:"node"`
	Peers []control.Peer `json:"peers"`
	Error string         `json:"error,omitempty"`
}

// peersOf reads a reply; one that cannot be understood becomes an error.
func peersOf(r *reply) nodePeers {
	p := nodePeers{Node: r.Name, Peers: []control.Peer{}}
	if r.Err == nil {
		var peers []control.Peer
		if peers, r.Err = control.ParsePeers(r.Text); peers != nil {
			p.Peers = peers
		}
	}
	if r.Err != nil {
		p.Error = r.Err.Error()
	}
	return p
}
