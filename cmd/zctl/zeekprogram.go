package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"zctl/layoutgen"
	"zctl/layoutgen/zeek"
)

// zeekProgram is the program of a Zeek node: that of its section, that of [zeek], or
// the one that is found.
func zeekProgram(config *layoutgen.Config, node layoutgen.Node) (string, error) {
	if program := cmp.Or(node.Process.Command, config.Zeek.Path); program != "" {
		return lookPath(program)
	}
	_, err := exec.LookPath("zeek")
	if err == nil {
		return lookPath("zeek")
	}
	for _, path := range zeek.Programs {
		if _, err := exec.LookPath(path); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("zeek is not in PATH (%s), and neither %s is there; install Zeek 8.0 or later, or say path in [zeek]",
		os.Getenv("PATH"), strings.Join(zeek.Programs, " nor "))
}

// zeekKey is where the configuration says which program a Zeek node runs, or else that
// it runs one.
func zeekKey(config *layoutgen.Config, node layoutgen.Node) string {
	switch {
	case node.Process.Command != "":
		return node.SectionOf("command") + ".command"
	case config.Zeek.Path != "":
		return "zeek.path"
	}
	engine := node.SectionOf("engine") + ".engine"
	if !config.Has(engine) {
		return "cluster.engine"
	}
	return engine
}

// versionTimeout is how long a program may take to say its version; Zeek takes 13 ms
// (spec: zeek-process.jsonl).
const versionTimeout = 10 * time.Second

// versions asks each program once.
var versions struct {
	sync.Mutex
	of map[string]func() (zeek.Version, error)
}

// zeekVersion is the version of a program.
func zeekVersion(program string) (zeek.Version, error) {
	versions.Lock()
	ask, known := versions.of[program]
	if !known {
		ask = sync.OnceValues(func() (zeek.Version, error) { return askVersion(program, versionTimeout) })
		if versions.of == nil {
			versions.of = map[string]func() (zeek.Version, error){}
		}
		versions.of[program] = ask
	}
	versions.Unlock()
	return ask()
}

func askVersion(program string, patience time.Duration) (zeek.Version, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "--version")
	cmd.WaitDelay = time.Second
	cmd.Dir = "/"
	var stdout, stderr beginning
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	switch {
	case ctx.Err() != nil:
		err = fmt.Errorf("it has not answered after %v", patience)
	case err != nil && len(stderr) > 0:
		err = fmt.Errorf("%w: %.200s", err, strings.TrimSpace(string(stderr)))
	}
	var v zeek.Version
	if err == nil {
		v, err = zeek.ParseVersion(string(stdout))
	}
	if err != nil {
		return v, fmt.Errorf("cannot ask %s for its version: %w; run %[1]s --version to see", program, err)
	}
	return v, nil
}

// beginning keeps the first 4 KiB of what a program says.
type beginning []byte

func (b *beginning) Write(p []byte) (int, error) {
	const most = 4 << 10
	*b = append(*b, p[:min(len(p), most-len(*b))]...)
	return len(p), nil
}

// zeekPrefix is where the Zeek of a program is installed: two directories above the
// program, or what that is a link to, if its scripts are there.
func zeekPrefix(program string) string {
	prefix := filepath.Dir(filepath.Dir(program))
	if real, err := filepath.EvalSymlinks(program); err == nil && !hasScripts(prefix) {
		if other := filepath.Dir(filepath.Dir(real)); hasScripts(other) {
			return other
		}
	}
	return prefix
}

func hasScripts(prefix string) bool {
	info, err := os.Stat(filepath.Join(prefix, "share/zeek/base"))
	return err == nil && info.IsDir()
}
