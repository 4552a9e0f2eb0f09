package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"zctl/nodes/event"
	"zctl/nodes/store"
)

var storeWatchCommand = &cli.Command{
	Name:      "watch",
	Usage:     "show what changes, as it does",
	ArgsUsage: "NAME",
	Description: `Prints every change of a store until it is interrupted: the time, what happened (put, erase,
expire or clear), and KEY = VALUE, as zctl store put takes them. When the store's master
was away, what is different afterwards is shown.

It never makes the store wait: if its output is slower than the changes some are left out,
and stderr says how many. ctrl-Z makes it leave the bus until it is continued.
` + busHelp + `
Examples:
  zctl store watch known_hosts
  zctl store watch known_hosts --json --count 1` + exitCodesHelp,
	Flags: storeFlags(&cli.Uint64Flag{Name: "count", Aliases: []string{"n"}, Usage: "end after so many changes"}),
	Action: func(c *cli.Context) error {
		name, _, err := storeArgs(c)
		if err != nil {
			return err
		}
		ctx, stop := signal.NotifyContext(c.Context, syscall.SIGTERM)
		defer stop()
		stopRequest, done := stopRequests() // before there is a connection that it could stall
		defer done()
		w := &storeWatch{c: c, name: name, left: c.Uint64("count"), limited: c.IsSet("count")}
		return w.run(ctx, stopRequest)
	},
}

// storeWatch prints changes.
type storeWatch struct {
	c       *cli.Context
	name    string
	limited bool
	left    uint64 // changes to be printed, if limited
	dropped atomic.Uint64
}

// seenChange is a change, and when it was seen.
type seenChange struct {
	store.Change
	at time.Time
}

// maxSeen is how many changes wait for being printed.
const maxSeen = 1 << 14

// run watches until ctx ends, over and over where somebody stops the process meanwhile: as
// a subscriber that does not read the bus would stop all others (spec: wire T6).
func (w *storeWatch) run(ctx context.Context, stopRequest <-chan os.Signal) error {
	for {
		stopped, err := w.watch(ctx, stopRequest)
		if err != nil || !stopped {
			return err
		}
		begun := time.Now()
		stopSelf()
		fmt.Fprintf(w.c.App.ErrWriter, "was stopped for %s, and did not watch\n", shortAge(time.Since(begun)))
	}
}

// watch watches until it is to end, or the process is to be stopped.
func (w *storeWatch) watch(ctx context.Context, stopRequest <-chan os.Signal) (stopped bool, err error) {
	opening, cancel := context.WithTimeout(ctx, w.c.Duration("timeout"))
	defer cancel()
	client, err := findStores(opening, w.c)
	if err != nil {
		return false, err
	}
	s, err := client.open(opening, w.name)
	if err == nil {
		stopped, err = w.follow(ctx, s, stopRequest)
	}
	return stopped, errors.Join(err, client.leave())
}

func (w *storeWatch) follow(ctx context.Context, s *store.Store, stopRequest <-chan os.Signal) (stopped bool, err error) {
	changes := make(chan seenChange, maxSeen)
	defer s.Watch(func(ch store.Change) {
		select {
		case changes <- seenChange{ch, time.Now()}:
		default:
			w.dropped.Add(1)
		}
	})()
	fmt.Fprintf(w.c.App.ErrWriter, "watching store %s; ctrl-C ends it\n", plain(w.name))
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	away := false
	for !w.limited || w.left > 0 {
		select {
		case ch := <-changes:
			if err := w.print(ch); err != nil {
				return false, err
			}
		case <-tick.C:
			away = w.sayAway(away, s.Stats().Away)
			w.sayDropped()
		case <-stopRequest:
			return true, nil
		case <-ctx.Done():
			w.sayDropped()
			return false, nil
		}
	}
	return false, nil
}

// sayAway says that the master went, or came back.
func (w *storeWatch) sayAway(before, now bool) bool {
	switch {
	case now && !before:
		fmt.Fprintf(w.c.App.ErrWriter, "the master of store %s is away; waiting\n", plain(w.name))
	case before && !now:
		fmt.Fprintf(w.c.App.ErrWriter, "store %s has a master again\n", plain(w.name))
	}
	return now
}

func (w *storeWatch) sayDropped() {
	if n := w.dropped.Swap(0); n > 0 {
		fmt.Fprintf(w.c.App.ErrWriter, "left out %d changes: the output is slower than the store\n", n)
	}
}

func (w *storeWatch) print(ch seenChange) error {
	if w.limited {
		w.left--
	}
	if w.c.Bool("json") {
		return storedEntry{
			Time: stamp(ch.at), Change: ch.Kind.String(), Key: typedJSON(ch.Key), Value: typedJSON(valueOf(ch)), Expires: stamp(ch.Deadline),
		}.print(w.c.App.Writer)
	}
	line := ch.at.Format("2006-01-02 15:04:05.000") + "  " + ch.Kind.String()
	switch ch.Kind {
	case store.ChangePut:
		line += "  " + entryLine(ch.Key, store.Entry{Value: ch.Value, Deadline: ch.Deadline})
	case store.ChangeErase, store.ChangeExpire:
		line += "  " + literal(ch.Key)
	}
	_, err := fmt.Fprintln(w.c.App.Writer, line)
	return err
}

// valueOf is the value that a change gave its key, if it did.
func valueOf(ch seenChange) event.Value {
	if ch.Kind != store.ChangePut {
		return event.None()
	}
	return ch.Value
}
