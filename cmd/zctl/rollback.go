package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"zctl/supervisor/generation"
)

var rollbackCommand = &cli.Command{
	Name:      generation.VerbRollback,
	Usage:     "deploy again what was deployed before",
	ArgsUsage: "[GENERATION]",
	Description: `Makes the cluster what a generation says that is kept: its nodes, their arguments
and environment, the files they read, and its site scripts, whatever zctl.toml and
the site directories say now. Those are left alone, so that the next zctl deploy
deploys what is in them.

Without GENERATION it is the one before the current one. What was rolled back is not
gone back to: after deploys of A, B and C one rollback leads to B, another one to A.
GENERATION is the beginning of a digest; zctl history lists them. Asks on a terminal
before it stops workers.
` + rollingHelp + `
Examples:
  zctl rollback
  zctl rollback --dry-run
  zctl rollback 3f2a91` + exitCodesHelp,
	Flags:  rollingFlags(),
	Action: rollback,
}

func rollback(c *cli.Context) error {
	if c.NArg() > 1 {
		return usagef("zctl rollback takes one generation; zctl history lists them")
	}
	options, err := deployOptions(c)
	if err != nil {
		return err
	}
	dirs, err := loadDirs(c)
	if err != nil {
		return err
	}
	store := generation.At(dirs.Generations())
	digest, err := goalOf(store, c.Args().First())
	if err != nil {
		return &exitError{exitUsage, err}
	}
	goal, err := openGeneration(dirs, digest)
	if err != nil {
		return err
	}
	current, _ := store.Current() // to say so: what is wrong with it is mended
	fmt.Fprintf(c.App.ErrWriter, "from generation %s to %s\n", orNone(short(current)), short(digest))
	return carryOut(c, dirs, goal.Deployment, options, nil)
}

// goalOf is the generation to go back to: the one that was said, or the previous one.
func goalOf(store *generation.Store, said string) (string, error) {
	if said != "" {
		return store.Find(said)
	}
	history, err := store.History()
	if err != nil {
		return "", err
	}
	previous := generation.Previous(history)
	if previous == "" {
		return "", fmt.Errorf("there is no generation before the current one; zctl history lists those there are")
	}
	return previous, nil
}

// short is as much of a digest as people need, and as the others need to find it.
func short(digest string) string { return digest[:min(len(digest), 12)] }

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
