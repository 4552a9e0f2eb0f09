package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"zctl/layoutgen"
	"zctl/nodes/cluster"
)

const hrwName = "hrw"

var hrwCommand = &cli.Command{
	Name:      hrwName,
	Usage:     "show which node is responsible for a key",
	ArgsUsage: "KEY",
	Description: `Computes what Cluster::publish_hrw does with KEY, as every Zeek does: the digest of
the key, the weight that each node has for it, and the pick, the heaviest of them.
The list is in the order in which nodes stand in for each other: when the first is
down the second is responsible. A node is never its own pick: a proxy that asks for
a key of its own gets the next one.

The nodes are the proxies of the configuration, or of the --layout of another
cluster, or those that --nodes names: all of a pool, whether they are up or not.
Nothing has to run.

The type of the key counts: the string 10.0.0.1 and the address are two keys. Zeek's
scripts for known hosts and software have addresses, those for known services
strings like 192.168.1.1080/tcp. A TYPE is
  string              the default: KEY as it is, without quotes
  count  int  double  42, -1, 1.5
  bool                T or F
  addr  subnet  port  10.0.0.1, 10.0.0.0/8, 443/tcp
  time                seconds since 1970, or 2024-01-02T03:04:05Z
  interval            1.5sec; a bad key, as what Zeek hashes of it is not exact
  Cluster::NodeType   an enum, by the name of its type; enum transport_proto for
                      one without a module
  vector[TYPE]        [10.0.0.1, 10.0.0.2]
  record{a:TYPE;b:TYPE?}   a=1,b=x; behind the type of a field that may be missing
                      is a ?

Examples:
  zctl hrw example_key1
  zctl hrw 10.0.0.1 --type addr
  zctl hrw 42 --type count --nodes proxy-1,proxy-2,proxy-3 --json | jq -r .pick` + exitCodesHelp,
	Flags: []cli.Flag{
		&cli.StringFlag{Name: "type", Value: "string", Usage: "Zeek's `TYPE` of the key"},
		&cli.StringFlag{Name: "nodes", Usage: "the nodes of the pool, as `NAME,NAME,…`"},
		&cli.StringFlag{Name: "layout", Usage: "take the proxies of this cluster-layout.zeek, a `FILE`"},
		&cli.BoolFlag{Name: "json", Usage: "print everything as JSON"},
	},
	Action: hrw,
}

// picked is what hrw --json prints.
type picked struct {
	Key    string `json:"key"`
	Type   string `json:"type"`
	Digest uint32 `json:"digest"`
	Pick   string `json:"pick"`
	Topic  string `json:"topic"` // of the pick
	// Nodes is all of them, heaviest first.
	Nodes []weighed `json:"nodes"`
}

type weighed struct {
	Name   string `json:"name"`
	SiteID uint32 `json:"site_id"`
	Weight uint32 `json:"weight"`
}

func hrw(c *cli.Context) error {
	if c.NArg() != 1 {
		return usagef("zctl hrw takes one key, in quotes if it has blanks; see zctl hrw --help")
	}
	p := picked{Key: c.Args().First(), Type: c.String("type")}
	key, err := cluster.ParseKey(p.Type, p.Key)
	if err != nil {
		return usagef("%w; see zctl hrw --help", err)
	}
	names, err := poolOf(c)
	if err != nil {
		return err
	}
	p.Digest = key.Digest()
	for _, n := range cluster.Rank(key, names) {
		p.Nodes = append(p.Nodes, weighed(n))
	}
	p.Pick = p.Nodes[0].Name
	p.Topic = cluster.NodeTopic(p.Pick)
	if c.Bool("json") {
		return printJSON(c.App.Writer, p)
	}
	return p.print(c.App.Writer)
}

func (p picked) print(w io.Writer) error {
	rows := [][]string{{"NODE", "WEIGHT", "SITE"}}
	for _, n := range p.Nodes {
		rows = append(rows, []string{plain(n.Name), strconv.FormatUint(uint64(n.Weight), 10), strconv.FormatUint(uint64(n.SiteID), 10)})
	}
	_, err := fmt.Fprintf(w, "digest  0x%08x\npick    %s\n\n%s", p.Digest, plain(p.Pick), align(rows))
	return err
}

// poolOf is the names of the nodes to pick from, at least one.
func poolOf(c *cli.Context) ([]string, error) {
	if !c.IsSet("nodes") {
		return proxies(c)
	}
	names := strings.Split(c.String("nodes"), ",")
	for i, name := range names {
		names[i] = strings.TrimSpace(name)
		switch {
		case names[i] == "":
			return nil, usagef("cannot use --nodes %q: a name is empty; it is like proxy-1,proxy-2", c.String("nodes"))
		case slices.Contains(names[:i], names[i]):
			return nil, usagef("cannot use --nodes %q: %s is there twice", c.String("nodes"), names[i])
		}
	}
	return names, nil
}

func proxies(c *cli.Context) ([]string, error) {
	layout, err := layoutOf(c)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, n := range layout.Nodes {
		if n.Type == layoutgen.TypeProxy {
			names = append(names, n.Name)
		}
	}
	if len(names) == 0 {
		return nil, usagef("cannot pick a proxy: there are none; name the nodes of the pool with --nodes")
	}
	return names, nil
}

// layoutOf is the layout that was named, or that of the configuration.
func layoutOf(c *cli.Context) (*layoutgen.Layout, error) {
	if file := c.String("layout"); file != "" {
		layout, err := layoutgen.ReadLayout(file)
		if err != nil {
			return nil, &exitError{exitUsage, err}
		}
		return layout, nil
	}
	config, err := loadConfig(c)
	if err != nil {
		return nil, err
	}
	return config.Layout(), nil
}
