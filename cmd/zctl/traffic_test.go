package main

import (
	"context"
	"encoding/json"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"zctl/nodes"
)

// trafficFile is where the program traffic writes, all the time, what it has
// received: a [trafficFrom] by the name of each sender.
const trafficFile = "traffic.json"

// trafficFrom is what a node received of another one's numbers.
type trafficFrom struct {
	Received int
	Last     uint64
	Lost     uint64 // numbers that did not come in their turn
}

// trafficNode is the program traffic: a node that publishes a number every
// millisecond, and watches those of the others.
func trafficNode() {
	o, err := nodes.FromEnv()
	if err != nil {
		log.Fatal(err)
	}
	n, err := nodes.New(o)
	if err != nil {
		log.Fatal(err)
	}
	from := map[string]*trafficFrom{}
	nodes.Handle(n, "Traffic::number", func(_ context.Context, sender string, number uint64) error {
		if from[sender] == nil {
			from[sender] = &trafficFrom{Last: number - 1}
		}
		f := from[sender]
		f.Received++
		if number != f.Last+1 {
			f.Lost += max(number, f.Last) - min(number, f.Last)
		}
		f.Last = number
		return nil
	})
	nodes.Handle(n, "Traffic::write", func(context.Context) error {
		text, err := json.Marshal(from)
		if err != nil {
			return err
		}
		os.WriteFile(trafficFile+".new", text, 0o644)
		return os.Rename(trafficFile+".new", trafficFile)
	})
	n.Subscribe("traffic")
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	go func() {
		for number := uint64(1); ctx.Err() == nil; number++ {
			n.Publish(ctx, "traffic", "Traffic::number", o.Name, number)
			if number%50 == 0 {
				n.Publish(ctx, "traffic", "Traffic::write")
			}
			time.Sleep(time.Millisecond)
		}
	}()
	if err := n.Run(ctx); err != nil {
		log.Fatal(err)
	}
}

// received is what a node has written.
func received(ts *testscript.TestScript, node string) map[string]trafficFrom {
	var all map[string]trafficFrom
	if text, err := os.ReadFile(filepath.Join(dirsOf(ts).Node(node), trafficFile)); err == nil {
		ts.Check(json.Unmarshal(text, &all))
	}
	return all
}

// flows waits until each of two nodes has received 100 more numbers of the other
// one: flows NODE NODE
func flows(ts *testscript.TestScript, neg bool, pair []string) {
	for i, node := range pair {
		other := pair[1-i]
		before := received(ts, node)[other].Received
		for end := time.Now().Add(scriptPatience); received(ts, node)[other].Received < before+100; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(end) {
				ts.Fatalf("%s received %+v of %s, and then nothing", node, received(ts, node)[other], other)
			}
		}
	}
}

// whole checks that no number got lost between two nodes, or, with !, that both
// miss some: whole NODE NODE
func whole(ts *testscript.TestScript, neg bool, pair []string) {
	for i, node := range pair {
		from := received(ts, node)[pair[1-i]]
		if from.Received == 0 || (from.Lost == 0) == neg {
			ts.Fatalf("%s received of %s: %+v", node, pair[1-i], from)
		}
	}
}
