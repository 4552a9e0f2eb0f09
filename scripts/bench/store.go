package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"zctl/layoutgen"
	"zctl/nodes"
	"zctl/nodes/cluster"
	"zctl/nodes/event"
	"zctl/nodes/store"
	"zctl/nodes/store/sqlite"

	"golang.org/x/sys/unix"
)

// Loads of a data store. Keys are texts, values are counts.
const (
	storeKeys   = 100_000
	memoryPuts  = 300_000
	sqlitePuts  = 100_000
	storeGets   = 2_000_000
	storeClones = 3
	putsAhead   = 20_000 // without an answer
	bareAhead   = 4_000  // events that not everybody has got yet
)

// Targets: thousands of puts a second, and nanoseconds.
const (
	leastMemoryPuts = 50
	leastSQLitePuts = 10
	mostGet         = 200
)

// storeBench is a cluster in this process, on a broker of its own: a manager, which is the
// master of all stores and runs the broker, and three workers.
type storeBench struct {
	dir  string
	all  []*nodes.Node // the manager first
	keys []event.Value
	stop func() error

	memory, sqlite, bus, file figures // k/s
	gets                      []*getFigures
}

// getFigures is reads of so many keys by turns: of few, what they take; of many, that they
// are in no cache.
type getFigures struct {
	keys         int
	get, bareMap figures // ns
}

func storeSection(ctx context.Context, w *workbench) ([]row, error) {
	b, err := newStoreBench(ctx, w)
	if err != nil {
		return nil, err
	}
	const rounds = 3
	err = takeTurns(w.roundsOr(rounds), []func() error{
		func() error { return b.puts(ctx, "memory", false, memoryPuts, &b.memory) },
		func() error { return b.publishes(ctx, memoryPuts) },
		func() error { return b.puts(ctx, "sqlite", true, sqlitePuts, &b.sqlite) },
		func() error { return b.writes(ctx, sqlitePuts) },
		func() error { return b.read(ctx) },
	})
	if stopped := b.stop(); err == nil {
		err = stopped
	}
	rows := []row{
		atLeastRate(leastMemoryPuts, "put at a clone, in memory at the master, 3 clones show it", b.memory, "bare events to as many nodes", b.bus),
		atLeastRate(leastSQLitePuts, "put at a clone, in SQLite (WAL, NORMAL) at the master, 3 clones show it", b.sqlite, "bare transactions of 1000", b.file),
	}
	for _, g := range b.gets {
		rows = append(rows, atMostFigure(mostGet, fmt.Sprintf("get at a clone, any of %d keys", g.keys), g.get, "a Go map", g.bareMap))
	}
	return rows, err
}

// atLeastRate and atMostFigure are rows with a limit, and something to compare to.
func atLeastRate(limit float64, what string, ours figures, other string, their figures) row {
	r := figureRow(what, ours, other, their, "", func(float64) bool { return true })
	r.target, r.verdict = ">= "+digits(limit)+" "+ours.unit, verdict(ours.median() >= limit)
	return r
}

func atMostFigure(limit float64, what string, ours figures, other string, their figures) row {
	r := figureRow(what, ours, other, their, "", func(float64) bool { return true })
	r.target, r.verdict = "<= "+digits(limit)+" "+ours.unit, verdict(ours.median() <= limit)
	return r
}

func newStoreBench(ctx context.Context, w *workbench) (*storeBench, error) {
	b := &storeBench{dir: filepath.Join(w.dir, "stores")}
	for _, f := range []*figures{&b.memory, &b.sqlite, &b.bus, &b.file} {
		f.unit = "k/s"
	}
	for _, keys := range []int{1000, storeKeys} {
		b.gets = append(b.gets, &getFigures{keys: keys, get: figures{unit: "ns"}, bareMap: figures{unit: "ns"}})
	}
	for i := range storeKeys {
		b.keys = append(b.keys, event.String(fmt.Sprintf("key-%06d", i)))
	}
	const ports = 16
	port, err := freePorts(ports)
	if err != nil {
		return nil, err
	}
	config, err := layoutgen.Parse("", fmt.Appendf(nil, "[cluster]\nport = %d\nmetrics_port = 0\n[broker]\nxpub_port = %d\nxsub_port = %d\n[workers]\ncount = %d\n",
		port+2, port, port+1, storeClones))
	if err != nil {
		return nil, err
	}
	layout := config.Layout()
	return b, b.start(ctx, layout)
}

