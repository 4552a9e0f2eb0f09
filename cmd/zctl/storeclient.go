package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/urfave/cli/v2"

	"zctl/nodes"
	"zctl/nodes/store"
	"zctl/nodes/tap"
)

// storeClient is a client of the bus that gets at stores. It joins the bus by run, when
// what it wants to hear is subscribed: then its master's first answer is not lost.
type storeClient struct {
	*nodes.Node
	bus
	seen  []store.Seen // what showed on the bus
	leave func() error // the bus
}

// findStores looks at the bus, and says in seen which stores show there.
func findStores(ctx context.Context, c *cli.Context) (*storeClient, error) {
	b, err := findBus(c)
	if err != nil {
		return nil, err
	}
	if b.ConnectXSub == "" || b.ConnectXPub == "" {
		return nil, usagef("zctl store needs both ends of the bus: say --connect-xsub and --connect-xpub")
	}
	v, err := tap.Join(ctx, b.Backend, b.socket(0))
	if err != nil {
		return nil, busError(err)
	}
	seen := store.See(v.Topics())
	if err := v.Close(); err != nil {
		return nil, &exitError{exitUnreachable, err}
	}
	n, err := nodes.NewClient(b.Backend, nodes.Options{Name: "store", ZeroMQ: b.socket(time.Second)})
	if err != nil {
		return nil, &exitError{exitUsage, err}
	}
	return &storeClient{n, b, seen, func() error { return nil }}, nil
}

// run joins the bus.
func (s *storeClient) run(ctx context.Context) error {
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() { ended <- s.Run(running) }()
	s.leave = sync.OnceValue(func() error { stop(); return <-ended })
	if err := s.WaitReady(ctx); err != nil {
		return &exitError{exitUnreachable, err}
	}
	return nil
}

// open joins the bus, and opens a store, as soon as its contents are here.
func (s *storeClient) open(ctx context.Context, name string) (*store.Store, error) {
	if !slices.ContainsFunc(s.seen, func(s store.Seen) bool { return s.Name == name }) {
		return nil, &exitError{exitFailed, fmt.Errorf("there is no store %s on the bus%s", plain(name), otherStores(s.seen))}
	}
	opened, err := store.CreateClone(s.Cluster, name, store.CloneOptions{ResyncInterval: time.Second, MutationBufferInterval: time.Hour})
	if err != nil {
		return nil, &exitError{exitUsage, err}
	}
	if err := s.run(ctx); err != nil {
		return nil, err
	}
	return opened, storeError(opened.WaitReady(ctx))
}

// otherStores says what else there is.
func otherStores(seen []store.Seen) string {
	if len(seen) == 0 {
		return ", nor any other; a section [store.NAME] in zctl.toml makes one"
	}
	names := make([]string, len(seen))
	for i, s := range seen {
		names[i] = plain(s.Name)
	}
	return "; there are " + strings.Join(names, ", ")
}

// withStore opens a store, does something with it, and leaves. --timeout is for all of it.
func withStore(c *cli.Context, name string, do func(context.Context, *store.Store) error) error {
	ctx, cancel := context.WithTimeout(c.Context, c.Duration("timeout"))
	defer cancel()
	client, err := findStores(ctx, c)
	if err != nil {
		return err
	}
	s, err := client.open(ctx, name)
	if err == nil {
		err = do(ctx, s)
	}
	return errors.Join(err, client.leave())
}

// storeError gives an error of a store its exit code.
func storeError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, store.ErrNoMaster), errors.Is(err, store.ErrUnknown):
		return &exitError{exitTimedOut, fmt.Errorf("%w; zctl store ls shows whether it has a master", err)}
	}
	return &exitError{exitFailed, err}
}
