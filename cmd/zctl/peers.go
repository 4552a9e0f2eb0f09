package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/urfave/cli/v2"

	"zctl/layoutgen"
	"zctl/nodes/tap"
)

var peersCommand = &cli.Command{
	Name:  "peers",
	Usage: "show who is up as seen from the bus",
	Description: `Lists the nodes that are on the bus, by what they subscribe there, without being
one: none of them notices. STATE is
  up         it is on the bus
  missing    it is in the layout but not on the bus
  duplicate  so are other processes of that name
  stranger   it is on the bus but not in the layout
The layout is that of the deployed cluster, or the --layout of another one.
Without one, nobody is missing or a stranger, and TYPE is what the name suggests.
Below the table are topics that something else subscribes: scripts, other
programs, or zctl tap.

A node whose host vanished without a word is up until its connection times out.

Exits with 0 only if nobody is missing or a duplicate.
` + busHelp + `
Examples:
  zctl peers
  zctl peers --json | jq -r '.peers[] | select(.state == "missing") | .name'
  zctl peers --connect-xsub tcp://10.0.0.1:5555 --connect-xpub tcp://10.0.0.1:5556` + exitCodesHelp,
	Flags: append([]cli.Flag{
		&cli.BoolFlag{Name: "json", Usage: "print everything as JSON"},
		&cli.StringFlag{Name: "layout", Usage: "compare with this cluster-layout.zeek, a `FILE`"},
	}, busFlags()...),
	Action: peers,
}

func peers(c *cli.Context) error {
	if err := noArgs(c); err != nil {
		return err
	}
	var layout *layoutgen.Layout
	if file := c.String("layout"); file != "" {
		var err error
		if layout, err = layoutgen.ReadLayout(file); err != nil {
			return &exitError{exitUsage, err}
		}
	}
	v, b, err := visit(c)
	if err != nil {
		return err
	}
	if layout == nil {
		layout = b.layout
	}
	present := tap.Look(v.Topics(), layout)
	if err = v.Close(); err != nil {
		err = &exitError{exitUnreachable, err}
	}
	if c.Bool("json") {
		err = errors.Join(err, printJSON(c.App.Writer, present))
	} else {
		printPeers(c.App.Writer, present)
	}
	if err == nil && !present.Healthy() {
		err = &exitError{exitFailed, nil}
	}
	return err
}

func printPeers(w io.Writer, present tap.Present) {
	rows := [][]string{{"NAME", "TYPE", "STATE", "HOST", "PID", "NODE ID"}}
	for _, p := range present.Peers {
		pid := "-"
		if p.PID > 0 {
			pid = strconv.Itoa(p.PID)
		}
		rows = append(rows, []string{
			dash(plain(p.Name)), dash(string(p.Type)), string(p.State), dash(plain(p.Host)), pid, dash(plain(p.ID)),
		})
	}
	io.WriteString(w, align(rows))
	for i, topic := range present.Topics {
		if i == 0 {
			fmt.Fprintln(w, "\nALSO SUBSCRIBED")
		}
		if topic == "" {
			topic = "(everything)"
		}
		fmt.Fprintln(w, plain(topic))
	}
}
