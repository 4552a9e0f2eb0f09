package main

import (
	"context"
	"fmt"
	"time"

	"zctl/supervisor"
	"zctl/supervisor/lifecycle"
)

// workerRestartLimit is how long a worker may be away.
const workerRestartLimit = 200 * time.Millisecond

func workerRestartSection(ctx context.Context, w *workbench) ([]row, error) {
	s, err := w.site()
	if err != nil {
		return nil, err
	}
	if err := s.configureGo(defaultWorkers); err != nil {
		return nil, err
	}
	z := zctl{bench: w}
	if _, err := z.call(ctx, s, "deploy"); err != nil {
		return nil, err
	}
	var whole, away, hello sample
	const usual = 20
	err = takeTurns(w.roundsOr(usual), []func() error{
		func() error { return z.restartWorker(ctx, s, &whole, &away) },
		w.timed(ctx, &hello, w.hello),
	})
	return []row{
		atMost(workerRestartLimit, "stopping to ready, ms", away, helloName, hello),
		compare("the whole command", whole, helloName, hello),
	}, err
}

// restartWorker measures one restart of a worker: the command, and the time from
// when the worker was told to stop until the next was ready.
func (z zctl) restartWorker(ctx context.Context, s site, whole, away *sample) error {
	begin := time.Now()
	took, err := z.call(ctx, s, "restart", renewed)
	if err != nil {
		return err
	}
	events, err := z.events(s)
	if err != nil {
		return err
	}
	stopping, err := firstStopping(events, begin)
	if err != nil {
		return err
	}
	ready, n := lastReady(events, begin)
	if n != 1 {
		return fmt.Errorf("%d nodes became ready, not 1", n)
	}
	*whole = append(*whole, took)
	*away = append(*away, ready.Sub(stopping))
	return nil
}

// firstStopping is when a node was first told to stop after begin.
func firstStopping(events []supervisor.Event, begin time.Time) (time.Time, error) {
	for _, e := range events {
		if e.To == string(lifecycle.Stopping) && e.Time.After(begin) {
			return e.Time, nil
		}
	}
	return time.Time{}, fmt.Errorf("no node was told to stop")
}
