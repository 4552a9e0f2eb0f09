package client

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"sync/atomic"

	"zctl/nodes/cluster"
	"zctl/nodes/websocket/frame"
)

// Client is a client of a cluster. What it can do there, it does as
// [cluster.Cluster]: publish, subscribe, handle events, wait until it is connected
// (WaitReady). It stands in no layout and knows of no nodes.
//
// Events have no sender here ([cluster.FromContext]): a server does not tell. The
// client does not hear its own.
type Client struct {
	*cluster.Cluster
	o    Options
	link atomic.Pointer[Link]
}

// New makes a client that is not connected yet. It fails for options that cannot be.
func New(o Options) (*Client, error) {
	o = o.withDefaults()
	if err := o.check(); err != nil {
		return nil, err
	}
	c := &Client{o: o}
	framework := o.Cluster
	framework.Node, framework.NodeID, framework.Log = "", newID(), o.Log
	var err error
	c.Cluster, err = cluster.New(framework)
	return c, err
}

// newID is a name that no other process has. Servers call us otherwise.
func newID() string { return fmt.Sprintf("websocket-client_%d_%s", os.Getpid(), rand.Text()[:17]) }

// Handle has f called for every event of that name, with its arguments as plain Go
// values. It is [cluster.Handle], as that of package nodes.
func Handle(c *Client, name string, f any) error { return cluster.Handle(c.Cluster, name, f) }

// Run connects, calls handlers, and connects again when it has to, until ctx ends. It
// ends with a [RefusedError] if the server does not want this client in the first place.
func (c *Client) Run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	refused := make(chan error, 1)
	connect := func(r cluster.Receiver) (cluster.Backend, error) {
		b, err := connectLink(c.o, r)
		if err != nil {
			return nil, err
		}
		c.link.Store(b.link)
		go func() {
			<-b.link.Done()
			refused <- b.link.Err()
			stop()
		}()
		return b, nil
	}
	if err := c.Cluster.Run(ctx, connect); err != nil {
		return err
	}
	return <-refused
}

// Ack is what the server said when it acknowledged the subscriptions: what it calls
// this client, and which version it has. There is none without a connection.
func (c *Client) Ack() (frame.Ack, bool) {
	if link := c.link.Load(); link != nil {
		return link.Ack()
	}
	return frame.Ack{}, false
}
