// Command zctl runs Zeek clusters: it reads one TOML file, lays the cluster
// out, and starts, pins, restarts, watches and stops every node of it. With
// "zctl node" it is a node itself.
//
// One file is one verb. A verb looks at its arguments, asks the supervisor (or
// package layoutgen, where no cluster need run), and prints: it decides nothing
// that a program using package supervisor/api could not have, too.
//
// stdout carries what was asked for and nothing else; progress, warnings and
// errors go to stderr.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"strings"

	"github.com/urfave/cli/v2"

	"zctl/layoutgen/lazyregexp"
)

func main() {
	ctx := context.Background()
	if !signal.Ignored(os.Interrupt) { // as it is for what a script runs in the background
		var stop func()
		ctx, stop = signal.NotifyContext(ctx, os.Interrupt)
		context.AfterFunc(ctx, stop) // the second one ends us at once
	}
	os.Exit(run(ctx, os.Args, os.Stdout, os.Stderr))
}

// Exit codes, the same for every verb.
const (
	exitDone        = 0
	exitFailed      = 1 // a node failed
	exitUsage       = 2 // usage or configuration
	exitUnreachable = 3 // supervisor or host
	exitTimedOut    = 4
	exitInterrupted = 130 // what a shell says of a program that ctrl-C ended
)

// run does all that main does, and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	app := newApp(stdout, stderr)
	err := app.RunContext(ctx, permute(app, args))
	if err == nil {
		return exitDone
	}
	if ctx.Err() != nil {
		say(stderr, "interrupted; what was begun goes on, zctl status tells")
		return exitInterrupted
	}
	var exit *exitError
	if !errors.As(err, &exit) {
		exit = &exitError{codeOf(err), err}
	}
	if exit.err != nil {
		say(stderr, exit.err.Error())
	}
	return exit.code
}

// exitError is an error that decides the exit code. Without an error in it
// there is nothing to say: what was printed says it.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// usagef is an error of whoever typed the command.
func usagef(format string, args ...any) error {
	return &exitError{exitUsage, fmt.Errorf(format, args...)}
}

// filePlace is a line in a file that is imported: node.cfg:3:1: …
var filePlace = lazyregexp.New(`^[^:]+:\d+:\d+: `)

// say prints an error: each line marked with the program's name, unless it
// begins with that, or with the place in a file that it is about.
func say(w io.Writer, text string) {
	for line := range strings.Lines(text) {
		file, _, ok := strings.Cut(line, ":")
		placed := ok && strings.HasSuffix(file, ".toml") || filePlace().MatchString(line)
		if !placed && !strings.HasPrefix(line, "zctl ") {
			line = "zctl: " + line
		}
		fmt.Fprintln(w, strings.TrimRight(line, "\n"))
	}
}

func newApp(stdout, stderr io.Writer) *cli.App {
	cli.VersionPrinter = func(c *cli.Context) { printVersion(c) }
	app := &cli.App{
		Name:        "zctl",
		Usage:       "run Zeek clusters: lay out, start, pin, restart, watch",
		Description: "Start with: zctl deploy, then zctl status.\nEvery verb has --help with an example and its exit codes." + exitCodesHelp,
		Writer:      stdout,
		ErrWriter:   stderr,
		Version:     version(),
		Flags:       commonFlags(),
		Commands: []*cli.Command{
			deployCommand, diffCommand, historyCommand, rollbackCommand, statusCommand, startCommand, stopCommand, restartCommand,
			nodesCommand, checkCommand, layoutCommand, cpuCommand, importCommand,
			logsCommand, eventsCommand, diagCommand, printCommand, netstatsCommand, peerstatusCommand, metricsCommand, tapCommand, publishCommand, peersCommand, storeCommand, hrwCommand,
			superviseCommand, nodeCommand, brokerCommand, archiverCommand, keysCommand, shutdownCommand,
			versionCommand, completionCommand, completeCommand,
		},
		OnUsageError:   onUsageError,
		ExitErrHandler: func(*cli.Context, error) {}, // run does it
		Action: func(c *cli.Context) error {
			if !c.Args().Present() {
				return cli.ShowAppHelp(c)
			}
			return usagef("unknown command %q; zctl --help lists them", c.Args().First())
		},
	}
	app.DisableSliceFlagSeparator = true // a comma may be part of a pattern
	complete(app.Commands)
	return app
}

// complete gives verbs what all have in common.
func complete(commands []*cli.Command) {
	for _, command := range commands {
		command.OnUsageError = onUsageError
		command.Flags = append(command.Flags, commonFlags()...)
		command.HideHelpCommand = true
		complete(command.Subcommands)
	}
}

// exitCodesHelp ends the description of every verb.
const exitCodesHelp = `

Exit codes:
  0  done
  1  a node failed
  2  usage or configuration
  3  supervisor or host unreachable
  4  timed out
  130  interrupted by ctrl-C`

func onUsageError(c *cli.Context, err error, _ bool) error {
	// Package flag writes --lines as -lines.
	longFlag := regexp.MustCompile(`(: |for |for flag )-(\w[-\w]+)`)
	text := longFlag.ReplaceAllString(err.Error(), "$1--$2")
	if c.Command != nil && c.Command.Name != "" && c.Command.Name != "zctl" {
		name := cmp.Or(c.Command.HelpName, "zctl "+c.Command.Name)
		return usagef("%s: %s; see %s --help", name, text, name)
	}
	return usagef("%s; see zctl --help", text)
}

// commonFlags are understood before and behind every verb.
func commonFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "config", Aliases: []string{"c"}, Usage: "read the configuration from `FILE` instead of $ZCTL_CONFIG, ./zctl.toml or /etc/zctl/zctl.toml"},
		&cli.StringFlag{Name: "base-dir", Usage: "use `DIR` instead of the configuration's base_dir"},
	}
}

// common is the value of a common flag, wherever it was given.
func common(c *cli.Context, name string) string {
	for _, c := range c.Lineage() {
		if c.IsSet(name) {
			return c.String(name)
		}
	}
	return ""
}

// noArgs is for verbs that take none.
func noArgs(c *cli.Context) error {
	if c.Args().Present() {
		return usagef("zctl %s takes no arguments, not %q; see zctl %s --help", c.Command.Name, c.Args().First(), c.Command.Name)
	}
	return nil
}
