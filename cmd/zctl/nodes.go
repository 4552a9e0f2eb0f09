package main

import (
	"fmt"
	"strconv"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"zctl/layoutgen"
)

var nodesCommand = &cli.Command{
	Name:  "nodes",
	Usage: "list the nodes of the configuration",
	Description: `Lists the nodes that the configuration describes, whether they run or not, and
the broker if it has a process of its own.

Examples:
  zctl nodes
  zctl nodes --json | jq -r '.[].name'` + exitCodesHelp,
	Flags: []cli.Flag{&cli.BoolFlag{Name: "json", Usage: "print them as JSON"}},
	Action: withConfig(func(c *cli.Context, config *layoutgen.Config) error {
		if c.Bool("json") {
			return printJSON(c.App.Writer, nodeList(config.Layout()))
		}
		t := tabwriter.NewWriter(c.App.Writer, 0, 0, 2, ' ', 0)
		fmt.Fprintln(t, "NAME\tTYPE\tENGINE\tADDRESS\tPORT\tMETRICS\tINTERFACE\tCPUS")
		for _, n := range nodeList(config.Layout()) {
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n",
				n.Name, n.Type, n.Engine, n.Address, orDash(n.Port), orDash(n.MetricsPort), dash(n.Interface), n.CPUs)
		}
		return t.Flush()
	}),
}

// listedNode is a node of the configuration as nodes --json prints it.
type listedNode struct {
	Name        string             `json:"name"`
	Type        layoutgen.NodeType `json:"type"`
	Engine      string             `json:"engine"`
	Address     string             `json:"address"`
	Port        int                `json:"port"`
	MetricsPort int                `json:"metrics_port"`
	Interface   string             `json:"interface"`
	CPUs        string             `json:"cpus"`
}

func nodeList(l *layoutgen.Layout) []listedNode {
	var all []listedNode
	for _, n := range l.Processes() {
		all = append(all, listedNode{n.Name, n.Type, n.Process.Engine, n.Address.String(), n.Port, n.MetricsPort, n.Interface, n.Process.CPUs})
	}
	return all
}

func orDash(n int) string {
	if n == 0 {
		return "-"
	}
	return strconv.Itoa(n)
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
