package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"zctl/nodes/tap"
)

var tapCommand = &cli.Command{
	Name:      "tap",
	Usage:     "show the events on the bus as they pass",
	ArgsUsage: "[TOPIC-PREFIX…]",
	Description: `Prints every message whose topic begins with one of the prefixes, or every message,
until it is interrupted: time, sender, topic, and the event with its arguments.
A message that is no event is shown with what is wrong, in hex.

It disturbs no cluster, Zeek's neither: it subscribes the prefixes (for those that
begin with zeek.cluster.nodeid. or zeek.zeromq.internal. a shorter one, because
nodes act on such subscriptions), says no hello, publishes nothing, and never stops
reading. When what reads its output is slower than the bus, messages are dropped:
stderr says how many. ctrl-Z makes it leave the bus until it is continued; do not
stop it with kill -STOP, which would make a Zeek broker wait for it.

--json prints an object a line: time, topic, sender, format, event, args and
metadata, the last two in the form of broker-json-v1 but without loss, so that
zctl publish --typed takes them. What is no event has error and frames (in hex).

--logs also prints what the loggers of the deployed cluster add to their files.
Log batches are not on the bus: they go from each node straight to one logger, and
nobody else can see them without taking them away from it. So these lines are what
a logger has written, when it has written it, and there are none of a cluster that
zctl does not run.

--websocket URL hears a cluster through the WebSocket server of one of its nodes,
Zeek's or zctl's: ws://HOST:27759, or wss:// with TLS. There messages have no sender,
and as Zeek writes them reals have six decimals and times milliseconds.
` + busHelp + `
Examples:
  zctl tap
  zctl tap zeek.cluster.worker zeek.cluster.node.worker-1.
  zctl tap --json | jq -c 'select(.event == "Cluster::hello") | .args.data[0].data'
  zctl tap --connect-xsub tcp://10.0.0.1:5555
  zctl tap --websocket wss://sensor:27759 --ca-file ca.pem --token-file token scan/` + exitCodesHelp,
	Flags: append([]cli.Flag{
		&cli.BoolFlag{Name: "json", Usage: "print each message as a JSON object on a line"},
		&cli.BoolFlag{Name: "logs", Usage: "also print the lines that the cluster's loggers write"},
		&cli.Uint64Flag{Name: "count", Aliases: []string{"n"}, Usage: "end after so many messages"},
	}, append(busFlags(), webSocketFlags()...)...),
	Action: tapBus,
}

func tapBus(c *cli.Context) error {
	if c.IsSet("websocket") {
		return tapWebSocket(c)
	}
	if flag := setFlag(c, webSocketFlags()); flag != "" {
		return usagef("--%s is for --websocket", flag)
	}
	b, err := findBus(c)
	switch {
	case err != nil:
		return err
	case b.ConnectXSub == "":
		return usagef("zctl tap needs to know where the broker publishes: say --connect-xsub")
	case c.Bool("logs") && b.layout == nil:
		return usagef("cannot show the logs of a cluster that zctl does not run: log batches go from each node straight to a logger, not over the bus")
	}
	return listenAt(c, b, b.ConnectXSub, func(o tap.Options, _ chan<- string) (*tap.Tap, error) {
		o.Socket = b.socket(0)
		return tap.Open(b.ConnectXSub, o)
	})
}

// listenAt opens a tap and prints what it hears there.
func listenAt(c *cli.Context, b bus, place string, open func(tap.Options, chan<- string) (*tap.Tap, error)) error {
	ctx, stop := signal.NotifyContext(c.Context, syscall.SIGTERM)
	defer stop()
	stopRequest, done := stopRequests() // before there is a connection that it could stall
	defer done()
	notices := make(chan string, 16)
	t, err := open(tap.Options{
		Prefixes: c.Args().Slice(),
		Lost:     func(err error) { note(notices, err.Error()+"; trying again") },
		Back:     func() { note(notices, "connected again") },
	}, notices)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	defer t.Close()
	if err := awaitBroker(ctx, t, c.Duration("timeout")); err != nil {
		return busError(err)
	}
	fmt.Fprintf(c.App.ErrWriter, "listening at %s; ctrl-C ends it\n", place)
	out := newTapOutput(c.App.Writer, c.Bool("json"), c.Uint64("count"))
	if c.Bool("logs") {
		defer followLogs(ctx, b, out)()
	}
	return watchTap(ctx, c, t, out, notices, stopRequest)
}

// note passes on what a socket has to say, without ever making it wait.
func note(notices chan<- string, text string) {
	select {
	case notices <- text:
	default:
	}
}

func awaitBroker(ctx context.Context, t *tap.Tap, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return t.Await(ctx)
}

// watchTap prints what passes, and says on stderr what becomes of the tap.
func watchTap(ctx context.Context, c *cli.Context, t *tap.Tap, out *tapOutput, notices <-chan string, stopRequest <-chan os.Signal) error {
	begun := time.Now()
	printed := make(chan error, 1)
	go func() { printed <- out.copyFrom(t) }()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	dropped := uint64(0)
	for {
		select {
		case err := <-printed:
			return conclude(c, t, out, begun, err)
		case <-ctx.Done():
			t.Close()
			return conclude(c, t, out, begun, lastWords(printed))
		case text := <-notices:
			fmt.Fprintln(c.App.ErrWriter, plain(text))
		case <-stopRequest:
			if err := sitOut(c, t); err != nil {
				return err
			}
		case <-tick.C:
			if now := t.Counts().Dropped; now > dropped {
				fmt.Fprintf(c.App.ErrWriter, "dropped %d messages: the output is slower than the bus\n", now-dropped)
				dropped = now
			}
		}
	}
}

// lastWords waits for what has passed to be printed, but not for a reader that
// does not read.
func lastWords(printed <-chan error) error {
	select {
	case err := <-printed:
		return err
	case <-time.After(time.Second):
		return nil
	}
}

// sitOut leaves the bus for as long as the process is stopped: as a subscriber
// that does not read it would stop all others (spec: wire T6).
func sitOut(c *cli.Context, t *tap.Tap) error {
	if err := t.Pause(); err != nil {
		return err
	}
	begun := time.Now()
	stopSelf()
	fmt.Fprintf(c.App.ErrWriter, "was stopped for %s and did not listen\n", shortAge(time.Since(begun)))
	return t.Resume()
}

// conclude says what has passed.
func conclude(c *cli.Context, t *tap.Tap, out *tapOutput, begun time.Time, err error) error {
	counts, shown := t.Counts(), out.shown.Load()
	noun := "messages"
	if shown == 1 {
		noun = "message"
	}
	text := fmt.Sprintf("%d %s in %s", shown, noun, shortAge(time.Since(begun)))
	if n := out.strange.Load(); n > 0 {
		text += fmt.Sprintf(", %d of them no event", n)
	}
	lost := counts.Dropped
	if out.limit == 0 && counts.Passed > shown {
		lost = counts.Passed - shown // with those that a blocked reader kept waiting
	}
	if lost > 0 {
		text += fmt.Sprintf("; %d more were dropped, the output was too slow", lost)
	}
	fmt.Fprintln(c.App.ErrWriter, text)
	return err
}
