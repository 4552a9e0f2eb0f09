package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// The load of a WebSocket server: so many clients, each of which gets every event of a
// stream of so many a second.
const (
	socketClients = 50
	socketRate    = 10_000 // events a second
	socketEvents  = 5 * socketRate
	bareEvents    = 5_000 // for each client; a bare server takes longer for them
)

// socketResult is what one server showed of itself.
type socketResult struct {
	cpu, rate figures
	p50, p99  figures
	rss       figures
}

func newSocketResult() *socketResult {
	return &socketResult{
		cpu: figures{unit: "µs"}, rate: figures{unit: "k/s"},
		p50: figures{unit: "ms"}, p99: figures{unit: "ms"}, rss: figures{unit: "MiB"},
	}
}

func websocketSection(ctx context.Context, w *workbench) ([]row, error) {
	b := socketBench{bus: bus{name: "websockets"}}
	if err := w.goBuild(ctx, "zctl/scripts/bench/websockets", &b.program); err != nil {
		return nil, err
	}
	ours, sender, echo := newSocketResult(), newSocketResult(), newSocketResult()
	const rounds = 3
	err := takeTurns(w.roundsOr(rounds), []func() error{
		func() error { return b.ours(ctx, ours) },
		func() error { return b.bare(ctx, sender, "send", "receive") },
		func() error { return b.bare(ctx, echo, "echo", "call") },
	})
	if err != nil {
		return nil, err
	}
	what := fmt.Sprintf("%d clients, %d events/s each, none lost: ", socketClients, socketRate)
	rate := row{what: what + "events delivered", ours: ours.rate.String()}
	return []row{
		atMostTimes(1, what+"server's CPU per delivered event", ours.cpu, "bare coder/websocket sender", sender.cpu),
		atMostTimes(1, "", ours.cpu, "bare coder/websocket echo", echo.cpu),
		rate,
		{what: what + "publisher to client, median", ours: ours.p50.String()},
		{what: what + "publisher to client, 99th percentile", ours: ours.p99.String()},
		{what: what + "server's peak RSS", ours: ours.rss.String(), other: "bare coder/websocket sender", their: sender.rss.String()},
	}, nil
}

// socketBench is the program that plays all parts.
type socketBench struct{ bus }

// ours measures our server on a real bus.
func (b socketBench) ours(ctx context.Context, r *socketResult) error {
	broker, err := b.start("bus", strconv.Itoa(socketEvents), strconv.Itoa(socketRate))
	if err != nil {
		return err
	}
	defer broker.end()
	endpoints, err := broker.line()
	if err != nil {
		return err
	}
	server, err := b.start(append([]string{"serve"}, strings.Fields(endpoints)...)...)
	if err != nil {
		return err
	}
	defer server.end()
	return b.measure(ctx, r, server, broker, "receive", socketEvents)
}

// bare measures what the library takes alone.
func (b socketBench) bare(ctx context.Context, r *socketResult, server, clients string) error {
	args := []string{server}
	if server == "send" {
		args = append(args, strconv.Itoa(bareEvents))
	}
	p, err := b.start(args...)
	if err != nil {
		return err
	}
	defer p.end()
	return b.measure(ctx, r, p, p, clients, bareEvents)
}

// measure connects clients to the server, tells publisher to begin and notes what it
// took the server.
func (b socketBench) measure(ctx context.Context, r *socketResult, server, publisher *busProcess, verb string, events int) error {
	address, err := server.line()
	if err != nil {
		return err
	}
	clients, err := b.start(verb, address, strconv.Itoa(socketClients), strconv.Itoa(events))
	if err != nil {
		return err
	}
	defer clients.end()
	if _, err := clients.line(); err != nil {
		return err
	}
	pid := server.cmd.Process.Pid
	before := cpuTime(pid)
	if verb == "call" {
		publisher = clients
	}
	if _, err := io.WriteString(publisher.in, "\n"); err != nil {
		return err
	}
	var numbers [3]float64
	for i := range numbers {
		if numbers[i], err = clients.number(); err != nil {
			return fmt.Errorf("cannot measure %s: %w", verb, err)
		}
	}
	delivered := float64(events * socketClients)
	r.cpu.add(float64((cpuTime(pid) - before).Nanoseconds()) / delivered / 1e3)
	r.rate.add(delivered / numbers[0] * 1e6)
	r.p50.add(numbers[1] / float64(time.Millisecond))
	r.p99.add(numbers[2] / float64(time.Millisecond))
	r.rss.add(float64(procNumber(fmt.Sprintf("/proc/%d/status", pid), "VmHWM")) / 1024)
	return ctx.Err()
}
