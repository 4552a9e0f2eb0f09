package main

import (
	"github.com/urfave/cli/v2"
)

var nodeCommand = &cli.Command{
	Name:   "node",
	Action: func(c *cli.Context) error { select {} },
}
