package nodes

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"zctl/layoutgen"
	"zctl/nodes/archive"
	"zctl/nodes/logger"
	"zctl/nodes/logtext"
	"zctl/nodes/zmq"
)

// withArchive makes a logger rotate every so often and archive in the cluster's logs.
func (c *testCluster) withArchive(interval time.Duration) func(*Options) {
	return func(o *Options) {
		l := layoutgen.LogsByHand()
		l.RotationInterval = interval
		o.UseLogs(l, filepath.Join(c.dir, "logs"))
	}
}

// archived is the archived logs of the cluster, as "conn" or "conn-logger-1".
func (c *testCluster) archived() []string {
	logs, err := archive.Store{Dir: filepath.Join(c.dir, "logs")}.List(archive.Filter{})
	if err != nil {
		c.t.Fatal(err)
	}
	var names []string
	for _, l := range logs {
		names = append(names, strings.TrimSuffix(l.Stream+"-"+l.Suffix, "-"))
	}
	return slices.Sorted(slices.Values(names))
}

// TestRotateLogs: loggers that are told to over the bus rotate their logs once, say how
// many that were, or why they cannot; who does not answer is named.
func TestRotateLogs(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "[loggers]\ncount = 2\n")
	c.start("manager")
	c.startWith("logger-1", c.withArchive(0))
	c.start("logger-2") // which has no archive
	c.awaitPeers(5)
	live := filepath.Join(c.dir, "logger-1", "cluster.log")
	await(t, "a live log", func() bool { _, err := os.Stat(live); return err == nil })
	rotate := func(last string) (answers []Rotated, err error) { // waits no longer when that one has answered
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		err = RotateLogs(ctx, c.nodes["manager"].backend, Options{}, []string{"logger-1", "logger-2"}, func(r Rotated) {
			if answers = append(answers, r); r.Node == last {
				cancel()
			}
		})
		return answers, err
	}
	answers, err := rotate("")
	if err != nil || len(answers) != 2 {
		t.Fatal(answers, err)
	}
	rotated := 0
	for _, a := range answers {
		rotated += int(a.Logs)
		switch a.Node {
		case "logger-1":
			if a.Logs == 0 || a.Error != "" {
				t.Errorf("%+v", a)
			}
		case "logger-2":
			if !strings.Contains(a.Error, "--log-archive DIR") {
				t.Errorf("%+v", a)
			}
		}
	}
	await(t, "the archives", func() bool { return len(c.archived()) == rotated })
	if !slices.Contains(c.archived(), "cluster-logger-1") {
		t.Errorf("archived %v", c.archived())
	}
	c.nodes["logger-1"].Log("a line more")
	c.stop("logger-1") // which does not rotate by itself, and so not at its end
	if _, err := os.Stat(live); err != nil || len(c.archived()) != rotated {
		t.Errorf("archived %v at the end: %v", c.archived(), err)
	}
	answers, err = rotate("logger-2")
	if len(answers) != 1 || !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "no answer from logger-1:") {
		t.Errorf("%v, %v", answers, err)
	}
}

