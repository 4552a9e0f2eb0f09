package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"zctl/cpuaffinity"
	"zctl/layoutgen"
)

var cpuCommand = &cli.Command{
	Name:  "cpu",
	Usage: "print which CPUs the nodes would run on",
	Description: `Prints the CPUs of this host that zctl may use, and where the configuration puts
each node. Nothing need run.

Examples:
  zctl cpu
  zctl cpu --json` + exitCodesHelp,
	Flags: []cli.Flag{&cli.BoolFlag{Name: "json", Usage: "print the plan as JSON"}},
	Action: withConfig(func(c *cli.Context, config *layoutgen.Config) error {
		layout := config.Layout()
		plan, err := place(layout)
		if err != nil {
			return &exitError{exitUsage, err}
		}
		if c.Bool("json") {
			return printJSON(c.App.Writer, cpuPlan(plan))
		}
		return printPlan(c.App.Writer, layout, plan)
	}),
}

// plannedNode is a node's CPUs as cpu --json prints them.
type plannedNode struct {
	Name   string           `json:"name"`
	CPUs   cpuaffinity.List `json:"cpus"` // empty: not pinned
	Shared bool             `json:"shared"`
	Note   string           `json:"note"`
}

func cpuPlan(plan []cpuaffinity.Assignment) []plannedNode {
	all := make([]plannedNode, len(plan))
	for i, a := range plan {
		all[i] = plannedNode{a.Node, a.CPUs, a.Shared, a.Note}
	}
	return all
}

func printPlan(w io.Writer, layout *layoutgen.Layout, plan []cpuaffinity.Assignment) error {
	topology, err := cpuaffinity.Host()
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "CPU\tPACKAGE\tCORE\tNUMA\tSIBLINGS")
	for _, cpu := range topology.CPUs {
		fmt.Fprintf(t, "%d\t%d\t%d\t%d\t%v\n", cpu.ID, cpu.Package, cpu.Core, cpu.Node, cpu.Siblings)
	}
	fmt.Fprintln(t, "\nNODE\tTYPE\tASKED\tCPUS\tNOTE")
	all := layout.Processes()
	for i, a := range plan {
		n := all[i]
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", n.Name, n.Type, n.Process.CPUs, dash(a.CPUs.String()), dash(a.Note))
	}
	return t.Flush()
}
