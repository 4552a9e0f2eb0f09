package main

import (
	"context"
	"fmt"
	"time"
)

// The most that a supervisor of 100 nodes may take. CPU time is measurable when
// it is at least one tick of the clock: what ps and top can show.
const (
	mostRSS = 15 << 20
	tick    = 10 * time.Millisecond
)

// idler is a contender that keeps many children running and has nothing to do.
type idler struct {
	name   string
	absent bool
	pids   []int // of the supervisor
	now    usage
	spent  usage // over the time it was watched
}

func idleSection(ctx context.Context, w *workbench) ([]row, error) {
	ours := zctl{bench: w}
	idlers, err := w.idlers(ctx, append([]contender{ours, bare{}}, w.otherSupervisors()...))
	if err != nil {
		return nil, err
	}
	const settle = 5 * time.Second
	if err := sleep(ctx, settle); err != nil {
		return nil, err
	}
	watch := func(do func(*idler)) {
		for _, i := range idlers {
			do(i)
		}
	}
	watch(func(i *idler) { i.now = look(i.pids) })
	if err := sleep(ctx, w.idle); err != nil {
		return nil, err
	}
	watch(func(i *idler) { i.now, i.spent = look(i.pids), look(i.pids).since(i.now) })
	return idleRows(idlers, w.idle), nil
}

// idlers sets the contenders to work, all at the same time.
func (w *workbench) idlers(ctx context.Context, contenders []contender) ([]*idler, error) {
	var all []*idler
	for _, c := range contenders {
		i := &idler{name: c.name(), absent: c.missing() != ""}
		all = append(all, i)
		if i.absent {
			continue
		}
		s, pid, err := w.begin(ctx, c, manyChildren)
		if err != nil {
			return nil, err
		}
		i.pids = supervisors(pid, s.child)
	}
	return all, nil
}

// idleRows compares the first, which is zctl, to the others.
func idleRows(all []*idler, watched time.Duration) []row {
	zctl, others := all[0], all[1:]
	quantities := []struct {
		what, target string
		ok           bool
		of           func(*idler) (value float64, text string)
	}{
		{"RSS, MiB", fmt.Sprintf("<= %d MiB", mostRSS>>20), zctl.now.rss <= mostRSS,
			func(i *idler) (float64, string) { return mib(i.now.rss) }},
		{"PSS, MiB", "", false,
			func(i *idler) (float64, string) { return mib(i.now.pss) }},
		{fmt.Sprintf("CPU time in %v, ms", watched), fmt.Sprintf("< %v (a tick)", tick), zctl.spent.cpu < tick,
			func(i *idler) (float64, string) { return i.spent.cpu.Seconds(), millis(i.spent.cpu) }},
		{fmt.Sprintf("wake-ups in %v", watched), "", false,
			func(i *idler) (float64, string) { return float64(i.spent.switches), fmt.Sprint(i.spent.switches) }},
	}
	var rows []row
	for _, q := range quantities {
		ours, text := q.of(zctl)
		r := row{what: q.what, ours: text, target: q.target}
		if q.target != "" {
			r.verdict = verdict(q.ok)
		}
		for _, other := range others {
			rows = append(rows, r.beside(other, ours, q.of))
			r = row{ours: text}
		}
	}
	return rows
}

// beside completes a row with what it is compared to.
func (r row) beside(other *idler, ours float64, of func(*idler) (float64, string)) row {
	if other.absent {
		r.other, r.their = other.name, "not installed"
		return r
	}
	their, text := of(other)
	r.other, r.their = fmt.Sprintf("%s (%d processes)", other.name, len(other.pids)), text
	if their > 0 {
		r.ratio = fmt.Sprintf("%.2f", ours/their)
	}
	return r
}

func mib(bytes uint64) (float64, string) {
	m := float64(bytes) / (1 << 20)
	return m, fmt.Sprintf("%.1f", m)
}
