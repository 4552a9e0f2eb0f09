package main

import (
	"context"
	"strconv"
	"time"
)

// layoutLimit is how long it may take to lay out a cluster of so many workers.
const (
	layoutLimit   = 100 * time.Millisecond
	layoutWorkers = 10_000
)

func layoutSection(ctx context.Context, w *workbench) ([]row, error) {
	s, err := w.site()
	if err != nil {
		return nil, err
	}
	var generator, hello sample
	const usual = 20
	err = takeTurns(w.roundsOr(usual), []func() error{
		w.timed(ctx, &generator, w.generator, "-W", strconv.Itoa(layoutWorkers), "-o", s.path("cluster-layout.zeek")),
		w.timed(ctx, &hello, w.hello),
	})
	return []row{atMost(layoutLimit, "10,000 workers, ms", generator, helloName, hello)}, err
}
