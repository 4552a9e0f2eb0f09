package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"zctl/layoutgen"
)

var checkCommand = &cli.Command{
	Name:  "check",
	Usage: "check the configuration, and whether this host can run it",
	Description: `Reads the configuration and reports everything that is wrong with it at once,
each with file, line and column: unknown keys, wrong types, clashing ports, CPUs
that are not there, programs that cannot be run. Starts and stops nothing. deploy
does the same first.

Examples:
  zctl check
  zctl check --config site.toml` + exitCodesHelp,
	Action: withConfig(func(c *cli.Context, config *layoutgen.Config) error {
		deployment, err := newDeployment(config)
		if err != nil {
			return err
		}
		for _, warning := range warnings(config) {
			fmt.Fprintln(c.App.ErrWriter, warning)
		}
		name := config.File
		if name == "" {
			name = "the embedded default"
		}
		fmt.Fprintf(c.App.Writer, "%s is good: %d nodes, base_dir %s\n", name, len(deployment.Nodes), config.BaseDir)
		return nil
	}),
}
