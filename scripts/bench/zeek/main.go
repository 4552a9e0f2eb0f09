// Command zeek is the stand-in for Zeek that the benchmark has zctl run: package
// zeektest says what it does. On the bus it is a node in Go.
package main

import (
	"context"
	"os"

	"zctl/layoutgen/zeek/zeektest"
	"zctl/nodes"
)

func main() {
	os.Exit(zeektest.Main(zeektest.Options{Join: join}))
}

func join(ctx context.Context, _ string) error {
	o, err := nodes.FromEnv()
	if err != nil {
		return err
	}
	n, err := nodes.New(o)
	if err != nil {
		return err
	}
	return n.Run(ctx)
}
