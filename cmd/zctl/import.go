package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"zctl/layoutgen/imports"
)

var importCommand = &cli.Command{
	Name:      "import",
	Usage:     "make a zctl.toml of ZeekControl's node.cfg, or of a zeek.conf",
	ArgsUsage: "FILE",
	Description: `Prints a zctl.toml with the same cluster: the names, ports, metrics ports, addresses
and CPUs that ZeekControl, or zeek-systemd-generator, would have made. What has no
counterpart stands at its end as comments that say what to do instead. The text of
FILE says which of the two it is.

All that is wrong is reported together with file and line, and then nothing is
printed. Names of hosts are looked up. zeekctl.cfg and networks.cfg are read only
where they are named. Starts and stops nothing; docs/migrate.md goes through a move.

Examples:
  zctl import /opt/zeek/etc/node.cfg --zeekctl-cfg /opt/zeek/etc/zeekctl.cfg \
    --networks /opt/zeek/etc/networks.cfg > zctl.toml
  zctl import /etc/zeek/zeek.conf > zctl.toml` + exitCodesHelp,
	Flags: []cli.Flag{
		&cli.StringFlag{Name: "zeekctl-cfg", Usage: "zeekctl.cfg that belongs to node.cfg", TakesFile: true},
		&cli.StringFlag{Name: "networks", Usage: "networks.cfg that belongs to node.cfg", TakesFile: true},
		&cli.StringFlag{Name: "kind", Usage: `what FILE is, if its text does not say: "node.cfg" or "zeek.conf"`},
	},
	Action: importFile,
}

func importFile(c *cli.Context) error {
	if c.Args().Len() != 1 {
		return usagef("zctl import takes one file: node.cfg or zeek.conf")
	}
	file, err := readSource(c.Args().First())
	if err != nil {
		return err
	}
	options := imports.Options{Prefix: installedAt(file.Name), Lookup: func(host string) (netip.Addr, error) { return lookupHost(c.Context, host) }}
	for flag, to := range map[string]**imports.Source{"zeekctl-cfg": &options.ZeekctlCfg, "networks": &options.Networks} {
		if name := c.String(flag); name != "" {
			if *to, err = readSource(name); err != nil {
				return err
			}
		}
	}
	result, err := importAs(c, *file, options)
	if err != nil {
		return err
	}
	_, err = io.WriteString(c.App.Writer, result.Text)
	unread(c, file.Name)
	if err == nil && result.Notes > 0 {
		fmt.Fprintf(c.App.ErrWriter, "comments at the end, about what has no counterpart or another meaning: %d\n", result.Notes)
	}
	return err
}

// unread says which files of ZeekControl stand beside a node.cfg and were not named.
func unread(c *cli.Context, file string) {
	if filepath.Base(file) != "node.cfg" {
		return
	}
	for _, other := range []struct{ name, flag string }{{"zeekctl.cfg", "zeekctl-cfg"}, {"networks.cfg", "networks"}} {
		path := filepath.Join(filepath.Dir(file), other.name)
		if _, err := os.Stat(path); err == nil && c.String(other.flag) == "" {
			fmt.Fprintf(c.App.ErrWriter, "warning: %s is there, too, and was not read; --%s %s does that\n", path, other.flag, path)
		}
	}
}

func importAs(c *cli.Context, file imports.Source, o imports.Options) (imports.Result, error) {
	kind := c.String("kind")
	if kind == "" {
		kind = imports.Kind(file.Text)
	}
	var result imports.Result
	var err error
	switch kind {
	case imports.KindNodeCfg:
		result, err = imports.NodeCfg(file, o)
	case imports.KindZeekConf:
		if o.ZeekctlCfg != nil || o.Networks != nil {
			return imports.Result{}, usagef("cannot import %s: it is a zeek.conf, to which no zeekctl.cfg or networks.cfg belongs; if it is a node.cfg, say --kind node.cfg", file.Name)
		}
		result, err = imports.ZeekConf(file, o)
	case "":
		return imports.Result{}, usagef("cannot import %s: nothing in it says what it is; say --kind node.cfg or --kind zeek.conf", file.Name)
	default:
		return imports.Result{}, usagef("--kind is %q; give node.cfg or zeek.conf", kind)
	}
	if err != nil {
		return imports.Result{}, &exitError{exitUsage, err}
	}
	return result, nil
}

// maxImport is more than such a file ever has, in bytes.
const maxImport = 2 << 20

func readSource(name string) (*imports.Source, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, usagef("cannot import: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxImport))
	if err != nil {
		return nil, usagef("cannot import: %w", err)
	}
	return &imports.Source{Name: name, Text: string(text)}, nil
}

// installedAt is where Zeek is installed, if the file lies where it usually does: in etc
// or etc/zeek below that.
func installedAt(file string) string {
	path, err := filepath.Abs(file)
	if err != nil {
		return ""
	}
	dir := filepath.Dir(path)
	if filepath.Base(dir) == "zeek" && filepath.Base(filepath.Dir(dir)) == "etc" {
		dir = filepath.Dir(dir)
	}
	if filepath.Base(dir) != "etc" || filepath.Dir(dir) == "/" {
		return ""
	}
	return filepath.Dir(dir)
}

// lookupHost is the first IPv4 address of a host, or the first of any kind, as
// ZeekControl takes it.
func lookupHost(ctx context.Context, host string) (netip.Addr, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	all, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return netip.Addr{}, err
	}
	first := max(0, slices.IndexFunc(all, func(a netip.Addr) bool { return a.Unmap().Is4() }))
	return all[first].Unmap().WithZone(""), nil
}
