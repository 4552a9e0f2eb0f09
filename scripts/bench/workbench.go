package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	_ "embed"

	"golang.org/x/sys/unix"
)

// workbench is the directory that everything happens in, and the programs that
// were built for it.
type workbench struct {
	options
	dir       string
	zctl      string
	generator string
	hello     string
	child     string
	notes     []string // what a reader of the numbers should know
	sites     int      // made so far
}

// longestTemp is how long the name of the temporary directory may be: below it
// there are sockets, whose paths have at most 107 bytes.
const longestTemp = 40

func newWorkbench(ctx context.Context, o options) (*workbench, error) {
	// What loses its parent becomes our child, so that everything we started
	// is found among our descendants.
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return nil, fmt.Errorf("cannot adopt orphans: %w", err)
	}
	temp := os.TempDir()
	if len(temp) > longestTemp {
		temp = "/tmp"
	}
	dir, err := os.MkdirTemp(temp, "zb")
	if err != nil {
		return nil, fmt.Errorf("cannot make temporary directory: %w", err)
	}
	w := &workbench{options: o, dir: dir}
	if err := w.build(ctx); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	w.notes = append(w.notes, fmt.Sprintf("%s, %d CPUs, %s, load %s", runtime.Version(), runtime.NumCPU(), kernel(), load()))
	return w, nil
}

// clear removes everything.
func (w *workbench) clear() {
	err := errors.Join(w.killAll(), os.RemoveAll(w.dir))
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench: cannot clean up:", err)
	}
}

//go:embed child/child.c
var childSource []byte

// build makes the programs.
func (w *workbench) build(ctx context.Context) error {
	for _, program := range []struct {
		pkg  string
		path *string
	}{
		{"zctl/cmd/zctl", &w.zctl},
		{"zctl/cmd/zeek-cluster-layout-generator", &w.generator},
		{"zctl/scripts/bench/hello", &w.hello},
	} {
		if err := w.goBuild(ctx, program.pkg, program.path); err != nil {
			return err
		}
	}
	cc, err := exec.LookPath("cc")
	if err != nil {
		w.notes = append(w.notes, "there is no C compiler: the child is a Go program, and its start takes longer")
		return w.goBuild(ctx, "zctl/scripts/bench/gochild", &w.child)
	}
	w.child = filepath.Join(w.dir, "child")
	if err := os.WriteFile(w.child+".c", childSource, 0o644); err != nil {
		return fmt.Errorf("cannot build child: %w", err)
	}
	_, err = w.run(ctx, nil, cc, "-O2", "-static", "-o", w.child, w.child+".c")
	return err
}

func (w *workbench) goBuild(ctx context.Context, pkg string, path *string) error {
	*path = filepath.Join(w.dir, filepath.Base(pkg))
	_, err := w.run(ctx, append(os.Environ(), "CGO_ENABLED=0"), "go", "build", "-o", *path, pkg)
	return err
}

// site makes a directory for a contender.
func (w *workbench) site() (site, error) {
	w.sites++
	s := site{dir: filepath.Join(w.dir, fmt.Sprint(w.sites)), child: w.child}
	if err := os.Mkdir(s.dir, 0o755); err != nil {
		return s, fmt.Errorf("cannot make directory for a contender: %w", err)
	}
	return s, nil
}

// roundsOr is how many rounds to measure.
func (w *workbench) roundsOr(usual int) int {
	if w.rounds > 0 {
		return w.rounds
	}
	return usual
}

func kernel() string {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return "unknown kernel"
	}
	return "Linux " + unix.ByteSliceToString(u.Release[:])
}

func load() string {
	content, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(content))[:3], " ")
}
