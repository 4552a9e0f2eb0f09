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

// storeClient is a client of the bus that gets at stores.
type storeClient struct {
	*nodes.Node
	stop func() error
}

// leave leaves the bus.
func (s *storeClient) leave() error { return s.stop() }

// joinStores joins the bus, and says which stores show there.
func joinStores(ctx context.Context, c *cli.Context) (*storeClient, bus, []store.Seen, error) {
	b, err := findBus(c)
	if err != nil {
		return nil, b, nil, err
	}
	if b.ConnectXSub == "" || b.ConnectXPub == "" {
		return nil, b, nil, usagef("zctl store needs both ends of the bus: say --connect-xsub and --connect-xpub")
	}
	v, err := tap.Join(ctx, b.Backend, b.socket(0))
	if err != nil {
		return nil, b, nil, busError(err)
	}
	seen := store.See(v.Topics())
	if err := v.Close(); err != nil {
		return nil, b, nil, &exitError{exitUnreachable, err}
	}
	n, err := nodes.NewClient(b.Backend, nodes.Options{Name: "store", ZeroMQ: b.socket(time.Second)})
	if err != nil {
		return nil, b, nil, &exitError{exitUsage, err}
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() { ended <- n.Run(running) }()
	client := &storeClient{n, sync.OnceValue(func() error { stop(); return <-ended })}
	if err := n.WaitReady(ctx); err != nil {
		return nil, b, nil, errors.Join(&exitError{exitUnreachable, err}, client.leave())
	}
	return client, b, seen, nil
}

// open opens a store, as soon as its contents are here.
func (s *storeClient) open(ctx context.Context, name string, seen []store.Seen) (*store.Store, error) {
	if !slices.ContainsFunc(seen, func(s store.Seen) bool { return s.Name == name }) {
		return nil, &exitError{exitFailed, fmt.Errorf("there is no store %s on the bus%s", plain(name), otherStores(seen))}
	}
	opened, err := store.CreateClone(s.Cluster, name, store.CloneOptions{ResyncInterval: time.Second, MutationBufferInterval: time.Hour})
	if err != nil {
		return nil, &exitError{exitUsage, err}
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
	client, _, seen, err := joinStores(ctx, c)
	if err != nil {
		return err
	}
	s, err := client.open(ctx, name, seen)
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
