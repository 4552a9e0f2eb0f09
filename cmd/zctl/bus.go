package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/urfave/cli/v2"

	"zctl/layoutgen"
	"zctl/nodes/tap"
	"zctl/nodes/zmq"
	"zctl/nodes/zmq/curve"
	"zctl/supervisor"
)

// busHelp explains which bus a verb looks at.
const busHelp = `
The bus is that of the cluster that was deployed. To look at one that zctl does
not run say where its broker is; a Zeek cluster has it at
--connect-xsub tcp://HOST:5555 --connect-xpub tcp://HOST:5556 (27760 and 27761
under ZeekControl). The keys of one that is encrypted are taken from the variables
that Zeek reads, ZEEK_CLUSTER_BACKEND_ZEROMQ_CURVE_SERVER_PUBLICKEY and so on.
`

// busFlags are for verbs that look at a bus.
func busFlags() []cli.Flag {
	return append(endpointFlags(), &cli.DurationFlag{
		Name: "timeout", Value: 10 * time.Second, Usage: "how long to wait for the broker", Action: positiveTimeout,
	})
}

// endpointFlags name the bus of another cluster.
func endpointFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "connect-xsub", Usage: "look at the broker that publishes at `ENDPOINT`: Zeek's connect_xsub_endpoint, port 5555"},
		&cli.StringFlag{Name: "connect-xpub", Usage: "publish to the broker at `ENDPOINT`: Zeek's connect_xpub_endpoint, port 5556"},
	}
}

// bus is where a cluster's bus is, and what is known of the cluster.
type bus struct {
	layoutgen.Backend
	layout *layoutgen.Layout // nil if the cluster is not ours
	dirs   supervisor.Dirs
	keys   *curve.Keys // nil if it is not encrypted
}

// socket is the options of sockets that join the bus. What they still have to send
// when they leave may take them so long.
func (b bus) socket(linger time.Duration) zmq.Options {
	return zmq.Options{Linger: linger, Curve: b.keys}
}

// findBus is the bus that flags say, or that of the deployed cluster.
func findBus(c *cli.Context) (bus, error) {
	said := layoutgen.Backend{ConnectXSub: c.String("connect-xsub"), ConnectXPub: c.String("connect-xpub")}
	if said != (layoutgen.Backend{}) {
		keys, err := keysIn(os.Getenv)
		if err != nil {
			return bus{}, &exitError{exitUsage, err}
		}
		return bus{Backend: said, keys: keys}, nil
	}
	dirs, err := loadDirs(c)
	if err != nil {
		return bus{}, err
	}
	// What the nodes read, which may not be what the configuration says by now.
	file := filepath.Join(dirs.Node(readerOf(dirs)), layoutgen.LayoutFile)
	layout, err := layoutgen.ReadLayout(file)
	if errors.Is(err, fs.ErrNotExist) {
		return bus{}, &exitError{exitUnreachable, fmt.Errorf(
			"cannot find a bus: nothing was ever deployed in %s; zctl deploy does it, and --connect-xsub and --connect-xpub name the bus of another cluster", dirs)}
	}
	if err != nil {
		return bus{}, &exitError{exitUnreachable, err}
	}
	backend, err := layoutgen.ReadBackend(file)
	if err != nil {
		return bus{}, &exitError{exitUnreachable, err}
	}
	keys, err := deployedKeys(dirs)
	if err != nil {
		return bus{}, &exitError{exitUnreachable, err}
	}
	return bus{backend, layout, dirs, keys}, nil
}

// readerOf is a node whose work directory has the layout of what runs: the manager, or
// any other if it is of another host.
func readerOf(dirs supervisor.Dirs) string {
	nodes, _ := supervisor.SavedNodes(dirs)
	for _, n := range nodes {
		if n.Spec.Type == layoutgen.TypeManager {
			return n.Spec.Name
		}
	}
	if len(nodes) > 0 {
		return nodes[0].Spec.Name
	}
	return "manager"
}

// visit joins the bus, for verbs that need both of its ends.
func visit(c *cli.Context) (*tap.Visit, bus, error) {
	b, err := findBus(c)
	if err != nil {
		return nil, b, err
	}
	if b.ConnectXSub == "" || b.ConnectXPub == "" {
		return nil, b, usagef("zctl %s needs both ends of the bus: say --connect-xsub and --connect-xpub", c.Command.Name)
	}
	timeout := c.Duration("timeout")
	ctx, cancel := context.WithTimeout(c.Context, timeout)
	defer cancel()
	v, err := tap.Join(ctx, b.Backend, b.socket(timeout))
	return v, b, busError(err)
}

// busError gives an error of package tap its exit code.
func busError(err error) error {
	var unreachable *tap.UnreachableError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &unreachable):
		return &exitError{exitUnreachable, err}
	case errors.Is(err, context.DeadlineExceeded):
		return &exitError{exitTimedOut, err}
	}
	return &exitError{exitUsage, err}
}
