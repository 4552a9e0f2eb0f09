package main

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// netstatsLimit is how long zctl netstats may take.
const netstatsLimit = 100 * time.Millisecond

// netstatsSection measures how long it takes to ask all nodes of a cluster over its bus,
// beside zctl status, which asks nobody but the supervisor, and the least that a program
// can do.
func netstatsSection(ctx context.Context, w *workbench) ([]row, error) {
	s, err := w.site()
	if err != nil {
		return nil, err
	}
	const others = 3 // manager, logger, proxy
	if err := s.configureGo(statusNodes - others); err != nil {
		return nil, err
	}
	z := zctl{bench: w}
	if _, err := z.call(ctx, s, "deploy"); err != nil {
		return nil, err
	}
	if err := w.allAnswer(ctx, s); err != nil {
		return nil, err
	}
	var netstats, status, hello sample
	const usual = 40
	err = takeTurns(w.roundsOr(usual), []func() error{
		w.timed(ctx, &netstats, w.zctl, "-c", s.path(configFile), "netstats", "all"),
		w.timed(ctx, &status, w.zctl, "-c", s.path(configFile), "status"),
		w.timed(ctx, &hello, w.hello),
	})
	return []row{
		atMost(netstatsLimit, "zctl netstats all, ms", netstats, helloName, hello),
		compare("", netstats, "zctl status", status),
	}, err
}

// allAnswer checks that what is measured is what it is said to be.
func (w *workbench) allAnswer(ctx context.Context, s site) error {
	said, err := command(ctx, s.env(), w.zctl, "-c", s.path(configFile), "netstats", "all").Output()
	if err != nil {
		return fmt.Errorf("cannot ask all nodes: %w", err)
	}
	if n := strings.Count(string(said), " recvd="); n != statusNodes {
		return fmt.Errorf("%d of %d nodes answered", n, statusNodes)
	}
	return nil
}