// TestLeftBehind: a logger archives what an earlier one left, but not before it has its
// port: what another process of the same node writes stays.
func TestLeftBehind(t *testing.T) {
	t.Parallel()
	for _, interval := range []time.Duration{0, time.Hour} {
		c := newCluster(t, "")
		for _, file := range []string{"conn.log", "log-queue/dns__2026-01-02-13-00-00__2026-01-02-14-00-00__.log"} {
			path := filepath.Join(c.dir, "logger-1", file)
			os.MkdirAll(filepath.Dir(path), 0o755)
			os.WriteFile(path, []byte("a line\nhalf a li"), 0o644)
		}
		want := map[time.Duration][]string{0: {"dns"}, time.Hour: {"conn", "dns"}}[interval]
		c.start("manager")
		c.startWith("logger-1", c.withArchive(interval))
		await(t, "left-overs", func() bool { return slices.Equal(c.archived(), want) })
		live := filepath.Join(c.dir, "logger-1", "cluster.log")
		await(t, "a live log", func() bool { _, err := os.Stat(live); return err == nil })

		first := c.nodes["logger-1"]
		second := c.startWith("logger-1", c.withArchive(interval))
		select {
		case err := <-second.done:
			if err == nil || !strings.Contains(err.Error(), "address already in use") {
				t.Error(err)
			}
		case <-time.After(patience):
			t.Fatal("a second process runs")
		}
		if _, err := os.Stat(live); err != nil || len(c.archived()) != len(want) {
			t.Errorf("a second process took %v: %v", c.archived(), err)
		}
		c.nodes["logger-1"] = first
		c.stop("logger-1")
		if got := slices.Contains(c.archived(), "cluster"); got != (interval > 0) {
			t.Errorf("rotated every %v, and at the end archived %v", interval, c.archived())
		}
	}
}

// TestUseLogs: what [logs] says is what the logger is told.
func TestUseLogs(t *testing.T) {
	t.Parallel()
	config, err := layoutgen.Parse("", []byte(`[logs]
format = "both"
streams = { conn = "json" }
include = ["c*"]
exclude = ["d*"]
flush_interval = "2s"
json_timestamps = "JSON::TS_MILLIS"
json_include_unset_fields = true
separator = "1"
set_separator = "2"
empty_field = "3"
unset_field = "4"
include_meta = false
meta_prefix = "5"
enable_utf_8 = false
rotation_interval = "30m"
rotation_size = "1MiB"
compression = "zstd"
expire_after = "1d"
max_size = "2MiB"
keep = ["e*"]
post_process = ["f", "g"]
`))
	if err != nil {
		t.Fatal(err)
	}
	var got Options
	got.UseLogs(config.Logs, "/logs")
	got.UseMemory(64 << 20)
	want := Options{
		Logger: logger.Options{
			Memory: 16 << 20, FlushInterval: 2 * time.Second,
			Rotation: &logger.Rotation{Interval: 30 * time.Minute, Size: 1 << 20},
			Text: logger.Text{
				Format: logger.Both, Streams: map[string]logger.Format{"conn": logger.JSON}, Include: []string{"c*"}, Exclude: []string{"d*"},
				Options: &logtext.Options{
					JSONTimestamps: logtext.Millis, JSONIncludeUnsetFields: true,
					Separator: "1", SetSeparator: "2", EmptyField: "3", UnsetField: "4", MetaPrefix: "5",
				},
			},
		},
		Archive: &Archive{
			Config: archive.Config{Store: archive.Store{Dir: "/logs", Compression: archive.Zstd}, PostProcess: []string{"f", "g"}},
			Rules:  archive.Rules{MaxAge: 24 * time.Hour, MaxBytes: 2 << 20, Keep: []string{"e*"}},
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	var plain Options
	plain.UseLogs(layoutgen.LogsByHand(), "")
	if o := *plain.Logger.Text.Options; o != logtext.Defaults() || plain.Logger.Rotation != nil || plain.Archive != nil {
		t.Errorf("by hand: %+v, %+v", plain, o)
	}
}

// TestBounded: what waits in a logger's socket follows from its memory, unless somebody
// said how much.
func TestBounded(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		memory  int
		o, want zmq.Options
	}{
		{64 << 20, zmq.Options{}, zmq.Options{RcvHWM: 16, MaxMessage: 32 << 20, RcvMemory: 48 << 20}},
		{8 << 20, zmq.Options{}, zmq.Options{RcvHWM: 16, MaxMessage: 16 << 20, RcvMemory: 6 << 20}},
		{0, zmq.Options{RcvHWM: 7}, zmq.Options{RcvHWM: 7}},
		{32 << 20, zmq.Options{MaxMessage: 5, RcvMemory: 6}, zmq.Options{RcvHWM: 16, MaxMessage: 5, RcvMemory: 6}},
	} {
		if got := bounded(test.o, test.memory); got != test.want {
			t.Errorf("%d: %+v, want %+v", test.memory, got, test.want)
		}
	}
}

// TestExpires: a logger deletes old archived logs, but for those to keep, from its start
// on.
func TestExpires(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "[loggers]\ncount = 0\n")
	day := filepath.Join(c.dir, "logs", "2020-01-02")
	os.MkdirAll(day, 0o755)
	for _, file := range []string{"conn.13:00:00-14:00:00.log.gz", "notice.13:00:00-14:00:00.log.gz", "README"} {
		os.WriteFile(filepath.Join(day, file), []byte("x"), 0o644)
	}
	c.startWith("manager", func(o *Options) {
		l := layoutgen.LogsByHand()
		l.ExpireAfter, l.Keep = 24*time.Hour, []string{"not*"}
		o.UseLogs(l, filepath.Join(c.dir, "logs"))
	})
	await(t, "the old log is deleted", func() bool { return slices.Equal(c.archived(), []string{"notice"}) })
	c.stop("manager")
	if _, err := os.Stat(filepath.Join(day, "README")); err != nil || !slices.Equal(c.archived(), []string{"notice"}) {
		t.Errorf("left %v, %v", c.archived(), err)
	}
}

