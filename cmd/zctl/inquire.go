package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"zctl/layoutgen"
	"zctl/nodes"
	"zctl/nodes/cluster"
	"zctl/nodes/control"
	"zctl/nodes/tap"
	"zctl/supervisor"
)

// inquireHelp ends the description of verbs that ask nodes.
const inquireHelp = `
Nodes in Go and in Zeek are asked alike, over the bus, all at once. One that is not on the
bus is reported at once; one that does not answer costs --timeout, and the others are
shown. Errors go to stderr.
` + nodesHelp + busHelp + `
There NODES are those that are on the bus; with --layout, those of that file.
`

// inquireFlags are for verbs that ask nodes.
func inquireFlags() []cli.Flag {
	return append([]cli.Flag{
		&cli.BoolFlag{Name: "json", Usage: "print everything as JSON"},
		&cli.DurationFlag{Name: "timeout", Value: 5 * time.Second, Usage: "how long to wait for answers", Action: positiveTimeout},
		&cli.StringFlag{Name: "layout", Usage: "ask the nodes of this cluster-layout.zeek, a `FILE`"},
	}, endpointFlags()...)
}

// reply is what a node answered, or why it did not.
type reply struct {
	layoutgen.Node
	control.Answer
	ours bool // it is a node of the deployed cluster
}

// inquire asks nodes and calls show for each, in the order loggers, manager, proxies,
// workers, as soon as that is known of it and those before. The error says that nobody
// could be asked.
func inquire(c *cli.Context, q control.Question, patterns []string, show func(reply)) error {
	b, err := findBus(c)
	if err != nil {
		return err
	}
	if b.ConnectXSub == "" || b.ConnectXPub == "" {
		return usagef("zctl %s needs both ends of the bus: say --connect-xsub and --connect-xpub", c.Command.Name)
	}
	if file := c.String("layout"); file != "" {
		if b.layout, err = layoutgen.ReadLayout(file); err != nil {
			return &exitError{exitUsage, err}
		}
	}
	if b.layout != nil { // mistakes are found without a bus
		if _, err := chooseNodes(b.layout.Nodes, patterns); err != nil {
			return err
		}
	}
	if err := brokerRuns(b); err != nil {
		return err
	}
	log, unreachable := tap.Cause(nil)
	n, err := nodes.NewClient(b.Backend, nodes.Options{ZeroMQ: b.socket(0), Cluster: cluster.Options{Layout: b.layout}, Log: log})
	if err != nil {
		return &exitError{exitUsage, err}
	}
	controller, err := control.NewController(n.Cluster)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.Context, c.Duration("timeout"))
	defer cancel()
	running, stop := context.WithCancel(c.Context)
	ended := make(chan error, 1)
	go func() { ended <- n.Run(running) }()
	if err = controller.WaitReady(ctx); err != nil {
		err = busError(unreachable(b.ConnectXPub))
	} else {
		err = askAll(ctx, controller, b, q, patterns, show)
	}
	stop()
	return errors.Join(err, c.Context.Err(), <-ended)
}

func askAll(ctx context.Context, controller *control.Controller, b bus, q control.Question, patterns []string, show func(reply)) error {
	all := onBus(controller.Nodes())
	if b.layout != nil {
		all = b.layout.Nodes
	}
	chosen, err := chooseNodes(all, patterns)
	if err != nil {
		return err
	}
	names := make([]string, len(chosen))
	for i, n := range chosen {
		names[i] = n.Name
	}
	known := map[string]control.Answer{}
	return controller.Ask(ctx, q, names, func(a control.Answer) {
		known[a.Node] = a
		for len(chosen) > 0 && !errors.Is(ctx.Err(), context.Canceled) { // by ctrl-C
			answer, is := known[chosen[0].Name]
			if !is {
				return
			}
			show(reply{chosen[0], answer, b.dirs != ""})
			chosen = chosen[1:]
		}
	})
}

