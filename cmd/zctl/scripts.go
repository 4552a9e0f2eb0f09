package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"zctl/layoutgen"
	"zctl/supervisor"
	"zctl/supervisor/parse"
)

// parseScripts has Zeek parse what nodes of a deployment would run.
func parseScripts(c *cli.Context, config *layoutgen.Config, d supervisor.Deployment, nodes []supervisor.Spec) ([]parse.Result, error) {
	limits := parse.Limits{Memory: int64(config.Zeek.CheckMemory), CPUs: runtime.NumCPU(), Timeout: config.Zeek.CheckTimeout}
	if limits.Memory == 0 {
		limits.Memory = parse.Available() / 2
	}
	return parse.Check(c.Context, parse.Cluster{Nodes: nodes, Files: d.Files, Site: siteDirs(config)}, limits)
}

// gate lets a deploy pass whose scripts Zeek can parse. Only nodes that are to get a
// new process, or would read other generated scripts when they next do, are looked
// at: what the others run was good when it was deployed.
func gate(c *cli.Context, config *layoutgen.Config, d supervisor.Deployment, changes []supervisor.Change) error {
	dirs := supervisor.Dirs(config.BaseDir)
	begun := time.Now()
	results, err := parseScripts(c, config, d, slices.DeleteFunc(slices.Clone(d.Nodes), func(n supervisor.Spec) bool {
		return stays(n, changes) && hasFiles(dirs.Node(n.Name), d.Files)
	}))
	if err != nil || len(results) == 0 {
		return err
	}
	checked := 0
	for _, r := range results {
		checked += len(r.Nodes)
	}
	bad := slices.DeleteFunc(slices.Clone(results), func(r parse.Result) bool { return r.OK })
	sayResults(c.App.ErrWriter, c.App.ErrWriter, d.Nodes, bad)
	if err := notParsed(results, "cannot deploy", "what runs was left alone"); err != nil {
		return err
	}
	fmt.Fprintf(c.App.ErrWriter, "scripts of %d nodes are ok after %v\n", checked, time.Since(begun).Round(time.Millisecond))
	return nil
}

// stays says whether a node keeps its process.
func stays(n supervisor.Spec, changes []supervisor.Change) bool {
	return slices.ContainsFunc(changes, func(c supervisor.Change) bool {
		return c.Node == n.Name && c.Action != supervisor.ChangeStart && c.Action != supervisor.ChangeRestart
	})
}

// hasFiles says whether these files are in a directory as they should be.
func hasFiles(dir string, files map[string]string) bool {
	for name, text := range files {
		if had, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(had) != text {
			return false
		}
	}
	return true
}

// sayResults says how the scripts of nodes are, in the words of zeekctl, and what Zeek
// says about them: that once for nodes that are alike.
func sayResults(words, output io.Writer, nodes []supervisor.Spec, results []parse.Result) {
	for _, n := range nodes {
		i := slices.IndexFunc(results, func(r parse.Result) bool { return slices.Contains(r.Nodes, n.Name) })
		if i < 0 {
			continue
		}
		r := results[i]
		how := "are ok"
		if !r.OK {
			how = "failed"
		}
		fmt.Fprintf(words, "%s scripts %s.\n", n.Name, how)
		if n.Name != r.Nodes[0] {
			continue
		}
		for line := range strings.Lines(r.Output) {
			fmt.Fprintln(output, plain(strings.TrimRight(line, "\n")))
		}
	}
}

// notParsed is the error for scripts that are not good, nil if all are.
func notParsed(results []parse.Result, cannot, then string) error {
	var bad []string
	code := exitTimedOut
	for _, r := range results {
		if r.OK {
			continue
		}
		bad = append(bad, r.Nodes...)
		if !r.TimedOut {
			code = exitUsage
		}
	}
	if len(bad) == 0 {
		return nil
	}
	return &exitError{code, errors.New(cannot + ": Zeek does not parse the scripts of " + someOf(bad) + "; " + then)}
}

// someOf is a list for people; a long one is cut.
func someOf(names []string) string {
	const most = 5
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}
