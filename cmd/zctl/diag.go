package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"zctl/supervisor"
	"zctl/supervisor/crash"
)

var diagCommand = &cli.Command{
	Name:      "diag",
	Usage:     "show how a node is, and how it crashed",
	ArgsUsage: "[NODE]",
	Description: `Prints how a node is and, if it ever ended without being asked to, all that was kept
of the last time: how it ended, its last output, what Zeek had written to its status
file, what it used, what the kernel said, and a backtrace if there is a core. Without
NODE it lists the crashes that are kept.

A crash is a directory below crashes/ in base_dir. How many are kept, and how long,
is keep_crashes and crash_expire of [cluster]. It works without a supervisor, too.

Examples:
  zctl diag
  zctl diag worker-2
  zctl diag worker-2 --crash worker-2-20261125T163819.123Z-4711
  zctl diag worker-2 --json | jq .crash.signal` + exitCodesHelp,
	Flags: []cli.Flag{
		&cli.StringFlag{Name: "crash", Usage: "show the crash of that `NAME`, not the last one"},
		&cli.BoolFlag{Name: "json", Usage: "print everything as JSON"},
	},
	Action: diag,
}

func diag(c *cli.Context) error {
	if c.NArg() > 1 {
		return usagef("zctl diag takes the name of one node; see zctl diag --help")
	}
	node := c.Args().First()
	d, err := diagnose(c, node, c.String("crash"))
	if err != nil {
		return err
	}
	switch {
	case c.Bool("json"):
		return printJSON(c.App.Writer, d)
	case node == "" && d.Crash == nil:
		printCrashes(c.App.Writer, d.Crashes, time.Now())
	default:
		printDiagnosis(c.App.Writer, node, d, time.Now())
	}
	return nil
}

// diagnose asks the supervisor or, if there is none, looks at what it left.
func diagnose(c *cli.Context, node, name string) (supervisor.Diagnosis, error) {
	client, dirs, err := reach(c)
	if err != nil {
		return supervisor.Diagnosis{}, err
	}
	d, err := client.Diagnose(c.Context, node, name)
	if !isUnavailable(err) {
		return d, err
	}
	d, err = supervisor.Diagnose(dirs, node, name)
	var unknown *supervisor.UnknownCrashError
	if errors.As(err, &unknown) {
		return d, &exitError{exitUsage, err}
	}
	if err != nil {
		return d, &exitError{exitUnreachable, err}
	}
	if node != "" && len(d.Crashes) == 0 {
		err = hasWorkDir(dirs, node)
	}
	return d, err
}

// printCrashes lists crashes.
func printCrashes(w io.Writer, all []crash.Report, now time.Time) {
	if len(all) == 0 {
		fmt.Fprintln(w, "no crashes are kept")
		return
	}
	rows := [][]string{{"NODE", "AGO", "HOW", "IN A ROW", "CRASH"}}
	for _, r := range all {
		rows = append(rows, []string{r.Node, shortAge(now.Sub(r.EndedAt)), r.Cause, fmt.Sprint(r.Series.Number), r.Name})
	}
	fmt.Fprint(w, align(rows))
}

func printDiagnosis(w io.Writer, node string, d supervisor.Diagnosis, now time.Time) {
	switch {
	case d.Node != nil:
		printPresent(w, d, now)
	case node != "":
		fmt.Fprintf(w, "%s: no supervisor says how it is\n", node)
	}
	b := d.Crash
	if b == nil {
		fmt.Fprintf(w, "%s has never crashed, as far as is known\n", node)
		printSections(w, sectionsOf(d.Argv, d.Env, d.Files, d.Node != nil && d.Node.Engine == "zeek"))
		return
	}
	fmt.Fprintf(w, "\nCrash %s\n", b.Name)
	printFacts(w, crashFacts(b, d.System, now))
	env := strings.Split(strings.TrimSpace(b.Files["env_vars"]), "\n")
	printSections(w, append(crashSections(b), sectionsOf(b.Argv, env, b.Files, b.Engine == "zeek")...))
	if len(d.Crashes) > 1 {
		fmt.Fprintf(w, "\n==== all crashes of %s\n", b.Node)
		printCrashes(w, d.Crashes, now)
	}
}

// printPresent says how a node is now.
func printPresent(w io.Writer, d supervisor.Diagnosis, now time.Time) {
	n := d.Node
	fmt.Fprintf(w, "%s is %s", n.Name, n.State)
	if n.PID != 0 {
		fmt.Fprintf(w, ": process %d", n.PID)
		if n.StartedAt != nil {
			fmt.Fprintf(w, ", up %s", shortAge(now.Sub(*n.StartedAt)))
		}
		fmt.Fprintf(w, ", %s of memory", shortBytes(n.RSSBytes))
	}
	fmt.Fprintln(w)
	if n.Message != "" {
		fmt.Fprintln(w, " ", n.Message)
	}
}

