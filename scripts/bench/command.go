package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// run runs a command to its end and says how long that took, from fork to exit.
// env is its environment; nil is ours.
func (w *workbench) run(ctx context.Context, env []string, name string, args ...string) (time.Duration, error) {
	// A file, because a pipe would have to be read by us meanwhile.
	output, err := os.Create(filepath.Join(w.dir, "output"))
	if err != nil {
		return 0, err
	}
	defer output.Close()
	cmd := command(ctx, env, name, args...)
	cmd.Stdout, cmd.Stderr = output, output
	begin := now()
	err = cmd.Run()
	took := now() - begin
	if err != nil {
		said, _ := os.ReadFile(output.Name())
		err = fmt.Errorf("cannot run %s %s: %w: %s", filepath.Base(name), strings.Join(args, " "), err, said)
	}
	return took, err
}

// timed is for takeTurns: it runs a command, and adds the time to a sample.
func (w *workbench) timed(ctx context.Context, into *sample, name string, args ...string) func() error {
	return func() error {
		took, err := w.run(ctx, nil, name, args...)
		if err == nil {
			*into = append(*into, took)
		}
		return err
	}
}

// command is a command in a process group of its own, so that ctrl-C ends us
// first, and we then everything else.
func command(ctx context.Context, env []string, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// takeTurns calls each function once a round, beginning with another one each
// time.
func takeTurns(rounds int, turns []func() error) error {
	for round := range rounds {
		for i := range turns {
			if err := turns[(round+i)%len(turns)](); err != nil {
				return err
			}
		}
	}
	return nil
}
