package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"zctl/layoutgen/zeek/zeektest"
	"zctl/nodes"
)

// zeekStandIn is the program zeek of the scripts: package zeektest says what it
// does. On the bus it is a node in Go, with the layout of its working directory.
func zeekStandIn() {
	os.Exit(zeektest.Main(zeektest.Options{Join: func(ctx context.Context, _ string) error {
		o, err := nodes.FromEnv()
		if err != nil {
			return err
		}
		n, err := nodes.New(o)
		if err != nil {
			return err
		}
		return n.Run(ctx)
	}}))
}

// ran prints, as stdout of the script, what the last zeek process of a node was given:
// its arguments on the first line, behind the program, then the working directory, and
// the variables that Zeek reads or zctl sets: ran NODE
func ran(ts *testscript.TestScript, neg bool, args []string) {
	dir := dirsOf(ts).Node(args[0])
	runs, err := zeektest.Runs(filepath.Join(dir, "zeektest.jsonl"))
	ts.Check(err)
	r := runs[len(runs)-1]
	fmt.Fprintf(ts.Stdout(), "%s\nprogram %s\ncwd %s\nruns %d\n", strings.Join(r.Argv[1:], " "), r.Argv[0], r.Cwd, len(runs))
	for _, name := range slices.Sorted(maps.Keys(r.Env)) {
		if strings.HasPrefix(name, "ZEEK") || strings.HasPrefix(name, "CLUSTER") || name == "INTERFACE" {
			fmt.Fprintf(ts.Stdout(), "%s=%s\n", name, r.Env[name])
		}
	}
}

// install puts the stand-in for zeek at DIR/bin/zeek, with a directory of scripts as a
// real one has: install DIR…
func install(ts *testscript.TestScript, neg bool, dirs []string) {
	for _, dir := range dirs {
		_, err := zeektest.Install(ts.MkAbs(dir))
		ts.Check(err)
		ts.Check(os.MkdirAll(ts.MkAbs(filepath.Join(dir, "share/zeek/base")), 0o755))
	}
}

// TestZeekPrefix: a link may stand elsewhere than the scripts of what it leads to.
func TestZeekPrefix(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, made := range []string{"opt/bin", "opt/share/zeek/base", "usr/bin", "none/bin"} {
		if err := os.MkdirAll(filepath.Join(dir, made), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, program := range []string{"opt/bin/zeek", "none/bin/zeek"} {
		if err := os.WriteFile(filepath.Join(dir, program), nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(dir, "opt/bin/zeek"), filepath.Join(dir, "usr/bin/zeek")); err != nil {
		t.Fatal(err)
	}
	for program, want := range map[string]string{"opt/bin/zeek": "opt", "usr/bin/zeek": "opt", "none/bin/zeek": "none"} {
		if got := zeekPrefix(filepath.Join(dir, program)); got != filepath.Join(dir, want) {
			t.Errorf("%s is installed in %s, not %s", program, got, want)
		}
	}
}

// TestAskVersion of programs that are no Zeek, or do not answer.
func TestAskVersion(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]string{
		"echo zeek version 8.1.2":             "",
		"exec sleep 100":                      "it has not answered after 200ms",
		"sleep 100 & exec sleep 100":          "it has not answered after 200ms",
		"echo no libraries >&2; exit 127":     "exit status 127: no libraries",
		"echo Zeek":                           `"Zeek\n" does not look like Zeek's version`,
		"yes zeek version | head -c 10000000": "does not look like Zeek's version",
	} {
		t.Run(script, func(t *testing.T) {
			t.Parallel()
			program := filepath.Join(t.TempDir(), "zeek")
			syscall.ForkLock.RLock() // a child that has it open for writing would keep us from running it
			err := os.WriteFile(program, []byte("#!/bin/sh\n"+script+"\n"), 0o755)
			syscall.ForkLock.RUnlock()
			if err != nil {
				t.Fatal(err)
			}
			patience := time.Minute
			if strings.Contains(script, "sleep") {
				patience = 200 * time.Millisecond
			}
			v, err := askVersion(program, patience)
			switch {
			case want == "" && (err != nil || v.Text != "8.1.2"):
				t.Errorf("%v, %v", v, err)
			case want != "" && (err == nil || !strings.Contains(err.Error(), want) || len(err.Error()) > 500):
				t.Errorf("error %.500v, not %q", err, want)
			}
		})
	}
}
