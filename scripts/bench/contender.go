package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// contender is one way to keep programs running.
type contender interface {
	// name is what the table calls it.
	name() string
	// missing is the program without which it cannot take part, or "".
	missing() string
	// prepare writes into the site what it takes to run count children.
	prepare(s site, count int) error
	// start begins to keep them running and returns the process that does.
	start(ctx context.Context, s site) (pid int, err error)
}

// renewer is a contender that has to be told to forget that its newest child
// was started after a death.
type renewer interface {
	renew(ctx context.Context, s site) error
}

// site is where a contender works.
type site struct {
	dir   string
	child string // the program to keep running
}

// The environment of a child, understood by child.c.
const (
	stampsEnv  = "BENCH_STAMPS"
	readyFDEnv = "BENCH_READY_FD"
)

func (s site) path(name string) string { return filepath.Join(s.dir, name) }

// stamps is where the children of the site say when they began.
func (s site) stamps() stampFile { return stampFile(s.path("stamps")) }

func (s site) env() []string {
	return append(os.Environ(), stampsEnv+"="+string(s.stamps()))
}

// background starts a supervisor that stays in the foreground.
func (s site) background(env []string, name string, args ...string) (int, error) {
	log, err := os.Create(s.path("log"))
	if err != nil {
		return 0, err
	}
	defer log.Close()
	cmd := command(context.Background(), env, name, args...) // killAll ends it
	cmd.Dir = s.dir
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("cannot start %s: %w", name, err)
	}
	go cmd.Wait() // its status is of no interest
	return cmd.Process.Pid, nil
}

// begin sets a contender to work at a site of its own and waits until all its
// children have begun.
func (w *workbench) begin(ctx context.Context, c contender, count int) (site, int, error) {
	s, err := w.site()
	if err == nil {
		err = c.prepare(s, count)
	}
	pid := 0
	if err == nil {
		pid, err = c.start(ctx, s)
	}
	if err == nil {
		_, err = s.stamps().await(ctx, count)
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", c.name(), err)
	}
	return s, pid, err
}

// absent is the first of the programs that is not installed, or "".
func absent(programs ...string) string {
	for _, program := range programs {
		if _, err := exec.LookPath(program); err != nil {
			return program
		}
	}
	return ""
}