// brokerRuns says at once that the bus of our own cluster is not there, where that is
// known.
func brokerRuns(b bus) error {
	if b.dirs == "" {
		return nil
	}
	have, err := supervisor.SavedNodes(b.dirs)
	if err != nil {
		return nil // then we shall see
	}
	for _, name := range []string{layoutgen.BrokerName, readerOf(b.dirs)} {
		i := slices.IndexFunc(have, func(h supervisor.Have) bool { return h.Spec.Name == name })
		if i < 0 || name != layoutgen.BrokerName && have[i].Spec.Type != layoutgen.TypeManager {
			continue
		}
		if !have[i].Up {
			return &exitError{exitUnreachable, fmt.Errorf("cannot reach the broker: %s, which runs it, is not running; zctl start %s", name, name)}
		}
		return nil
	}
	return nil
}

// onBus is nodes of which nothing is known but their names.
func onBus(names []string) []layoutgen.Node {
	all := make([]layoutgen.Node, len(names))
	for i, name := range names {
		all[i] = layoutgen.Node{Name: name, Type: layoutgen.TypeNone}
		for _, t := range layoutgen.StartOrder {
			if strings.HasPrefix(name, string(t)) {
				all[i].Type = t
			}
		}
	}
	return all
}

// chooseNodes is the nodes that patterns name, in the order in which zeekctl lists them
// (spec: zeekctl 1.1), without those that never run.
func chooseNodes(all []layoutgen.Node, patterns []string) ([]layoutgen.Node, error) {
	all = slices.DeleteFunc(slices.Clone(all), func(n layoutgen.Node) bool { return n.Type == layoutgen.TypeControl })
	slices.SortStableFunc(all, func(a, b layoutgen.Node) int {
		return slices.Index(layoutgen.StartOrder, a.Type) - slices.Index(layoutgen.StartOrder, b.Type)
	})
	specs := make([]supervisor.Spec, len(all))
	for i, n := range all {
		specs[i] = supervisor.Spec{Name: n.Name, Type: n.Type}
	}
	chosen, err := supervisor.Select(specs, patterns)
	if err != nil {
		return nil, &exitError{exitUsage, err}
	}
	return slices.DeleteFunc(all, func(n layoutgen.Node) bool {
		return !slices.ContainsFunc(chosen, func(s supervisor.Spec) bool { return s.Name == n.Name })
	}), nil
}

// outcome is what is to be said of all replies by an exit code.
type outcome struct{ asked, failed, late int }

func (o *outcome) add(r reply) {
	o.asked++
	switch {
	case errors.Is(r.Err, control.ErrNoAnswer):
		o.late++
	case r.Err != nil:
		o.failed++
	}
}

// err is nil only if every node has answered.
func (o *outcome) err() error {
	switch {
	case o.late > 0:
		return &exitError{exitTimedOut, nil}
	case o.failed > 0:
		return &exitError{exitFailed, nil}
	case o.asked == 0:
		return &exitError{exitFailed, errors.New("no such node runs")}
	}
	return nil
}

// advice is an error of a reply with what to do about it.
func advice(r reply) string {
	text := plain(r.Err.Error())
	switch {
	case !r.ours:
	case errors.Is(r.Err, control.ErrNotThere):
		text += "; zctl status " + r.Name + " says why"
	case errors.Is(r.Err, control.ErrNoAnswer):
		text += "; zctl diag " + r.Name + " tells how it is"
	}
	return text
}

// plainLines is [plain] for a text of several lines with tabs in them.
func plainLines(text string) string {
	var b strings.Builder
	for line := range strings.SplitAfterSeq(text, "\n") {
		body, end := strings.CutSuffix(line, "\n")
		for i, cell := range strings.Split(body, "\t") {
			if i > 0 {
				b.WriteByte('\t')
			}
			b.WriteString(plain(cell))
		}
		if end {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// showError prints why a node did not answer, as zeekctl does, in a column of so many
// characters.
func showError(w io.Writer, r reply, width int, between string) {
	fmt.Fprintf(w, "%*s%s<error: %s>\n", width, plain(r.Name), between, advice(r))
}
