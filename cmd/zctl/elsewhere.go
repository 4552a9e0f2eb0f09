package main

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"zctl/layoutgen"
)

// hereOnly leaves nodes of other hosts out of what is run. Only a configuration that
// says addresses of sections or nodes has such; an address of the whole cluster that is
// not of this host is a mistake. Verbs that print what the file says print all of it.
func hereOnly(c *cli.Context, config *layoutgen.Config) {
	says := func(n layoutgen.Node) bool { return n.Process.Address != "" }
	if !slices.ContainsFunc(config.Layout().Nodes, says) || c.Command.Name == "nodes" || c.Command.Name == "layout" {
		return
	}
	known := map[netip.Addr]bool{}
	config.Elsewhere = func(a netip.Addr) bool {
		foreign, asked := known[a]
		if !asked {
			foreign = errors.Is(tryListen(a), unix.EADDRNOTAVAIL)
			known[a] = foreign
		}
		return foreign
	}
}

// elsewhere is a warning about the nodes of other hosts, one for each address.
func elsewhere(config *layoutgen.Config) []string {
	var addresses []netip.Addr
	nodes := map[netip.Addr][]string{}
	for _, n := range config.Layout().Nodes {
		if !n.Elsewhere || n.Type == layoutgen.TypeControl {
			continue
		}
		if nodes[n.Address] == nil {
			addresses = append(addresses, n.Address)
		}
		nodes[n.Address] = append(nodes[n.Address], n.Name)
	}
	var all []string
	for _, a := range addresses {
		all = append(all, fmt.Sprintf("warning: %s is another host's address: %s stand in the layout, but do not run here; deploy this file there, too",
			a, strings.Join(nodes[a], ", ")))
	}
	return all
}
