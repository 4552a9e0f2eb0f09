package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"zctl/supervisor"
	"zctl/supervisor/lifecycle"
)

// The cluster whose numbers are known of zeekctl (spec: zeekctl 8.1), and how long
// its stand-in for Zeek takes.
const (
	zeekWorkers = 20
	zeekNodes   = zeekWorkers + 3 // manager, logger, proxy
	zeekSteps   = "ready=100ms;stop=100ms"
)

// What zctl may take longer than the slowest node by itself, and the other limits.
const (
	startStopMargin = 300 * time.Millisecond
	oneNodeMargin   = 100 * time.Millisecond
	successorLimit  = 5 * time.Millisecond
)

// zeekctlName is where the numbers of zeekctl come from: they were not taken here.
const zeekctlName = "zeekctl (not taken here)"

// zeekRun is what was measured of that cluster.
type zeekRun struct {
	zctl
	site    site
	program string
	// start and stop are of all nodes, deploy is how long the node was away that was
	// changed; ownX is the slowest node's own time for it, and bare the stand-in's
	// without any supervisor.
	start, ownStart, stop, ownStop, away, bare sample
	successor                                  sample
	status, hello                              sample
}

func zeekSection(ctx context.Context, w *workbench) ([]row, error) {
	r, err := w.newZeekRun(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := r.call(ctx, r.site, "deploy"); err != nil {
		return nil, err
	}
	const usual = 10
	err = takeTurns(w.roundsOr(usual), []func() error{
		func() error { return r.stopAll(ctx) },
		func() error { return r.startAll(ctx) },
		func() error { return r.change(ctx) },
		func() error { return r.alone(ctx) },
		func() error { return r.crash(ctx) },
		func() error { return w.timed(ctx, &r.status, w.zctl, "-c", r.site.path(configFile), "status")() },
		w.timed(ctx, &r.hello, w.hello),
	})
	return r.rows(), err
}

func (w *workbench) newZeekRun(ctx context.Context) (*zeekRun, error) {
	s, err := w.site()
	if err != nil {
		return nil, err
	}
	r := &zeekRun{zctl: zctl{bench: w}, site: s, program: s.path("zeek/bin/zeek")}
	if err := os.MkdirAll(s.path("zeek/share/zeek/base"), 0o755); err != nil {
		return nil, err
	}
	if _, err := w.run(ctx, append(os.Environ(), "CGO_ENABLED=0"), "go", "build", "-o", r.program, "zctl/scripts/bench/zeek"); err != nil {
		return nil, err
	}
	return r, r.configure("")
}

// configure writes the configuration, with an argument for one worker if it is not "".
func (r *zeekRun) configure(argument string) error {
	text, err := os.ReadFile(r.site.path(configFile))
	config, _, _ := strings.Cut(string(text), "[node.") // on the same ports as before
	if err != nil {
		err = r.site.writeConfig(zeekNodes+1, // and the archiver
			fmt.Sprintf("[zeek]\npath = %q\n", r.program), engines("manager"), engines("loggers"), engines("proxies"),
			engines("workers"), fmt.Sprintf("count = %d\n", zeekWorkers))
		if err == nil {
			text, err = os.ReadFile(r.site.path(configFile))
		}
		config = string(text)
	}
	if argument != "" {
		config += fmt.Sprintf("[node.%s]\nargs = [%q]\n", renewed, argument)
	}
	if err != nil {
		return err
	}
	return os.WriteFile(r.site.path(configFile), []byte(config), 0o644)
}

func engines(section string) string {
	return fmt.Sprintf("[%s]\nengine = \"zeek\"\nenv = { ZEEKTEST = %q }\n", section, zeekSteps)
}

// stopAll and startAll measure the whole cluster, and the slowest of its nodes.
func (r *zeekRun) stopAll(ctx context.Context) error {
	return r.all(ctx, "stop", lifecycle.Stopping, lifecycle.Stopped, &r.stop, &r.ownStop)
}

func (r *zeekRun) startAll(ctx context.Context) error {
	if _, err := r.call(ctx, r.site, "stop"); err != nil { // another one may have had its turn before
		return err
	}
	return r.all(ctx, "start", lifecycle.Running, lifecycle.Ready, &r.start, &r.ownStart)
}

// all measures a verb for all nodes: until the last of them has got from one phase to
// another, and how long the slowest took for that.
func (r *zeekRun) all(ctx context.Context, verb string, from, to lifecycle.Phase, whole, own *sample) error {
	if verb == "stop" {
		if _, err := r.call(ctx, r.site, "start"); err != nil {
			return err
		}
	}
	begin := time.Now()
	if _, err := r.call(ctx, r.site, verb); err != nil {
		return err
	}
	spans, last, err := r.spans(begin, from, to)
	if err != nil {
		return err
	}
	if len(spans) < zeekNodes {
		return fmt.Errorf("%s: %d of %d nodes became %s", verb, len(spans), zeekNodes, to)
	}
	*whole = append(*whole, last.Sub(begin))
	*own = append(*own, slices.Max(slices.Collect(maps.Values(spans))))
	return nil
}

// spans is how long nodes took from one phase to another after begin, and when the
// last of them got there.
func (r *zeekRun) spans(begin time.Time, from, to lifecycle.Phase) (map[string]time.Duration, time.Time, error) {
	events, err := r.events(r.site)
	since, spans := map[string]time.Time{}, map[string]time.Duration{}
	var last time.Time
	for _, e := range events {
		switch {
		case e.Time.Before(begin):
		case e.To == string(from):
			since[e.Node] = e.Time
		case e.To == string(to):
			spans[e.Node] = e.Time.Sub(since[e.Node])
			last = e.Time
		}
	}
	return spans, last, err
}

// change measures how long a worker is away whose arguments change, and that no other
// node is.
func (r *zeekRun) change(ctx context.Context) error {
	if _, err := r.call(ctx, r.site, "start"); err != nil {
		return err
	}
	if err := r.configure(fmt.Sprintf("round=%d", len(r.away))); err != nil {
		return err
	}
	begin := time.Now()
	if _, err := r.call(ctx, r.site, "deploy"); err != nil {
		return err
	}
	spans, _, err := r.spans(begin, lifecycle.Stopping, lifecycle.Ready)
	if err == nil && (len(spans) != 1 || spans[renewed] == 0) {
		err = fmt.Errorf("a change of %s restarted %v", renewed, slices.Collect(maps.Keys(spans)))
	}
	r.away = append(r.away, spans[renewed])
	return err
}

// crash measures from the death of a worker to the exec of its successor.
func (r *zeekRun) crash(ctx context.Context) error {
	for _, verb := range []string{"stop", "start"} { // forget earlier deaths
		if _, err := r.call(ctx, r.site, verb, renewed); err != nil {
			return err
		}
	}
	status, err := r.zctl.status(ctx, r.site)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(status.Nodes, func(n supervisor.NodeStatus) bool { return n.Name == renewed })
	death := time.Now()
	if err := unix.Kill(status.Nodes[i].PID, unix.SIGKILL); err != nil {
		return err
	}
	for now := death; now.Sub(death) < childTimeout; now = time.Now() {
		if err := sleep(ctx, 50*time.Millisecond); err != nil {
			return err
		}
		events, err := r.events(r.site)
		if err != nil {
			return err
		}
		for _, e := range events {
			if e.Node == renewed && e.To == string(lifecycle.Running) && e.Time.After(death) {
				r.successor = append(r.successor, e.Time.Sub(death))
				_, err = r.call(ctx, r.site, "start") // until it is ready
				return err
			}
		}
	}
	return fmt.Errorf("%s has no successor after %v", renewed, childTimeout)
}

// alone measures the stand-in by itself: from TERM to its end, and from its start to
// RUNNING.
func (r *zeekRun) alone(ctx context.Context) error {
	dir := r.site.path("alone")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	statusFile := filepath.Join(dir, ".status")
	os.Remove(statusFile)
	cmd := exec.CommandContext(ctx, r.program, "-U", ".status")
	cmd.Dir, cmd.Env = dir, []string{"ZEEKTEST=" + zeekSteps}
	begin := now()
	if err := cmd.Start(); err != nil {
		return err
	}
	for running := false; !running; {
		if err := sleep(ctx, time.Millisecond); err != nil {
			return err
		}
		text, _ := os.ReadFile(statusFile)
		running = strings.HasPrefix(string(text), "RUNNING ")
	}
	started := now() - begin
	begin = now()
	cmd.Process.Signal(unix.SIGTERM)
	if err := cmd.Wait(); err != nil {
		return err
	}
	r.bare = append(r.bare, started+now()-begin)
	return nil
}

func (r *zeekRun) rows() []row {
	return []row{
		more(startStopMargin, "start of 23 nodes until the last is ready, ms", r.start, "the slowest node's own", r.ownStart),
		known("", r.start, "8.8 to 10.7 s"),
		more(startStopMargin, "stop of 23 nodes", r.stop, "the slowest node's own", r.ownStop),
		known("", r.stop, "9 to 34 s"),
		more(oneNodeMargin, "deploy of an argument of one worker: it is away", r.away, "its stop and start alone", r.bare),
		known("", r.away, "all nodes are, about 15 s"),
		atMost(statusLimit, "status of 23 nodes", r.status, helloName, r.hello),
		known("", r.status, "0.8 to 1.6 s"),
		limitedTo(successorLimit, "kill -9 of a worker to exec of its successor", r.successor),
		known("", r.successor, "until cron runs, 5 minutes"),
	}
}

// more is compare, with the target of at most so much more time.
func more(margin time.Duration, what string, ours sample, other string, their sample) row {
	r := compare(what, ours, other, their)
	r.target = fmt.Sprintf("<= + %v", margin)
	r.verdict = verdict(ours.median() <= their.median()+margin)
	return r
}

// known compares with what is known of zeekctl.
func known(what string, ours sample, their string) row {
	return row{what: what, ours: ours.String(), other: zeekctlName, their: their}
}

// limitedTo is a limit of time with nothing to compare to.
func limitedTo(limit time.Duration, what string, ours sample) row {
	return row{what: what, ours: ours.String(), target: fmt.Sprintf("<= %v", limit), verdict: verdict(ours.median() <= limit)}
}
