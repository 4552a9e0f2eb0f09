package nodes_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"

	"zctl/layoutgen"
	"zctl/nodes"
	"zctl/nodes/logwire"
)

// kafka stands for where a logger's records go instead of files.
type kafka struct{ records chan string }

// Write takes a batch of one log: its header says which, and what its fields are.
func (k kafka) Write(sender string, batch []byte) error {
	header, values, err := logwire.Parse(batch)
	if err != nil {
		return err
	}
	for range values.Records {
		var record []string
		for _, field := range header.Fields {
			v := values.Next()
			if field.Type == logwire.TypeString && v.Set {
				record = append(record, field.Name+"="+string(v.Bytes))
			}
		}
		k.records <- header.Path + ": " + strings.Join(record, " ")
	}
	return values.End()
}

func (k kafka) Close(context.Context) error { return nil }

// A logger whose records go somewhere else than to files. This one is in a cluster
// of its own, with real sockets.
func Example_logger() {
	port := freePort()
	config, err := layoutgen.Parse("", fmt.Appendf(nil,
		"[cluster]\nport = %d\nmetrics_port = 0\n[broker]\nxpub_port = %d\nxsub_port = %d\n[proxies]\ncount = 0\n[workers]\ncount = 1\n", port+2, port, port+1))
	if err != nil {
		panic(err)
	}
	sink := kafka{make(chan string, 100)}
	var all []*nodes.Node
	for _, name := range []string{"manager", "logger-1", "worker-1"} {
		o := nodes.Options{Name: name, LogWriter: sink}
		o.Cluster.Layout = config.Layout()
		n, err := nodes.New(o)
		if err != nil {
			panic(err)
		}
		all = append(all, n)
	}
	stop := run(all...)
	defer stop()
	worker := all[2]
	worker.Log("hello from a worker")
	for record := range sink.records {
		if strings.HasSuffix(record, "worker") {
			fmt.Println(record)
			break
		}
	}
	// Output: cluster: node=worker-1 message=hello from a worker
}

// freePort is the first of some ports in a row that are free, below those that the
// kernel gives to clients.
func freePort() int {
	for {
		first, free := 20000+10*rand.IntN(300), 0
		if _, given := givenPorts.LoadOrStore(first, true); given { // it may be free for a moment only
			continue
		}
		for port := first; port < first+8; port++ {
			l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
			if err != nil {
				break
			}
			l.Close()
			free++
		}
		if free == 8 {
			return first
		}
	}
}

var givenPorts sync.Map // the first of ten each
