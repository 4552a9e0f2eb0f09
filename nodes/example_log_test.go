package nodes_test

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"zctl/layoutgen"
	"zctl/nodes"
	"zctl/nodes/cluster"
	"zctl/nodes/event"
	"zctl/nodes/logstream"
	"zctl/nodes/logwire"
)

// login is a record of login.log: a field's tag is its name in the log.
type login struct {
	TS    time.Time  `log:"ts"`
	UID   string     `log:"uid"`
	ID    loginID    `log:"id"` // id.orig_h, id.orig_p
	User  string     `log:"user"`
	Proto event.Enum `log:"proto"`
	Note  *string    `log:"note"`     // &optional
	Tags  []string   `log:"tags,set"` // a vector without "set"
	tries int        // not exported: not logged
}

type loginID struct {
	OrigH netip.Addr `log:"orig_h"`
	OrigP event.Port `log:"orig_p"`
}

// printed is a LogWriter that prints the fields of a stream.
type printed struct{ lines chan string }

func (p printed) Write(sender string, batch []byte) error {
	header, values, err := logwire.Parse(batch)
	if err != nil {
		return err
	}
	if header.Path == "login" {
		for _, f := range header.Fields {
			p.lines <- f.Name + " " + f.TypeName()
		}
		p.lines <- fmt.Sprint("records: ", values.Records)
		close(p.lines)
	}
	return nil
}

func (p printed) Close(context.Context) error { return nil }

// A node with a log of its own. On a bus in memory, as here, its records go to its
// LogWriter; on a real one to the loggers.
func Example_log() {
	lines := printed{make(chan string, 100)}
	n, err := nodes.New(nodes.Options{
		Name: "worker-1", Connect: cluster.NewBus().Connect, LogWriter: lines,
		Cluster: cluster.Options{Layout: layoutgen.Default().Layout()},
		Logs:    logstream.Options{Interval: 10 * time.Millisecond},
	})
	if err != nil {
		panic(err)
	}
	logins, err := nodes.NewStream[login](n, logstream.ID{Stream: "Login::LOG", Path: "login"})
	if err != nil {
		panic(err) // says which field cannot be logged, and why
	}
	stop := run(n)
	defer stop()
	err = logins.Write(login{
		TS: time.Now(), UID: "CHhAvVGS1DHFjwGM9", User: "root", Proto: "tcp", Tags: []string{"failed"}, tries: 3,
		ID: loginID{netip.MustParseAddr("10.0.0.7"), event.Port{Number: 50123, Protocol: event.TCP}},
	})
	if err != nil {
		panic(err)
	}
	for line := range lines.lines {
		fmt.Println(line)
	}
	// Output:
	// ts time
	// uid string
	// id.orig_h addr
	// id.orig_p port
	// user string
	// proto enum
	// note string
	// tags set[string]
	// records: 1
}
