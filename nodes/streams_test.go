package nodes

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"zctl/layoutgen"
	"zctl/nodes/cluster"
	"zctl/nodes/logstream"
	"zctl/nodes/logwire"
	"zctl/nodes/zmq"
)

// loaded is a record of a log that a test fills.
type loaded struct {
	N uint64 `log:"n"`
}

var loadLog = logstream.ID{Stream: "Load::LOG", Path: "load"}

// log is the lines of a log, without its header.
func (c *testCluster) log(logger, path string) (lines []string) {
	files, _ := filepath.Glob(filepath.Join(c.dir, logger, path+"*.log"))
	for _, file := range files {
		text, _ := os.ReadFile(file)
		for line := range strings.Lines(string(text)) {
			if !strings.HasPrefix(line, "#") && strings.HasSuffix(line, "\n") {
				lines = append(lines, strings.TrimSuffix(line, "\n"))
			}
		}
	}
	return lines
}

// TestLogsOfAllNodes: every node, the logger itself too, writes cluster.log,
// reporter.log and stats.log.
func TestLogsOfAllNodes(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "[proxies]\ncount = 0\n[workers]\ncount = 1\n")
	names := []string{"manager", "logger-1", "worker-1"}
	for _, name := range names {
		r := c.startWith(name, func(o *Options) { o.StatsInterval = 50 * time.Millisecond })
		r.o.Log.With("file", "a b").WithGroup("g").Warn("look out", "n", 7)
		r.o.Log.Error("broken")
		r.o.Log.Info("nothing to report")
	}
	c.awaitPeers(2)
	has := func(path, part string) {
		t.Helper()
		await(t, path+" with "+part, func() bool {
			return strings.Contains(strings.Join(c.log("logger-1", path), "\n")+"\n", part)
		})
	}
	for _, name := range names {
		has("cluster", "\t"+name+"\tgot hello from ")
		has("reporter", "\tReporter::WARNING\t"+name+": look out file=\"a b\" g.n=7\tnodes/streams_test.go, line ")
		has("reporter", "\tReporter::ERROR\t"+name+": broken\tnodes/streams_test.go, line ")
		has("stats", "\t"+name+"\t"+strconv.Itoa(os.Getpid())+"\t")
	}
	for _, line := range c.log("logger-1", "reporter") {
		if strings.Contains(line, "nothing to report") || len(strings.Split(line, "\t")) != 4 {
			t.Errorf("reporter.log has %q", line)
		}
	}
	for _, line := range c.log("logger-1", "stats") {
		rss, err := strconv.Atoi(strings.Split(line, "\t")[3])
		if err != nil || rss < 1<<20 || rss > 1<<34 {
			t.Errorf("rss of %d bytes: %v", rss, err)
		}
	}
}

// TestLossIsNoNewLoss: that records are lost is said, and not to reporter.log.
func TestLossIsNoNewLoss(t *testing.T) {
	t.Parallel()
	var said strings.Builder
	o := Options{Name: "worker-1", Log: slog.New(slog.NewTextHandler(&said, nil)), Logs: logstream.Options{Records: 1, HWM: 1, Linger: -1}}
	o.Cluster.Layout = layoutgen.Default().Layout()
	n, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		n.o.Log.Warn("as always")
	}
	before := n.LogStats()
	for range 3 {
		n.logs.warn()
	}
	if after := n.LogStats(); after != before || before.Dropped.Records != 9 {
		t.Errorf("before %+v\nafter  %+v", before, after)
	}
	if got := said.String(); strings.Count(got, "log records lost") != 1 || !strings.Contains(got, "count=9") {
		t.Errorf("said %s", got)
	}
}

// TestLoggerRestarts: a logger that ends in order, over and over, under load: every
// record is in its files exactly once, or counted as dropped.
func TestLoggerRestarts(t *testing.T) {
	t.Parallel()
	for _, policy := range []logstream.Policy{logstream.DropNewest, logstream.Block, logstream.Spill} {
		t.Run(policy.String(), func(t *testing.T) {
			t.Parallel()
			c := newCluster(t, "[proxies]\ncount = 0\n[workers]\ncount = 1\n")
			c.start("manager", "logger-1")
			worker := c.startWith("worker-1", func(o *Options) {
				o.Logs = logstream.Options{Policy: policy, Records: 20, HWM: 50, Interval: 20 * time.Millisecond}
			})
			stream, err := NewStream[loaded](worker.Node, loadLog)
			if err != nil {
				t.Fatal(err)
			}
			c.awaitPeers(2)
			const records = 20000
			var writing sync.WaitGroup
			writing.Go(func() {
				for n := range uint64(records) {
					if err := stream.Write(loaded{n}); err != nil {
						t.Error(err)
						return
					}
					if n%40 == 0 {
						time.Sleep(time.Millisecond)
					}
				}
			})
			for range 3 {
				time.Sleep(150 * time.Millisecond)
				c.stop("logger-1")
				time.Sleep(50 * time.Millisecond)
				c.start("logger-1")
			}
			writing.Wait()
			worker.logs.sender.Flush()
			await(t, "an end", func() bool { s := worker.LogStats(); return s.Waiting.Records+s.OnDisk.Records == 0 })
			c.stop("logger-1")
			times := map[string]int{}
			for _, line := range c.log("logger-1", "load") {
				times[line]++
			}
			for line, n := range times {
				if n > 1 {
					t.Errorf("record %s is there %d times", line, n)
				}
			}
			all := len(times)
			for _, line := range append(c.log("logger-1", "cluster"), c.log("logger-1", "reporter")...) {
				if strings.Contains(line, "\tworker-1") {
					all++
				}
			}
			await(t, fmt.Sprint("answers for all ", all), func() bool { return worker.LogStats().Sent.Records == uint64(all) })
			s := worker.LogStats()
			if s.Sent.Records+s.Dropped.Records < records {
				t.Errorf("%d of %d records are there, and %d others: %+v", len(times), records, all-len(times), s)
			}
			if policy != logstream.DropNewest && s.Dropped.Records > 0 {
				t.Errorf("%+v", s)
			}
			c.start("logger-1")
		})
	}
}

