package main

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// upLongEnough is how long a child must be up before it is killed: runit and s6
// wait before they restart one that ran for less than a second.
const upLongEnough = 1500 * time.Millisecond

// keeper is a contender at work on one child (and, for zctl, a manager that is
// left alone).
type keeper struct {
	contender
	site site
	pids []int // of the supervisor
	took sample
	cpu  sample // what a restart costs the supervisor
}

func restartSection(ctx context.Context, w *workbench) ([]row, error) {
	contenders := []contender{zctl{bench: w}, zctl{bench: w, unpinned: true}, bare{}}
	absent := []row{}
	for _, c := range w.otherSupervisors() {
		if c.missing() != "" {
			absent = append(absent, notInstalled(c.name()))
			continue
		}
		contenders = append(contenders, c)
	}
	var keepers []*keeper
	var turns []func() error
	for _, c := range contenders {
		k, err := w.newKeeper(ctx, c)
		if err != nil {
			return nil, err
		}
		keepers = append(keepers, k)
		turns = append(turns, func() error { return k.restart(ctx) })
	}
	const usual = 20
	err := takeTurns(w.roundsOr(usual), turns)
	return append(restartRows(keepers), absent...), err
}

// restartRows compares the first two, both zctl, to the third, which is bare,
// and the first to the rest.
func restartRows(all []*keeper) []row {
	pinned, unpinned, bare := all[0], all[1], all[2]
	rows := []row{within(1.5, "restart after kill -9, ms", pinned.took, bare.name(), bare.took)}
	for _, other := range all[3:] {
		rows = append(rows, below("", pinned.took, other.name(), other.took))
	}
	rows = append(rows,
		compare("the same, nodes not pinned", unpinned.took, bare.name(), bare.took),
		compare("CPU time of the supervisor for it", pinned.cpu, bare.name(), bare.cpu),
	)
	for _, other := range all[3:] {
		rows = append(rows, compare("", pinned.cpu, other.name(), other.cpu))
	}
	return rows
}

// otherSupervisors is the peers, if they are to take part.
func (w *workbench) otherSupervisors() []contender {
	if !w.peers {
		return nil
	}
	return []contender{runit{}, s6{ready: true}, s6{}, supervisord{}}
}

func (w *workbench) newKeeper(ctx context.Context, c contender) (*keeper, error) {
	count := 1
	if _, ok := c.(zctl); ok {
		count = 2
	}
	s, pid, err := w.begin(ctx, c, count)
	if err != nil {
		return nil, err
	}
	return &keeper{contender: c, site: s, pids: supervisors(pid, s.child)}, nil
}

// restart kills the newest child and waits for its successor.
func (k *keeper) restart(ctx context.Context) error {
	before, err := k.site.stamps().read()
	if err != nil {
		return err
	}
	victim := last(before)
	if err := sleep(ctx, upLongEnough-(now()-victim.at)); err != nil {
		return err
	}
	cpu, death := k.cpuTime(), now()
	if err := unix.Kill(victim.pid, unix.SIGKILL); err != nil {
		return fmt.Errorf("cannot kill the child of %s: %w", k.name(), err)
	}
	after, err := k.site.stamps().await(ctx, len(before)+1)
	if err != nil {
		return fmt.Errorf("%s: %w", k.name(), err)
	}
	const settle = 50 * time.Millisecond // until the supervisor has done the rest
	if err := sleep(ctx, settle); err != nil {
		return err
	}
	k.took = append(k.took, last(after).at-death)
	k.cpu = append(k.cpu, k.cpuTime()-cpu)
	if r, ok := k.contender.(renewer); ok {
		return r.renew(ctx, k.site)
	}
	return nil
}

func (k *keeper) cpuTime() time.Duration {
	var all time.Duration
	for _, pid := range k.pids {
		all += cpuTime(pid)
	}
	return all
}
