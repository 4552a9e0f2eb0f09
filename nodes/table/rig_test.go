package table

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"zctl/layoutgen"
	"zctl/nodes/cluster"
	"zctl/nodes/event"
)

// rig is a cluster on a bus in memory, in a bubble of fake time: it begins at
// 2000-01-01, and passes when nobody has anything to do.
type rig struct {
	*testing.T
	bus   *cluster.Bus
	nodes map[string]*cluster.Cluster
	said  map[string]*said
}

// said is what a node says about itself.
type said struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// bubble runs a test in fake time.
func bubble(t *testing.T, do func(r *rig)) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		do(&rig{T: t, bus: cluster.NewBus(), nodes: map[string]*cluster.Cluster{}, said: map[string]*said{}})
	})
}

// make makes a node of the default cluster that does not run yet.
func (r *rig) make(name string) *cluster.Cluster {
	r.Helper()
	r.said[name] = &said{}
	c, err := cluster.New(cluster.Options{
		Node: name, NodeID: "id-of-" + name, Layout: layoutgen.Default().Layout(),
		Log: slog.New(slog.NewTextHandler(r.said[name], nil)),
	})
	if err != nil {
		r.Fatal(err)
	}
	r.nodes[name] = c
	return c
}

// run runs nodes until the test ends, or stop is called, and waits until they know each
// other.
func (r *rig) run(names ...string) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for _, name := range names {
		running.Go(func() {
			if err := r.nodes[name].Run(ctx, r.bus.Connect); err != nil {
				r.Error(err)
			}
		})
	}
	stop = func() { cancel(); running.Wait() }
	r.Cleanup(stop)
	r.settle()
	return stop
}

// settle waits until everything that happens now has happened.
func (r *rig) settle() { r.Helper(); synctest.Wait() }

// pass lets time pass.
func (r *rig) pass(d time.Duration) { time.Sleep(d); synctest.Wait() }

// tapped is a message as it passed.
type tapped struct {
	topic, sender, format string
	payload               []byte
	event                 event.Event
	at                    time.Time
}

// ear hears what has to do with tables.
type ear struct {
	mu  sync.Mutex
	all []tapped
}

func (e *ear) Message(topic, sender, format, payload []byte) {
	ev, err := event.Decode(string(format), payload)
	if err != nil || ev.Name != changeEvent && ev.Name != forwardEvent {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, tapped{string(topic), string(sender), string(format), payload, ev, time.Now()})
}

func (*ear) Subscribed(string)   {}
func (*ear) Unsubscribed(string) {}
func (*ear) Malformed()          {}
func (*ear) Lost(error)          {}

// taken is what has passed since it was last called.
func (e *ear) taken() []tapped {
	e.mu.Lock()
	defer e.mu.Unlock()
	all := e.all
	e.all = nil
	return all
}

// listen puts an ear on the bus; with what it returns as the other one, anything can be
// said there.
func (r *rig) listen() (*ear, cluster.Backend) {
	r.Helper()
	e := &ear{}
	b, err := r.bus.Connect(e)
	if err != nil {
		r.Fatal(err)
	}
	if err := b.Subscribe(""); err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { b.Close() })
	return e, b
}

// say publishes an event as somebody else.
func (r *rig) say(b cluster.Backend, topic, name string, args ...any) {
	r.Helper()
	ev, err := cluster.MakeEvent(name, args...)
	if err != nil {
		r.Fatal(err)
	}
	if err := b.Publish(topic, "stranger", event.FormatBin, ev.Append(nil)); err != nil {
		r.Fatal(err)
	}
	r.settle()
}

// table makes a table of a node.
func newTable[K comparable, V any](r *rig, node, id string, o Options[K, V]) *Table[K, V] {
	r.Helper()
	t, err := New(r.nodes[node], id, o)
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { t.Close() })
	return t
}

// put and drop change a table, at once.
func put[K comparable, V any](r *rig, t *Table[K, V], key K, value V) {
	r.Helper()
	if err := t.Put(key, value); err != nil {
		r.Fatal(err)
	}
}

func drop[K comparable, V any](r *rig, t *Table[K, V], key K) {
	r.Helper()
	if err := t.Delete(key); err != nil {
		r.Fatal(err)
	}
}

// contents is what a table has.
func contents[K comparable, V any](t *Table[K, V]) map[K]V {
	all := map[K]V{}
	for key, value := range t.All() {
		all[key] = value
	}
	return all
}

// changesIn is how many changes a message has.
func changesIn(m tapped) int { return len(m.event.Args[1].Elems()) }

// heard collects what a table tells.
func heard[K comparable, V any](t *Table[K, V]) *[]Change[K, V] {
	var all []Change[K, V]
	t.OnChange(func(c Change[K, V]) { all = append(all, c) })
	return &all
}
