package main

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"

	"zctl/supervisor"
	"zctl/supervisor/api"
	"zctl/supervisor/generation"
)

var diffCommand = &cli.Command{
	Name:      "diff",
	Usage:     "show what a deploy would change, and which nodes it would restart",
	ArgsUsage: "[GENERATION [GENERATION]]",
	Description: `Prints a line for each node that would not be left alone, with the reason, as zctl
deploy --dry-run does; and then how the configuration, the files that are made of
it and the site scripts differ from those that were deployed last, as unified diffs.
Prints nothing if nothing would change. Changes nothing.

With one GENERATION it compares that with the configuration, with two the first with
the second. A GENERATION is the beginning of a digest, or "current"; zctl history
lists them.

Examples:
  zctl diff
  zctl diff --exit-code > /dev/null || echo undeployed changes
  zctl diff 3f2a91 current` + `

Exit codes:
  0  done, whatever the differences
  1  with --exit-code: there are differences
  2  usage or configuration
  3  supervisor or host unreachable
  4  timed out
  130  interrupted by ctrl-C`,
	Flags: []cli.Flag{
		&cli.BoolFlag{Name: "json", Usage: "print a JSON object"},
		&cli.BoolFlag{Name: "exit-code", Usage: "exit with 1 if there are differences"},
	},
	Action: func(c *cli.Context) error {
		d, err := difference(c)
		if err != nil {
			return err
		}
		if err := d.print(c); err != nil {
			return err
		}
		if c.Bool("exit-code") && !d.empty() {
			return &exitError{exitFailed, nil}
		}
		return nil
	},
}

// differences is what zctl diff prints.
type differences struct {
	// From and To are digests of generations, "" for none and for the configuration.
	From string `json:"from"`
	To   string `json:"to"`
	// Changes is what would happen to each node.
	Changes []supervisor.Change `json:"changes"`
	// Files is every file that differs.
	Files []generation.Difference `json:"files"`
}

// deployed is what is deployed, or would be, with its site scripts.
type deployed struct {
	supervisor.Deployment
	site generation.Tree
}

func difference(c *cli.Context) (differences, error) {
	if c.NArg() > 2 {
		return differences{}, usagef("zctl diff takes at most two generations; zctl history lists them")
	}
	dirs, err := loadDirs(c)
	if err != nil {
		return differences{}, err
	}
	from, err := openGeneration(dirs, c.Args().Get(0))
	if err != nil {
		return differences{}, err
	}
	if c.NArg() == 2 {
		to, err := openGeneration(dirs, c.Args().Get(1))
		if err != nil {
			return differences{}, err
		}
		return compare(from, to, supervisor.Diff(from.have(), to.Nodes))
	}
	to, err := configured(c)
	if err != nil {
		return differences{}, err
	}
	if c.NArg() == 1 {
		return compare(from, to, supervisor.Diff(from.have(), to.Nodes))
	}
	changes, err := plan(c, api.NewClient(dirs), dirs, to.Deployment, supervisor.DeployOptions{})
	if err != nil {
		return differences{}, err
	}
	return compare(from, to, changes)
}

// openGeneration is a generation and its site scripts; "" and "current" are the
// current one, and an empty one if there is none.
func openGeneration(dirs supervisor.Dirs, said string) (deployed, error) {
	store := generation.At(dirs.Generations())
	digest, err := store.Current()
	if said != "" && said != "current" {
		digest, err = store.Find(said)
	}
	if err != nil {
		return deployed{}, &exitError{exitUsage, err}
	}
	if digest == "" {
		return deployed{}, nil
	}
	var d deployed
	if d.Deployment, err = supervisor.OpenGeneration(dirs, digest); err != nil {
		return deployed{}, &exitError{exitUsage, err}
	}
	for _, site := range d.Sites() {
		if d.site, err = store.Site(site); err != nil {
			return deployed{}, &exitError{exitUsage, err}
		}
	}
	return d, nil
}

// configured is what a deploy would deploy.
func configured(c *cli.Context) (deployed, error) {
	config, err := loadConfig(c)
	if err != nil {
		return deployed{}, err
	}
	return planned(config, false)
}

// have is every node of a generation as if it ran.
func (d deployed) have() []supervisor.Have {
	var all []supervisor.Have
	for _, spec := range d.Nodes {
		all = append(all, supervisor.Have{Spec: spec, Digest: spec.Digest(), Up: true})
	}
	return all
}

func compare(from, to deployed, changes []supervisor.Change) (differences, error) {
	files, err := generation.CompareFiles(from.PlainFiles(), to.PlainFiles())
	if err != nil {
		return differences{}, err
	}
	scripts, err := generation.CompareTrees("site/", from.site, to.site)
	return differences{From: from.Generation, To: to.Generation, Changes: changes, Files: append(files, scripts...)}, err
}

func (d differences) empty() bool {
	return len(d.Files) == 0 && !slices.ContainsFunc(d.Changes, func(c supervisor.Change) bool {
		return c.Action != supervisor.ChangeNothing
	})
}

func (d differences) print(c *cli.Context) error {
	if c.Bool("json") {
		return json.NewEncoder(c.App.Writer).Encode(d)
	}
	for _, change := range d.Changes {
		if change.Action != supervisor.ChangeNothing {
			fmt.Fprintln(c.App.Writer, change)
		}
	}
	for _, file := range d.Files {
		if _, err := fmt.Fprintf(c.App.Writer, "\n%s %s\n%s", file.Change, plain(file.Path), file.Text); err != nil {
			return err
		}
	}
	return nil
}
