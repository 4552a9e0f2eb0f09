// Command bench measures what zctl promises about speed and size, each number
// beside what it is compared to, taken in the same run:
//
//	go run ./scripts/bench [-n ROUNDS] [-idle TIME] [-peers=false] [SECTION...]
//
// The contenders of a section take turns, round after round, because a machine
// that is busy with something else is so for all of them: believe the ratios
// rather than the times. runit, s6, supervisord and libzmq take part where they are
// installed; nothing is installed here.
//
// zctl is built anew, works in a temporary directory, listens on loopback only
// and on ports that nobody uses, so a cluster that runs beside it is safe (but
// counts as noise). Everything that was started is gone when the program ends,
// even when it is interrupted.
//
// A target that is missed does not fail the program; a measurement that cannot
// be made does.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) == 4 && os.Args[1] == bareArg {
		runBare(os.Args[2], os.Args[3])
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	err := bench(ctx, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options is what the command line says.
type options struct {
	rounds int // 0: as many as the section thinks right
	idle   time.Duration
	peers  bool
}

// section is a group of measurements.
type section struct {
	name string
	what string
	run  func(context.Context, *workbench) ([]row, error)
}

var sections = []section{
	{"restart", "first restart of a ready node after kill -9, death to first instruction of the successor", restartSection},
	{"up", "100 nodes of a trivial program, start of the supervisor to first instruction of the last", upSection},
	{"idle", "supervisors of 100 children with nothing to do", idleSection},
	{"status", "zctl status of 25 nodes, fork to exit", statusSection},
	{"scrape", "GET /metrics of 25 nodes of the Go engine, and events through the broker of the manager while it is scraped every second", scrapeSection},
	{"netstats", "zctl netstats of 25 nodes of the Go engine, asked over the bus, fork to exit", netstatsSection},
	{"deploy", "zctl deploy of the default cluster with the Go engine, nothing runs before", deploySection},
	{"layout", "zeek-cluster-layout-generator of a huge cluster, fork to exit", layoutSection},
	{"broker", "messages of four frames through the central broker, which is a process of its own", brokerSection},
	{"push-pull", "messages of four frames from a PUSH to a PULL, each a process of its own", pushPullSection},
	{"logger", "recorded conn batches of a thousand records, from a PUSH in a process of its own to files", loggerSection},
	{"websocket", "50 WebSocket clients that each get a stream of 10,000 events/s from a real bus; server, publisher and clients are processes of their own", websocketSection},
	{"store", "a data store on the bus of a cluster in one process: a master and 3 clones", storeSection},
	{"zeek", "23 nodes that run a stand-in for Zeek, which takes 100 ms to start and as long to end", zeekSection},
	{"worker-restart", "zctl restart worker-1 in the default cluster with the Go engine", workerRestartSection},
}

func bench(ctx context.Context, args []string) error {
	o, chosen, err := parse(args)
	if err != nil {
		return err
	}
	w, err := newWorkbench(ctx, o)
	if err != nil {
		return err
	}
	defer w.clear()
	for _, note := range w.notes {
		fmt.Println(note)
	}
	var failed []error
	for _, s := range chosen {
		fmt.Fprintf(os.Stderr, "measuring %s ...\n", s.name)
		rows, err := s.run(ctx, w)
		fmt.Printf("\n%s: %s\n", s.name, s.what)
		printTable(os.Stdout, rows)
		if err := errors.Join(err, w.killAll()); err != nil {
			failed = append(failed, fmt.Errorf("cannot measure %s: %w", s.name, err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(failed...)
}

func parse(args []string) (options, []section, error) {
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.IntVar(&o.rounds, "n", 0, "how many `rounds` to measure (0: each section's own number)")
	flags.DurationVar(&o.idle, "idle", 10*time.Second, "how long to watch idle supervisors")
	flags.BoolVar(&o.peers, "peers", true, "measure runit, s6 and supervisord, too")
	flags.Usage = func() {
		fmt.Fprintln(flags.Output(), "usage: bench [flags] [SECTION...]")
		flags.PrintDefaults()
		for _, s := range sections {
			fmt.Fprintf(flags.Output(), "section %s: %s\n", s.name, s.what)
		}
	}
	if err := flags.Parse(args); err != nil {
		return o, nil, err
	}
	if flags.NArg() == 0 {
		return o, sections, nil
	}
	var chosen []section
	for _, name := range flags.Args() {
		i := slices.IndexFunc(sections, func(s section) bool { return s.name == name })
		if i < 0 {
			return o, nil, fmt.Errorf("unknown section %q; there are %s (flags go before sections)", name, sectionNames())
		}
		chosen = append(chosen, sections[i])
	}
	return o, chosen, nil
}

func sectionNames() string {
	var names []string
	for _, s := range sections {
		names = append(names, s.name)
	}
	return strings.Join(names, ", ")
}