// memoryLog is a LogWriter that hands on what a test may compare.
type memoryLog struct{ records chan string }

func (m memoryLog) Write(sender string, batch []byte) error {
	h, r, err := logwire.Parse(batch)
	if err != nil {
		return err
	}
	if h.Path == "load" {
		m.records <- fmt.Sprint(h.Path, " ", r.Next().Count)
	}
	return nil
}

func (memoryLog) Close(context.Context) error { return nil }

// TestStreamsWithoutSockets: on a bus in memory a node's records go to its LogWriter.
func TestStreamsWithoutSockets(t *testing.T) {
	t.Parallel()
	sink := memoryLog{make(chan string, 100)}
	o := Options{Name: "worker-1", Connect: cluster.NewBus().Connect, LogWriter: sink, Logs: logstream.Options{Records: 1}}
	o.Cluster.Layout = layoutgen.Default().Layout()
	c := &testCluster{t: t, dir: t.TempDir(), nodes: map[string]*running{}}
	r := c.startWith("worker-1", func(given *Options) { *given = o })
	stream, err := NewStream[loaded](r.Node, loadLog)
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Write(loaded{7}); err != nil {
		t.Fatal(err)
	}
	select {
	case got := <-sink.records:
		if got != "load 7" {
			t.Errorf("got %s", got)
		}
	case <-time.After(patience):
		t.Error("nothing came")
	}
	c.stop("worker-1")
	if err := stream.Write(loaded{8}); !errors.Is(err, logstream.ErrClosed) {
		t.Errorf("got %v", err)
	}
	if _, err := NewStream[int](r.Node, loadLog); err == nil {
		t.Error("an int was taken for a record")
	}
}

func TestSenderOptions(t *testing.T) {
	t.Parallel()
	got := senderOptions(logstream.Options{}, zmq.Options{SndHWM: 7, Linger: 3, Immediate: true}, "d")
	if got.HWM != 7 || got.Linger != 3 || !got.Immediate || got.Spill.Dir != "d/log-spill" {
		t.Errorf("got %+v", got)
	}
	own := logstream.Options{HWM: 1, Linger: 2}
	own.Spill.Dir = "s"
	if got := senderOptions(own, zmq.Options{SndHWM: 7, Linger: 3}, "d"); got != own {
		t.Errorf("got %+v", got)
	}
}

func TestLogsFromEnv(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ full, size, want string }{
		{"", "", ""}, {"spill", "1000", ""}, {"block", "", ""},
		{"wait", "", `cannot use ZCTL_LOG_FULL: cannot use the log policy "wait": it has to be drop, block or spill`},
		{"spill", "0", `cannot use ZCTL_LOG_SPILL_BYTES="0": give a number of bytes above 0`},
		{"spill", "1GiB", "number of bytes"},
	} {
		o, err := logsFromEnv(func(name string) string {
			return map[string]string{layoutgen.LogFullEnv: test.full, layoutgen.LogSpillEnv: test.size}[name]
		})
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: %v", test, err)
		}
		if err == nil && test.full != "" && (o.Policy.String() != test.full || (test.size != "") != (o.Spill.MaxBytes == 1000)) {
			t.Errorf("%+v: %+v", test, o)
		}
	}
}

// stuck is a LogWriter whose disk is full until it is closed.
type stuck struct{ closed chan struct{} }

func (s stuck) Write(string, []byte) error {
	<-s.closed
	return errors.New("the disk is full")
}

func (s stuck) Close(ctx context.Context) error {
	<-ctx.Done()
	close(s.closed)
	return nil
}

// TestLoggerEndsWithFullDisk: a logger that cannot write ends all the same, and its
// senders know what it did not take.
func TestLoggerEndsWithFullDisk(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "[proxies]\ncount = 0\n[workers]\ncount = 1\n")
	c.start("manager")
	logger := c.startWith("logger-1", func(o *Options) { o.LogWriter, o.ZeroMQ.Linger = stuck{make(chan struct{})}, 50*time.Millisecond })
	logger.logs.patience = 200 * time.Millisecond
	worker := c.startWith("worker-1", func(o *Options) { o.Logs = logstream.Options{Policy: logstream.Spill, Records: 1} })
	c.awaitPeers(2)
	stream, err := NewStream[loaded](worker.Node, loadLog)
	if err != nil {
		t.Fatal(err)
	}
	for n := range uint64(100) {
		if err := stream.Write(loaded{n}); err != nil {
			t.Fatal(err)
		}
	}
	await(t, "batches to be with the logger", func() bool { // those of before it was reached have been in files
		s := worker.LogStats()
		return s.Connected == 1 && s.Waiting.Batches+s.OnDisk.Batches > 100
	})
	c.stop("logger-1")
	await(t, "batches to be in files", func() bool { s := worker.LogStats(); return s.OnDisk.Records > 100 && s.Waiting.Batches == 0 })
	if s := worker.LogStats(); s.Dropped.Batches > 0 {
		t.Errorf("%+v", s)
	}
}
