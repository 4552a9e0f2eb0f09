package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"zctl/layoutgen"
)

var layoutCommand = &cli.Command{
	Name:  "layout",
	Usage: "print the cluster-layout.zeek of the configuration",
	Description: `Prints the script that every node of the cluster reads, Zeek or Go.

Examples:
  zctl layout
  zctl layout --backend` + exitCodesHelp,
	Flags: []cli.Flag{
		&cli.BoolFlag{Name: "backend", Usage: "print cluster-backend.zeek instead, which says where the broker is"},
	},
	Action: withConfig(func(c *cli.Context, config *layoutgen.Config) error {
		text := config.Layout().Zeek()
		if c.Bool("backend") {
			text = config.Layout().Backend.Zeek()
		}
		_, err := fmt.Fprint(c.App.Writer, text)
		return err
	}),
}
