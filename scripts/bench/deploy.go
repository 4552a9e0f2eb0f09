package main

import (
	"context"
	"fmt"
	"time"

	"zctl/supervisor"
	"zctl/supervisor/lifecycle"
)

// deployLimit is how long it may take until the default cluster is ready.
const deployLimit = 500 * time.Millisecond

// defaultWorkers and defaultNodes are the size of the default cluster.
const (
	defaultWorkers = 2
	defaultNodes   = 5
)

func deploySection(ctx context.Context, w *workbench) ([]row, error) {
	var whole, ready, hello sample
	const usual = 20
	err := takeTurns(w.roundsOr(usual), []func() error{
		func() error { return w.deploy(ctx, &whole, &ready) },
		w.timed(ctx, &hello, w.hello),
	})
	return []row{
		atMost(deployLimit, "until all five are ready, ms", ready, helloName, hello),
		compare("the whole command", whole, helloName, hello),
	}, err
}

// deploy measures one deploy into an empty base directory: the command, and the
// time until the last node was ready.
func (w *workbench) deploy(ctx context.Context, whole, ready *sample) error {
	s, err := w.site()
	if err != nil {
		return err
	}
	if err := s.configureGo(defaultWorkers); err != nil {
		return err
	}
	z := zctl{bench: w}
	begin := time.Now()
	took, err := z.call(ctx, s, "deploy")
	if err != nil {
		return err
	}
	events, err := z.events(s)
	if err != nil {
		return err
	}
	at, n := lastReady(events, begin)
	if n != defaultNodes {
		return fmt.Errorf("%d of %d nodes became ready", n, defaultNodes)
	}
	*whole = append(*whole, took)
	*ready = append(*ready, at.Sub(begin))
	if _, err := z.call(ctx, s, "shutdown"); err != nil {
		return err
	}
	reapOrphans()
	return nil
}

// lastReady is when the last node became ready, and how many did, after begin.
func lastReady(events []supervisor.Event, begin time.Time) (last time.Time, n int) {
	for _, e := range events {
		if e.To == string(lifecycle.Ready) && e.Time.After(begin) {
			last, n = e.Time, n+1
		}
	}
	return last, n
}
