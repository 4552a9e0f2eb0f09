package main

import (
	"context"
	"time"
)

// statusLimit is how long zctl status may take.
const statusLimit = 20 * time.Millisecond

// statusNodes is the size of the cluster that is looked at.
const statusNodes = 25

func statusSection(ctx context.Context, w *workbench) ([]row, error) {
	trivial, err := w.statusRows(ctx, "25 trivial nodes, ms", func(s site) error {
		return zctl{bench: w}.prepare(s, statusNodes)
	})
	if err != nil {
		return trivial, err
	}
	if err := w.killAll(); err != nil {
		return trivial, err
	}
	const workers = statusNodes - 3 // manager, logger, proxy
	real, err := w.statusRows(ctx, "25 nodes of the Go engine, ms", func(s site) error { return s.configureGo(workers) })
	return append(trivial, real...), err
}

// statusRows measures zctl status of the cluster that prepare configures, beside
// the least that a program can do.
func (w *workbench) statusRows(ctx context.Context, what string, prepare func(site) error) ([]row, error) {
	s, err := w.site()
	if err != nil {
		return nil, err
	}
	if err := prepare(s); err != nil {
		return nil, err
	}
	z := zctl{bench: w}
	if _, err := z.call(ctx, s, "deploy"); err != nil {
		return nil, err
	}
	var status, hello, nothing sample
	const usual = 40
	err = takeTurns(w.roundsOr(usual), []func() error{
		w.timed(ctx, &status, w.zctl, "-c", s.path(configFile), "status"),
		w.timed(ctx, &hello, w.hello),
		w.timed(ctx, &nothing, "/bin/true"),
	})
	return []row{
		atMost(statusLimit, what, status, helloName, hello),
		compare("", status, "/bin/true", nothing),
	}, err
}

// helloName is what a command line tool in Go is compared to.
const helloName = "hello world in Go"
