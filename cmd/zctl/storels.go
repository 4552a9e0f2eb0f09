package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/urfave/cli/v2"

	"zctl/layoutgen"
	"zctl/nodes/store"
)

var storeLsCommand = &cli.Command{
	Name:  "ls",
	Usage: "list the stores there are",
	Description: `Lists the data stores that show on the bus: the node that is the master of each, and how
many clones there are, in nodes and in others who look at it, as zctl store watch does.
A store whose master is not there has a - for it: clones wait for one.
` + busHelp + `
Exits with 1 if a store has no master, or none that says so.

Examples:
  zctl store ls
  zctl store ls --json | jq -r '.[].name'` + exitCodesHelp,
	Flags: storeFlags(),
	Action: func(c *cli.Context) error {
		if err := noArgs(c); err != nil {
			return err
		}
		return storeLs(c)
	},
}

// listedStore is what store ls --json prints.
type listedStore struct {
	Name     string   `json:"name"`
	Master   string   `json:"master"`    // the node, or its id if that is not known; "" for none
	MasterID string   `json:"master_id"` // the node id
	Clones   []string `json:"clones"`    // node ids
}

func storeLs(c *cli.Context) error {
	ctx, cancel := context.WithTimeout(c.Context, c.Duration("timeout"))
	defer cancel()
	client, err := findStores(ctx, c)
	if err != nil {
		return err
	}
	masters, err := hearMasters(ctx, client)
	if err := errors.Join(err, client.leave()); err != nil {
		return err
	}
	list, missing := []listedStore{}, 0
	for _, s := range client.seen {
		l := listedStore{Name: s.Name, MasterID: masters[s.Name], Clones: append([]string{}, s.Clones...)}
		if l.Master = nodeOf(l.MasterID, client.layout); l.Master == "" {
			missing++
		}
		list = append(list, l)
	}
	if err := printStores(c, list); err != nil {
		return err
	}
	if missing > 0 {
		return &exitError{exitFailed, nil}
	}
	return nil
}

func printStores(c *cli.Context, list []listedStore) error {
	if c.Bool("json") {
		return printJSON(c.App.Writer, list)
	}
	rows := [][]string{{"NAME", "MASTER", "CLONES"}}
	for _, l := range list {
		master := l.Master
		if master == "" {
			master = "-"
		}
		rows = append(rows, []string{plain(l.Name), plain(master), strconv.Itoa(len(l.Clones))})
	}
	_, err := fmt.Fprint(c.App.Writer, align(rows))
	return err
}

// silence is how long a master may say nothing before nobody waits for it: it says that it
// is alive every 500 ms.
const silence = 5 * time.Second

// hearMasters is the node ids of the masters, by store.
func hearMasters(ctx context.Context, client *storeClient) (map[string]string, error) {
	var mu sync.Mutex // guards masters
	masters := map[string]string{}
	awaited := 0
	heard := make(chan struct{}, len(client.seen))
	for _, s := range client.seen {
		if !s.Master {
			continue
		}
		awaited++
		once := sync.OnceFunc(func() { heard <- struct{}{} })
		stop, err := store.HearMaster(client.Cluster, s.Name, func(id string) {
			mu.Lock()
			masters[s.Name] = id
			mu.Unlock()
			once()
		})
		if err != nil {
			return nil, err
		}
		defer stop()
	}
	if err := client.run(ctx); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, silence)
	defer cancel()
	for range awaited {
		select {
		case <-heard:
		case <-ctx.Done():
		}
	}
	mu.Lock()
	defer mu.Unlock()
	return masters, nil
}

// nodeOf is the name of the node with an id (spec: wire 5.1), or the id.
func nodeOf(id string, layout *layoutgen.Layout) string {
	if layout == nil {
		return id
	}
	longest := ""
	for _, name := range layout.Names() {
		if strings.HasPrefix(id, "zeromq_"+name+"_") && len(name) > len(longest) {
			longest = name
		}
	}
	if longest == "" {
		return id
	}
	return longest
}
