package main

import (
	"context"
	"fmt"
)

// manyChildren is how many nodes a big cluster on one host has.
const manyChildren = 100

func upSection(ctx context.Context, w *workbench) ([]row, error) {
	contenders := append([]contender{zctl{bench: w}, supervise{zctl{bench: w}}, bare{}}, w.otherSupervisors()...)
	took := make([]sample, len(contenders))
	var turns []func() error
	for i, c := range contenders {
		if c.missing() == "" {
			turns = append(turns, func() error { return w.bringUp(ctx, c, &took[i]) })
		}
	}
	const usual = 10
	err := takeTurns(w.roundsOr(usual), turns)
	const ours, alsoOurs, bare = 0, 1, 2
	rows := []row{
		within(2, "zctl deploy, 100 nodes up, ms", took[ours], contenders[bare].name(), took[bare]),
		compare("zctl supervise, the same", took[alsoOurs], contenders[bare].name(), took[bare]),
	}
	for i, c := range contenders[bare+1:] {
		if c.missing() != "" {
			rows = append(rows, notInstalled(c.name()))
			continue
		}
		rows = append(rows, compare("", took[ours], c.name(), took[bare+1+i]))
	}
	return rows, err
}

// bringUp measures how long it takes from nothing to many children.
func (w *workbench) bringUp(ctx context.Context, c contender, took *sample) error {
	s, err := w.site()
	if err != nil {
		return err
	}
	if err := c.prepare(s, manyChildren); err != nil {
		return fmt.Errorf("%s: %w", c.name(), err)
	}
	begin := now()
	if _, err := c.start(ctx, s); err != nil {
		return fmt.Errorf("%s: %w", c.name(), err)
	}
	stamps, err := s.stamps().await(ctx, manyChildren)
	if err != nil {
		return fmt.Errorf("%s: %w", c.name(), err)
	}
	*took = append(*took, last(stamps).at-begin)
	// What it wrote stays until the end: for seconds after many files have been
	// removed, ext4 is slow to make new ones.
	return w.killAll()
}
