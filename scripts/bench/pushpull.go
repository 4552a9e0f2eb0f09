package main

import (
	"context"
	"fmt"
	"strconv"
)

// stream is a load of a PUSH and a PULL.
type stream struct{ payload, messages int }

var streams = []stream{{100, 1_500_000}, {1000, 600_000}}

// streamResult is what one pair showed of itself.
type streamResult struct {
	bus
	rate, cpu map[stream]*figures
	allocs    figures // of both ends
}

func pushPullSection(ctx context.Context, w *workbench) ([]row, error) {
	buses, err := w.buses(ctx)
	if err != nil {
		return nil, err
	}
	var all []*streamResult
	for _, b := range buses {
		r := &streamResult{bus: b, rate: make(map[stream]*figures), cpu: make(map[stream]*figures)}
		for _, s := range streams {
			r.rate[s], r.cpu[s] = &figures{unit: "k/s"}, &figures{unit: "µs"}
		}
		all = append(all, r)
	}
	const rounds = 5
	for _, s := range streams {
		if err := turns(w.roundsOr(rounds), all, func(r *streamResult) error { return r.run(ctx, s) }); err != nil {
			return nil, err
		}
	}
	return streamRows(all), nil
}

// run sends the messages once and notes what it took.
func (r *streamResult) run(ctx context.Context, s stream) error {
	pull, err := r.start("pull", strconv.Itoa(s.messages))
	if err != nil {
		return err
	}
	defer pull.end()
	endpoint, err := pull.line()
	if err != nil {
		return err
	}
	push, err := r.start("push", endpoint, strconv.Itoa(s.payload), strconv.Itoa(s.messages))
	if err != nil {
		return err
	}
	defer push.end()
	took, err := pull.number()
	if err != nil {
		return err
	}
	messages := float64(s.messages)
	r.rate[s].add(messages / took * 1e6)
	var both spent
	for _, end := range []*busProcess{pull, push} {
		one, err := end.spent()
		if err != nil {
			return err
		}
		both.cpu += one.cpu
		both.allocs += one.allocs
	}
	r.cpu[s].add(float64(both.cpu.Nanoseconds()) / messages / 1e3)
	r.allocs.add(both.allocs / messages)
	return ctx.Err()
}

func streamRows(all []*streamResult) []row {
	ours, their := all[0], &streamResult{}
	if len(all) > 1 {
		their = all[1]
	}
	var rows []row
	for _, s := range streams {
		what := fmt.Sprintf("%d bytes: ", s.payload)
		cpu := atMostTimes(0, what+"CPU per message, both ends", *ours.cpu[s], their.name, value(their.cpu[s]))
		cpu.target, cpu.verdict = "", ""
		rows = append(rows, atLeastTimes(1.5, what+"messages", *ours.rate[s], their.name, value(their.rate[s])), cpu)
	}
	return append(rows, limited(mostAllocs, "allocations per message, both ends, all loads", ours.allocs))
}
