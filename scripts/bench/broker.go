package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// flood is a load of the broker that leaves it no rest.
type flood struct {
	publishers, subscribers int
	payload                 int // bytes
	messages                int // of all publishers
}

// floods last about a second with libzmq.
var floods = []flood{
	{1, 1, 100, 1_500_000},
	{1, 1, 1000, 600_000},
	{1, 8, 100, 400_000},
	{1, 8, 1000, 150_000},
	{4, 4, 100, 600_000},
	{4, 4, 1000, 240_000},
}

func (f flood) String() string {
	return fmt.Sprintf("%d to %d, %d bytes", f.publishers, f.subscribers, f.payload)
}

// Latency is measured with a load that leaves the broker idle most of the time.
const (
	latencyMessages = 2000
	latencyPauseUS  = "300"
)

// payloads are the sizes of messages, in bytes, that latency is measured with.
var payloads = []int{100, 1000}

// brokerResult is what one broker showed of itself.
type brokerResult struct {
	*busProcess
	xsub, xpub string // ports
	rate, cpu  map[flood]*figures
	p50, p99   map[int]*figures
	allocs     figures
}

// What the limit on allocations is about.
const mostAllocs = 1

func brokerSection(ctx context.Context, w *workbench) ([]row, error) {
	var load string
	if err := w.compile(ctx, "load", loadSource, &load, "-lpthread"); err != nil {
		return nil, err
	}
	buses, err := w.buses(ctx)
	if err != nil {
		return nil, err
	}
	var all []*brokerResult
	for _, b := range buses {
		r, err := startBusBroker(b)
		if err != nil {
			return nil, err
		}
		defer r.end()
		all = append(all, r)
	}
	const rounds = 5
	for _, f := range floods {
		if err := turns(w.roundsOr(rounds), all, func(r *brokerResult) error { return r.flood(ctx, load, f) }); err != nil {
			return nil, err
		}
	}
	for _, payload := range payloads {
		if err := turns(w.roundsOr(rounds), all, func(r *brokerResult) error { return r.latency(ctx, load, payload) }); err != nil {
			return nil, err
		}
	}
	return brokerRows(all), nil
}

// turns is takeTurns with one action for all.
func turns[T any](rounds int, all []T, act func(T) error) error {
	var actions []func() error
	for _, one := range all {
		actions = append(actions, func() error { return act(one) })
	}
	return takeTurns(rounds, actions)
}

func startBusBroker(b bus) (*brokerResult, error) {
	r := &brokerResult{
		rate: make(map[flood]*figures), cpu: make(map[flood]*figures),
		p50: make(map[int]*figures), p99: make(map[int]*figures),
	}
	for _, f := range floods {
		r.rate[f], r.cpu[f] = &figures{unit: "k/s"}, &figures{unit: "µs"}
	}
	for _, payload := range payloads {
		r.p50[payload], r.p99[payload] = &figures{unit: "µs"}, &figures{unit: "µs"}
	}
	var err error
	if r.busProcess, err = b.start("broker"); err != nil {
		return nil, err
	}
	endpoints, err := r.line()
	xsub, xpub, ok := strings.Cut(endpoints, " ")
	if err != nil {
		return nil, fmt.Errorf("cannot start the broker of %s: %w", b.name, err)
	}
	if !ok {
		return nil, fmt.Errorf("cannot start the broker of %s: it says %q, not two endpoints", b.name, endpoints)
	}
	r.xsub, r.xpub = port(xsub), port(xpub)
	return r, nil
}

// flood runs the load once and notes what it took.
func (r *brokerResult) flood(ctx context.Context, load string, f flood) error {
	before, err := r.spent()
	if err != nil {
		return err
	}
	took, err := numbers(ctx, load, "flood", r.xsub, r.xpub, strconv.Itoa(f.publishers), strconv.Itoa(f.subscribers),
		strconv.Itoa(f.payload), strconv.Itoa(f.messages/f.publishers))
	if err != nil {
		return err
	}
	after, err := r.spent()
	if err != nil {
		return err
	}
	messages := float64(f.messages)
	r.rate[f].add(messages / took[0] * 1e6)
	r.cpu[f].add(float64((after.cpu - before.cpu).Nanoseconds()) / messages / 1e3)
	r.allocs.add((after.allocs - before.allocs) / messages)
	return nil
}

func (r *brokerResult) latency(ctx context.Context, load string, payload int) error {
	took, err := numbers(ctx, load, "latency", r.xsub, r.xpub, strconv.Itoa(payload), strconv.Itoa(latencyMessages), latencyPauseUS)
	if err != nil {
		return err
	}
	slices.Sort(took)
	r.p50[payload].add(took[len(took)/2] / 1e3)
	r.p99[payload].add(took[len(took)*99/100] / 1e3)
	return nil
}

// numbers runs a program that prints numbers, one a line.
func numbers(ctx context.Context, program string, args ...string) ([]float64, error) {
	out, err := command(ctx, nil, program, args...).Output()
	if err != nil {
		return nil, fmt.Errorf("cannot run %s: %w", strings.Join(args, " "), err)
	}
	var all []float64
	for field := range strings.FieldsSeq(string(out)) {
		n, err := strconv.ParseFloat(field, 64)
		if err != nil {
			return nil, fmt.Errorf("cannot understand %s: %w", args[0], err)
		}
		all = append(all, n)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("cannot measure %s: it said nothing", args[0])
	}
	return all, nil
}

func brokerRows(all []*brokerResult) []row {
	ours, their := all[0], &brokerResult{busProcess: &busProcess{}}
	if len(all) > 1 {
		their = all[1]
	}
	var rows []row
	for _, f := range floods {
		rows = append(rows,
			atLeastTimes(1.5, f.String()+": messages in", *ours.rate[f], their.name, value(their.rate[f])),
			atMostTimes(0.5, f.String()+": broker's CPU per message", *ours.cpu[f], their.name, value(their.cpu[f])))
	}
	for _, payload := range payloads {
		what := fmt.Sprintf("latency, %d bytes: ", payload)
		rows = append(rows,
			atMostTimes(1, what+"median", *ours.p50[payload], their.name, value(their.p50[payload])),
			atMostTimes(1, what+"99th percentile", *ours.p99[payload], their.name, value(their.p99[payload])))
	}
	return append(rows, limited(mostAllocs, "allocations per message, all loads", ours.allocs))
}

// value is the figures, or none.
func value(f *figures) figures {
	if f == nil {
		return figures{}
	}
	return *f
}
