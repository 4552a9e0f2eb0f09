package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"zctl/layoutgen"
	"zctl/supervisor"
	"zctl/supervisor/api"
)

// daemonTimeout is how long a new supervisor may take to answer.
const daemonTimeout = 15 * time.Second

// codeOf is the exit code for an error.
func codeOf(err error) int {
	var e *api.Error
	var problems layoutgen.Problems
	switch {
	case errors.As(err, &e):
		return map[api.Kind]int{
			api.BadRequest: exitUsage, api.Unavailable: exitUnreachable, api.Ended: exitUnreachable, api.NotAllowed: exitUnreachable, api.TimedOut: exitTimedOut,
			api.Failed: exitFailed,
		}[e.Kind]
	case errors.As(err, &problems):
		return exitUsage
	case errors.Is(err, context.DeadlineExceeded):
		return exitTimedOut
	}
	return exitFailed
}

// reach makes a client of the supervisor that runs, for verbs that need one.
func reach(c *cli.Context) (*api.Client, supervisor.Dirs, error) {
	dirs, err := loadDirs(c)
	return api.NewClient(dirs), dirs, err
}

// running is the supervisor that answers, or nil.
func running(ctx context.Context, client *api.Client) (*supervisor.SupervisorStatus, error) {
	status, err := client.Status(ctx, []string{"manager"})
	if isUnavailable(err) {
		return nil, nil
	}
	return &status.Supervisor, err
}

// isUnavailable says whether there is nobody to answer, or not any more.
func isUnavailable(err error) bool {
	var e *api.Error
	return errors.As(err, &e) && e.Kind == api.Unavailable
}

// explain says more about a supervisor that cannot be reached: what is left of
// it, and what to do.
func explain(err error, dirs supervisor.Dirs) error {
	if !isUnavailable(err) {
		return err
	}
	left, _ := supervisor.SavedNodes(dirs)
	alive := 0
	for _, n := range left {
		if n.Up {
			alive++
		}
	}
	advice := "start it with zctl deploy"
	if alive > 0 {
		advice = fmt.Sprintf("%d of its nodes still run; zctl deploy takes them over as they are", alive)
	}
	return &exitError{exitUnreachable, fmt.Errorf("%w; %s", err, advice)}
}

// ensure makes sure that a supervisor runs, by starting one if need be.
func ensure(c *cli.Context, client *api.Client, dirs supervisor.Dirs) error {
	up, err := running(c.Context, client)
	if err != nil {
		return err
	}
	if up != nil {
		if up.Version != version() {
			fmt.Fprintf(c.App.ErrWriter, "warning: the supervisor is zctl %s, this is %s; zctl shutdown --keep-nodes and zctl deploy replace it\n", up.Version, version())
		}
		return nil
	}
	if err := dirs.Make(); err != nil {
		return &exitError{exitUsage, err}
	}
	return startDaemon(c.Context, client, dirs)
}

// startDaemon starts a supervisor that outlives us, and waits until it answers.
func startDaemon(ctx context.Context, client *api.Client, dirs supervisor.Dirs) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("cannot start supervisor: %w", err)
	}
	log, err := os.OpenFile(dirs.Log(), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("cannot start supervisor: %w", err)
	}
	defer log.Close()
	hear, tell, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("cannot start supervisor: %w", err)
	}
	defer hear.Close()
	cmd := exec.Command(self, "supervise", "--daemon", "--base-dir", string(dirs))
	cmd.Dir = "/"
	cmd.Stdout, cmd.Stderr = log, log
	cmd.ExtraFiles = []*os.File{tell}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err = cmd.Start()
	tell.Close()
	if err != nil {
		return fmt.Errorf("cannot start supervisor: %w", err)
	}
	go cmd.Wait() // if it ends before we do
	hear.SetReadDeadline(time.Now().Add(daemonTimeout))
	said, err := io.ReadAll(io.LimitReader(hear, 64<<10))
	switch text := strings.TrimSpace(string(said)); {
	case text == daemonReady:
		return nil
	case strings.Contains(text, supervisor.ErrRunning.Error()):
		return awaitOther(ctx, client) // somebody else was quicker
	case text != "":
		return &exitError{exitUnreachable, fmt.Errorf("cannot start supervisor: %s", text)}
	default:
		return &exitError{exitUnreachable, fmt.Errorf("cannot start supervisor: it said nothing (%v); see %s", err, dirs.Log())}
	}
}

// daemonReady is what a daemon says when it answers, in place of an error.
const daemonReady = "ready"

// awaitOther waits for a supervisor that somebody else is just starting.
func awaitOther(ctx context.Context, client *api.Client) error {
	ctx, cancel := context.WithTimeout(ctx, daemonTimeout)
	defer cancel()
	for {
		up, err := running(ctx, client)
		if up != nil || err != nil {
			return err
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return &exitError{exitUnreachable, errors.New("another supervisor has the base directory locked, but does not answer")}
		}
	}
}

// codeOfExit is the exit code that an error of a verb leads to.
func codeOfExit(err error) int {
	var exit *exitError
	if errors.As(err, &exit) {
		return exit.code
	}
	return codeOf(err)
}
