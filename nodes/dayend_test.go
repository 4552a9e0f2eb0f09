package nodes

import (
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"zctl/nodes/logstream"
)

// TestDayEnds: at midnight each log is closed and archived under the day and time at
// which it was opened, and goes on in a new file, which belongs to the next day.
func TestDayEnds(t *testing.T) {
	t.Parallel()
	for _, interval := range []time.Duration{time.Hour, 7 * time.Hour, 24 * time.Hour} {
		t.Run(interval.String(), func(t *testing.T) { t.Parallel(); dayEnds(t, interval) })
	}
}

func dayEnds(t *testing.T, interval time.Duration) {
	var clock atomic.Pointer[time.Time]
	set := func(day, hour, minute, second int) {
		now := time.Date(2026, 11, day, hour, minute, second, 0, time.Local)
		clock.Store(&now)
	}
	set(25, 23, 59, 50)
	c := newCluster(t, "")
	c.start("manager")
	c.startWith("logger-1", func(o *Options) {
		c.withArchive(interval)(o)
		o.Logger.FlushInterval = 5 * time.Millisecond
		o.Logger.Now = func() time.Time { return *clock.Load() }
	})
	c.startWith("worker-1", func(o *Options) { o.Logs = logstream.Options{Interval: 5 * time.Millisecond} })
	line := func(text string) {
		c.nodes["worker-1"].Log(text)
		c.awaitLine("logger-1", text)
	}
	line("the last of the day")
	set(26, 0, 0, 0)
	first, second := "2026-11-25/cluster.23:59:50-00:00:00.log.gz", "2026-11-26/cluster.00:00:00-00:30:00.log.gz"
	await(t, "the archive of the day", func() bool { _, err := os.Stat(filepath.Join(c.dir, "logs", first)); return err == nil })
	line("the first of the next")
	set(26, 0, 30, 0)
	c.stop("worker-1")
	c.stop("logger-1")
	if days, _ := filepath.Glob(filepath.Join(c.dir, "logs", "*")); !slices.Equal(days, []string{filepath.Join(c.dir, "logs", "2026-11-25"), filepath.Join(c.dir, "logs", "2026-11-26")}) {
		t.Errorf("there are %v", days)
	}
	for _, log := range []struct {
		file, open, close string
		has, hasNot       string
	}{
		{first, "2026-11-25-23-59-50", "2026-11-26-00-00-00", "the last of the day", "the first of the next"},
		{second, "2026-11-26-00-00-00", "2026-11-26-00-30-00", "the first of the next", "the last of the day"},
	} {
		text := unpacked(t, filepath.Join(c.dir, "logs", log.file))
		for _, part := range []string{"\n#open\t" + log.open + "\n", "\n#close\t" + log.close + "\n", log.has + "\n"} {
			if strings.Count(text, part) != 1 {
				t.Errorf("%s lacks %q:\n%s", log.file, part, text)
			}
		}
		if strings.Contains(text, log.hasNot) {
			t.Errorf("%s has %q", log.file, log.hasNot)
		}
	}
}

func unpacked(t *testing.T, file string) string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