// fact is a line of a report.
type fact struct{ name, value string }

func printFacts(w io.Writer, facts []fact) {
	for _, f := range facts {
		if f.value != "" {
			fmt.Fprintf(w, "  %-11s %s\n", f.name, f.value)
		}
	}
}

func crashFacts(b *crash.Bundle, system string, now time.Time) []fact {
	facts := []fact{
		{"how", b.Cause},
		{"when", fmt.Sprintf("%s, %s ago", b.EndedAt.Local().Format("2006-01-02 15:04:05.000"), shortAge(now.Sub(b.EndedAt)))},
		{"process", fmt.Sprintf("%d, %s before, %s", b.PID, count(b.Restarts, "restart"), map[bool]string{true: "had been ready", false: "had never been ready"}[b.WasReady])},
	}
	if b.Series.Number > 1 {
		facts = append(facts, fact{"in a row", fmt.Sprintf("%d alike, from %s on; %d in between were not kept", b.Series.Number, b.Series.First, b.Series.Between())})
	}
	facts = append(facts, fact{"cpus", b.CPUs}, fact{"zeek says", b.Status}, fact{"memory", memory(b)})
	if u := b.Usage; u != nil {
		facts = append(facts, fact{"used", fmt.Sprintf("%.2fs user, %.2fs system, %d major faults, %d blocks read, %d written", u.UserSeconds, u.SystemSeconds, u.MajorFaults, u.BlocksIn, u.BlocksOut)})
	}
	if b.Zeek != "" {
		facts = append(facts, fact{"zeek", b.Zeek})
	}
	facts = append(facts, fact{"zctl", b.Zctl}, fact{"generation", b.Generation}, fact{"system", system})
	switch {
	case b.Core != "" && !filepath.IsAbs(b.Core):
		facts = append(facts, fact{"core", filepath.Join(b.Path, b.Core)})
	case b.Core != "":
		facts = append(facts, fact{"core", b.Core})
	}
	for _, note := range b.Notes {
		facts = append(facts, fact{"note", note})
	}
	return append(facts, fact{"kept in", b.Path})
}

// memory is the most memory that a process had, and how it came to that.
func memory(b *crash.Bundle) string {
	var parts []string
	if b.Usage != nil {
		parts = append(parts, shortBytes(uint64(b.Usage.MaxRSSBytes))+" at most")
	}
	const most = 8 // samples that fit on a line
	for i := max(0, len(b.RSS)-most); i < len(b.RSS); i++ {
		s := b.RSS[i]
		parts = append(parts, fmt.Sprintf("%s %s before its end", shortBytes(s.Bytes), shortAge(b.EndedAt.Sub(s.At))))
	}
	return strings.Join(parts, ", ")
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// section is a part of a report, as ZeekControl's have them (spec: zeekctl 3.6).
type section struct{ title, text string }

func printSections(w io.Writer, all []section) {
	for _, s := range all {
		if s.text == "" {
			fmt.Fprintf(w, "\n==== No %s\n", s.title)
			continue
		}
		fmt.Fprintf(w, "\n==== %s\n%s", s.title, s.text)
		if !strings.HasSuffix(s.text, "\n") {
			fmt.Fprintln(w)
		}
	}
}

// crashSections are those that only a crash has, where it has them.
func crashSections(b *crash.Bundle) []section {
	var all []section
	for _, s := range []section{{"backtrace", b.Files["backtrace.txt"]}, {"kernel log", strings.Join(b.Kernel, "\n")}} {
		if s.text != "" {
			all = append(all, s)
		}
	}
	return all
}

// sectionsOf are those of a report about what runs or ran. What only Zeek writes is
// missed only where it should be.
func sectionsOf(argv, env []string, files map[string]string, zeek bool) []section {
	all := []section{
		{"stderr.log", files["stderr.log"]},
		{"stdout.log", files["stdout.log"]},
		{"command", strings.Join(argv, " ")},
		{"environment", strings.Join(env, "\n")},
	}
	names := []string{"reporter.log", "prof.log", "packet_filter.log", "loaded_scripts.log"}
	if text, has := files[supervisor.StatusFile]; has {
		all = append(all, section{supervisor.StatusFile, text})
	}
	for _, name := range names {
		if text := files[name]; zeek || text != "" {
			all = append(all, section{name, text})
		}
	}
	return all
}