// TestTooLarge: once archived logs are larger than they may be together, the oldest go
// within seconds.
func TestTooLarge(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "[loggers]\ncount = 0\n")
	c.startWith("manager", func(o *Options) {
		c.withArchive(0)(o)
		o.Archive.MaxBytes = 1
	})
	c.nodes["manager"].Log("a line")
	c.awaitLine("manager", "a line")
	files := c.nodes["manager"].files
	if n, err := files.rotate(); n == 0 || err != nil {
		t.Fatalf("%d logs rotated, %v", n, err)
	}
	await(t, "the archive", func() bool { return files.archive.Stats().Archived > 0 })
	await(t, "that it is deleted", func() bool { return files.archive.Stats().Queued == 0 && len(c.archived()) == 0 })
}

// TestSecondLogger: a logger that is told of another one names its logs from then on, and
// one that is left alone does not any more; neither is restarted.
func TestSecondLogger(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "")
	c.startWith("manager", func(*Options) {})
	c.startWith("logger-1", c.withArchive(0))
	await(t, "a live log", func() bool { _, err := os.Stat(filepath.Join(c.dir, "logger-1", "cluster.log")); return err == nil })
	n := c.nodes["logger-1"]
	rotated := func(text, want string, times int) {
		n.Log(text)
		c.awaitLine("logger-1", text)
		if _, err := n.files.rotate(); err != nil {
			t.Fatal(err)
		}
		await(t, want, func() bool {
			return len(slices.DeleteFunc(c.archived(), func(name string) bool { return name != want })) == times
		})
	}
	rotated("alone", "cluster", 1)
	two := *n.layout
	for _, node := range two.Nodes {
		if node.Name == "logger-1" {
			node.Name, node.Port = "logger-2", node.Port+1000
			two.Nodes = append(slices.Clone(two.Nodes), node)
			break
		}
	}
	if len(two.LogEndpoints()) != 2 {
		t.Fatalf("%v", two.LogEndpoints())
	}
	if err := os.WriteFile(c.file, []byte(two.Zeek()), 0o644); err != nil {
		t.Fatal(err)
	}
	if n.reread() == nil {
		t.Fatal("the layout has not changed")
	}
	rotated("one of two", "cluster-logger-1", 1)
	if err := os.WriteFile(c.file, []byte(n.layout.Zeek()), 0o644); err != nil {
		t.Fatal(err)
	}
	if n.reread() == nil {
		t.Fatal("the layout has not changed")
	}
	rotated("alone again", "cluster", 2)
}