// start starts the nodes.
func (b *storeBench) start(ctx context.Context, layout *layoutgen.Layout) error {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	var failed error
	b.stop = func() error { cancel(); running.Wait(); return failed }
	for _, n := range layout.Nodes {
		if n.Type != layoutgen.TypeManager && n.Type != layoutgen.TypeWorker {
			continue
		}
		dir := filepath.Join(b.dir, n.Name)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		node, err := nodes.New(nodes.Options{
			Name: n.Name, Dir: dir, StatsInterval: -1,
			Cluster: cluster.Options{Layout: layout},
			Stores: nodes.StoreOptions{Stores: map[string]nodes.StoreInfo{"sqlite": {SQLite: sqlite.Options{
				JournalMode: sqlite.JournalWAL, Synchronous: sqlite.SynchronousNormal,
			}}}},
		})
		if err != nil {
			return err
		}
		b.all = append(b.all, node)
		running.Go(func() {
			if err := node.Run(ctx); err != nil {
				failed = err
			}
		})
	}
	for _, n := range b.all {
		if err := n.WaitReady(ctx); err != nil {
			return err
		}
	}
	return nil
}

// open opens a store on all nodes, the master first.
func (b *storeBench) open(ctx context.Context, name string, persistent bool) ([]*store.Store, error) {
	var all []*store.Store
	for _, n := range b.all {
		s, err := nodes.CreateStore(n, name, persistent)
		if err == nil {
			err = s.WaitReady(ctx)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// puts has one clone put n values, until the master has applied them all and every clone
// shows the last one.
func (b *storeBench) puts(ctx context.Context, name string, persistent bool, n int, rate *figures) error {
	all, err := b.open(ctx, name, persistent)
	if err != nil {
		return err
	}
	ahead := make([]*store.Write, putsAhead)
	begin := time.Now()
	for i := range n {
		slot := &ahead[i%putsAhead]
		if *slot != nil {
			if err := (*slot).Wait(ctx); err != nil {
				return err
			}
		}
		*slot = all[1].Put(b.keys[i%storeKeys], event.Count(uint64(i)))
	}
	for _, w := range ahead {
		if err := w.Wait(ctx); err != nil {
			return err
		}
	}
	last, want := b.keys[(n-1)%storeKeys], event.Count(uint64(n-1))
	for _, s := range all {
		for {
			if v, err := s.Get(last); err == nil && v.Equal(want) {
				break
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
			time.Sleep(100 * time.Microsecond)
		}
	}
	rate.add(float64(n) / time.Since(begin).Seconds() / 1e3)
	for _, s := range all {
		if err := s.Close(); err != nil {
			return err
		}
	}
	return nil
}

// read reads from a clone, and from a map.
func (b *storeBench) read(ctx context.Context) error {
	all, err := b.open(ctx, "gets", false)
	if err != nil {
		return err
	}
	bare := map[string]event.Value{}
	var last *store.Write
	for i, key := range b.keys {
		last = all[1].Put(key, event.Count(uint64(i)))
		name, _ := key.Text()
		bare[name] = event.Count(uint64(i))
	}
	if err := last.Wait(ctx); err != nil {
		return err
	}
	for _, g := range b.gets {
		if err := g.measure(all[1], bare, b.keys[:g.keys]); err != nil {
			return err
		}
	}
	return nil
}

// measure tells the time that the thread had a CPU for: reads wait for nothing, but for that.
func (g *getFigures) measure(s *store.Store, bare map[string]event.Value, keys []event.Value) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	begin, found := threadTime(), 0
	for i := range storeGets {
		if _, err := s.Get(keys[i*7919%len(keys)]); err == nil {
			found++
		}
	}
	g.get.add(float64(threadTime()-begin) / storeGets)
	begin = threadTime()
	for i := range storeGets {
		name, _ := keys[i*7919%len(keys)].Text()
		if _, ok := bare[name]; ok {
			found--
		}
	}
	g.bareMap.add(float64(threadTime()-begin) / storeGets)
	if found != 0 {
		return fmt.Errorf("a clone and a map do not have the same of %d keys", len(keys))
	}
	return nil
}

// threadTime is for how long this thread has had a CPU.
func threadTime() time.Duration {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_THREAD, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
