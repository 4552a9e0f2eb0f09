package main

import (
	"context"
	"os"

	"zctl/layoutgen/zeek/zeektest"
	"zctl/nodes"
)

// zeekStandIn is the program zeek of the scripts: package zeektest says what it
// does. On the bus it is a node in Go, with the layout of its working directory.
func zeekStandIn() {
	os.Exit(zeektest.Main(zeektest.Options{Join: func(ctx context.Context, _ string) error {
		o, err := nodes.FromEnv()
		if err != nil {
			return err
		}
		n, err := nodes.New(o)
		if err != nil {
			return err
		}
		return n.Run(ctx)
	}}))
}
