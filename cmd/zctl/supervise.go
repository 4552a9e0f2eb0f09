package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"zctl/layoutgen"
	"zctl/supervisor"
	"zctl/supervisor/api"
	"zctl/supervisor/notify"
	"zctl/supervisor/process"
)

var superviseCommand = &cli.Command{
	Name:  "supervise",
	Usage: "run the supervisor in the foreground",
	Description: `Runs the supervisor until it gets TERM or INT, or zctl shutdown. It adopts the
nodes of a predecessor, then deploys the configuration as zctl deploy does. What
becomes of the nodes at its end is on_supervisor_exit of the configuration: by
default they keep running.

It tells systemd when it is up (Type=notify); scripts/systemd/zctl.service is a
unit for it. zctl deploy starts a supervisor in the background by itself, so this
verb is for service managers and containers.

Examples:
  zctl supervise
  zctl supervise --config /etc/zctl/zctl.toml` + exitCodesHelp,
	Flags: []cli.Flag{
		// Used by deploy: deploy nothing, and say on descriptor 3 when ready.
		&cli.BoolFlag{Name: "daemon", Hidden: true},
		// Used by the supervisor: see supervisor.Guard.
		&cli.BoolFlag{Name: "guard", Hidden: true},
	},
	Action: func(c *cli.Context) error {
		if err := noArgs(c); err != nil {
			return err
		}
		switch {
		case c.Bool("daemon"):
			return superviseDaemon(c)
		case c.Bool("guard"):
			options, err := supervisorOptions(supervisor.Dirs(common(c, "base-dir")), newLog(c))
			if err != nil {
				return err
			}
			return supervisor.Guard(os.Stdin, options)
		}
		return withConfig(superviseForeground)(c)
	},
}

func superviseForeground(c *cli.Context, config *layoutgen.Config) error {
	keys, err := busKeys(config, true)
	if err != nil {
		return err
	}
	site, err := stageSite(config)
	if err != nil {
		return err
	}
	deployment, err := newDeployment(config, keys, site)
	if err != nil {
		return err
	}
	if err := supervisor.CheckLimits(supervisor.Dirs(config.BaseDir), deployment); err != nil {
		return &exitError{exitUsage, err}
	}
	log := newLog(c)
	return supervise(c.Context, supervisor.Dirs(config.BaseDir), log, func(s *supervisor.Supervisor) error {
		go func() {
			err := deployAtStart(c, config, s, deployment)
			if err != nil && c.Context.Err() == nil && !errors.Is(err, supervisor.ErrEnding) && !errors.Is(err, supervisor.ErrEnded) {
				log.Error("cannot deploy", "err", err)
			}
		}()
		if err := notify.Send("READY=1", fmt.Sprintf("STATUS=supervising %d nodes", len(deployment.Nodes))); err != nil {
			log.Warn("cannot tell the service manager", "err", err)
		}
		return nil
	})
}

// deployAtStart deploys what can be parsed; else what was deployed last goes on.
func deployAtStart(c *cli.Context, config *layoutgen.Config, s *supervisor.Supervisor, d supervisor.Deployment) error {
	changes, err := s.Plan(d, supervisor.DeployOptions{})
	if err == nil {
		err = gate(c, config, d, changes)
	}
	if err == nil {
		_, err = s.Deploy(c.Context, d, supervisor.DeployOptions{Verb: c.Command.Name, UID: os.Getuid(), MetricsLater: true})
	}
	return err
}

func newLog(c *cli.Context) *slog.Logger {
	return slog.New(slog.NewTextHandler(c.App.ErrWriter, nil))
}

func supervisorOptions(dirs supervisor.Dirs, log *slog.Logger) (supervisor.Options, error) {
	self, err := os.Executable()
	return supervisor.Options{
		Dirs: dirs, Version: version(), Log: log, Witness: witness{}, Exposer: &exposer{log: log},
		Guard: []string{self, "supervise", "--guard", "--base-dir", string(dirs)},
	}, err
}

// superviseDaemon is the supervisor that deploy starts: it hears what to run
// over its socket, and says through descriptor 3 when that is open, or why not.
func superviseDaemon(c *cli.Context) error {
	tell := os.NewFile(3, "ready")
	err := supervise(c.Context, supervisor.Dirs(common(c, "base-dir")), newLog(c), func(*supervisor.Supervisor) error {
		_, err := io.WriteString(tell, daemonReady)
		return errors.Join(err, tell.Close())
	})
	if err != nil {
		io.WriteString(tell, err.Error()) // closed if it was up
	}
	return err
}

// gcPercent makes the supervisor's heap smaller than Go's default would: it
// allocates little and lives long, beside programs that need the memory.
const gcPercent = 50

// supervise runs a supervisor and its socket until a signal or a shutdown. up
// is called when it answers.
func supervise(ctx context.Context, dirs supervisor.Dirs, log *slog.Logger, up func(*supervisor.Supervisor) error) error {
	// A lost terminal is no reason to end. Ignored, the signal would be ignored
	// by the nodes, too.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	// What we were started with is not the nodes' business. Before Linux 5.11
	// there is no such call, and they inherit it.
	unix.CloseRange(3, math.MaxInt32, unix.CLOSE_RANGE_CLOEXEC)
	debug.SetGCPercent(gcPercent)
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if os.Getpid() == 1 { // in a container
		go process.ReapOrphans(ctx)
	}
	options, err := supervisorOptions(dirs, log)
	if err != nil {
		return err
	}
	s, err := supervisor.Open(options)
	if err != nil {
		if errors.Is(err, supervisor.ErrRunning) {
			err = fmt.Errorf("%w; zctl status shows it, zctl shutdown ends it", err)
		}
		return &exitError{exitUsage, err}
	}
	defer s.Close() // at the very end: it lets the next supervisor in
	server, err := api.Serve(dirs.Socket(), s, log)
	if err != nil {
		return errors.Join(err, s.Run(canceled()))
	}
	if err := up(s); err != nil {
		return errors.Join(err, s.Run(canceled()), server.Close())
	}
	return errors.Join(s.Run(ctx), server.Close())
}

func canceled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
