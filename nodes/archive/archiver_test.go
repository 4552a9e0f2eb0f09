package archive

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"
)

// safeBuffer is what an archiver logs.
type safeBuffer struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func testConfig(root string, said *safeBuffer) Config {
	return Config{Store: utc(root + "/logs"), Log: slog.New(slog.NewTextHandler(said, nil))}
}

// submit makes a log and a job for it.
func submit(t *testing.T, a *Archiver, root, stream, text string) {
	t.Helper()
	if err := a.Submit(job(write(t, root+"/spool/"+stream+".log", text), stream, "")); err != nil {
		t.Fatal(err)
	}
}

func TestArchiver(t *testing.T) {
	t.Parallel()
	root, said := t.TempDir(), &safeBuffer{}
	stale := write(t, root+"/logs/2026-11-24/"+tempPrefix+"00", "half")
	a := NewArchiver(testConfig(root, said))
	for i := range 20 {
		submit(t, a, root, fmt.Sprint("log", i), "a line\n")
	}
	if err := a.Submit(job(root+"/none.log", "none", "")); err != nil {
		t.Error(err)
	}
	if err := a.Submit(job(root+"/none.log", "../none", "")); err == nil {
		t.Error("a name that leaves the directory is taken")
	}
	if err := a.Close(background); err != nil {
		t.Error(err)
	}
	if err := a.Submit(job(stale, "late", "")); err == nil || !strings.Contains(err.Error(), "at the next start") {
		t.Errorf("after the end: %v", err)
	}
	got := files(t, root)
	if len(got) != 20 || got["logs/2026-11-25/log7.13:00:00-14:00:00.log.gz"] != "a line\n" {
		t.Errorf("files are %v", got)
	}
	s := a.Stats()
	if s.Archived != 20 || s.Gone != 1 || s.Queued != 0 || s.Failures != 0 || s.Bytes < 20*20 || s.Trouble != "" {
		t.Errorf("stats %+v", s)
	}
	if !strings.Contains(said.String(), "the log is gone") {
		t.Errorf("it said %s", said)
	}
	if err := a.Close(background); err != nil {
		t.Errorf("closed again: %v", err)
	}
}

// A job that fails waits longer each time and ends well when it can.
func TestRetry(t *testing.T) {
	t.Parallel()
	root, said := t.TempDir(), &safeBuffer{}
	inTheWay := write(t, root+"/logs", "")
	config := testConfig(root, said)
	waits, goOn := make(chan time.Duration), make(chan time.Time)
	config.After = func(d time.Duration) <-chan time.Time { waits <- d; return goOn }
	a := NewArchiver(config)
	submit(t, a, root, "conn", "a line\n")
	for _, want := range []time.Duration{1, 2, 4, 8, 16, 30, 30} {
		if got := <-waits; got != want*time.Second {
			t.Errorf("waits %v, want %ds", got, want)
		}
		if s := a.Stats(); s.Queued != 1 || s.Trouble == "" {
			t.Errorf("stats %+v", s)
		}
		goOn <- time.Time{}
	}
	<-waits
	if err := os.Remove(inTheWay); err != nil {
		t.Fatal(err)
	}
	goOn <- time.Time{}
	if err := a.Close(background); err != nil {
		t.Error(err)
	}
	if s := a.Stats(); s.Archived != 1 || s.Failures != 8 || s.Trouble != "" {
		t.Errorf("stats %+v", s)
	}
}

// What fails at the end stays, and Close says so without waiting for a retry.
func TestCloseLeaves(t *testing.T) {
	t.Parallel()
	root, said := t.TempDir(), &safeBuffer{}
	write(t, root+"/logs", "in the way")
	a := NewArchiver(testConfig(root, said))
	for i := range 3 {
		submit(t, a, root, fmt.Sprint("log", i), "a line\n")
	}
	err := a.Close(background)
	if err == nil || !strings.Contains(err.Error(), "cannot archive 3 logs") {
		t.Errorf("error %v", err)
	}
	if n := len(files(t, root+"/spool")); n != 3 {
		t.Errorf("%d logs are left", n)
	}
}

// Close interrupts what takes too long, here the command, and what it started.
func TestCloseInterrupts(t *testing.T) {
	t.Parallel()
	root, said := t.TempDir(), &safeBuffer{}
	config := testConfig(root, said)
	config.PostProcess = []string{"sh", "-c", "sleep 1000 & echo started >" + root + "/started; wait"}
	a := NewArchiver(config)
	submit(t, a, root, "conn", "a line\n")
	submit(t, a, root, "dns", "a line\n")
	waitFor(t, func() bool { _, err := os.Stat(root + "/started"); return err == nil && a.Stats().Archived == 2 })
	ctx, cancel := context.WithCancel(background)
	cancel()
	closed := make(chan error, 1)
	go func() { closed <- a.Close(ctx) }()
	select {
	case err := <-closed:
		if err == nil || !strings.Contains(err.Error(), "nor post-process 1") {
			t.Errorf("error %v", err)
		}
	case <-time.After(time.Minute):
		t.Fatal("the command is waited for")
	}
	if n := len(files(t, root+"/logs")); n != 2 {
		t.Errorf("%d archives", n)
	}
}

func waitFor(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !done(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it takes too long")
		}
	}
}

// The command learns everything about a log; its failure costs no log.
func TestPostProcess(t *testing.T) {
	t.Parallel()
	root, said := t.TempDir(), &safeBuffer{}
	config := testConfig(root, said)
	config.PostProcess = []string{"sh", "-c", `echo "$2 $ZCTL_LOG_FILE $ZCTL_LOG_NAME $ZCTL_LOG_SUFFIX $ZCTL_LOG_OPEN $ZCTL_LOG_CLOSE" >>"$1"
		echo some complaint >&2; test "$ZCTL_LOG_NAME" != dns`, "sh", root + "/out"}
	a := NewArchiver(config)
	for _, stream := range []string{"conn", "dns"} {
		if err := a.Submit(job(write(t, root+"/spool/"+stream+".log", "a line\n"), stream, "logger-1")); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Close(background); err != nil {
		t.Error(err)
	}
	want := ""
	for _, stream := range []string{"conn", "dns"} {
		path := root + "/logs/2026-11-25/" + stream + ".13:00:00-14:00:00-logger-1.log.gz"
		want += path + " " + path + " " + stream + " logger-1 2026-11-25T13:00:00Z 2026-11-25T14:00:00Z\n"
	}
	if got := unpack(t, root+"/out"); got != want {
		t.Errorf("it got %q, want %q", got, want)
	}
	if s := a.Stats(); s.PostProcessed != 2 || s.PostFailures != 1 || s.Archived != 2 {
		t.Errorf("stats %+v", s)
	}
	if log := said.String(); strings.Count(log, "cannot post-process") != 1 || !strings.Contains(log, "some complaint") {
		t.Errorf("it said %s", log)
	}
}

// Whoever runs logs through a command of his own does not want to give it the keys of the bus.
func TestPostProcessGetsNoKeys(t *testing.T) {
	t.Parallel()
	for entry, want := range map[string]bool{
		"ZEEK_CLUSTER_BACKEND_ZEROMQ_CURVE_SERVER_SECRETKEY=x": true,
		"ZEEK_CLUSTER_BACKEND_ZEROMQ_CURVE_CLIENT_SECRETKEY=x": true,
		"PATH=/bin": false, "KEY=ZEEK_CLUSTER_BACKEND_ZEROMQ_CURVE_": false,
	} {
		if isBusKey(entry) != want {
			t.Errorf("%s: %v", entry, !want)
		}
	}
}

// A command that takes too long or is not there is an error.
func TestPostProcessFails(t *testing.T) {
	t.Parallel()
	for want, p := range map[string]postProcess{
		"took more than 10ms": {[]string{"sh", "-c", "sleep 1000 & wait"}, 10 * time.Millisecond},
		"exit status 3":       {[]string{"sh", "-c", "exit 3"}, time.Minute},
		"no-such-command":     {[]string{"/no-such-command"}, time.Minute},
	} {
		if err := p.run(background, Log{Path: "/x"}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	long := postProcess{[]string{"sh", "-c", "yes word | head -c 100000; echo end; exit 1"}, time.Minute}
	if err := long.run(background, Log{Path: "/x"}); err == nil || len(err.Error()) > 2*maxTail || !strings.Contains(err.Error(), "end") {
		t.Errorf("a long complaint: %.3000v", err)
	}
}

// Archiving is below the priority of the rest, which keeps its own.
func TestNice(t *testing.T) {
	t.Parallel()
	var own int
	niced(func() { own = must(unix.Getpriority(unix.PRIO_PROCESS, 0)) })
	rest := must(unix.Getpriority(unix.PRIO_PROCESS, unix.Getpid()))
	if want := max(1, rest-niceStep); own != want {
		t.Errorf("it has priority %d, the process %d", own, rest)
	}
}

// Values are taken in order, by one that waits for them, until the end.
func TestQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newQueue[int]()
		var got []int
		go func() {
			for i, ok := q.take(); ok; i, ok = q.take() {
				got = append(got, i)
			}
		}()
		synctest.Wait()
		for i := range 5 {
			q.put(i)
		}
		synctest.Wait()
		q.close()
		if q.put(9) {
			t.Error("put after close")
		}
		synctest.Wait()
		if fmt.Sprint(got) != "[0 1 2 3 4]" {
			t.Errorf("got %v", got)
		}
	})
	q := newQueue[struct{}]()
	for range maxQueue {
		q.put(struct{}{})
	}
	if q.put(struct{}{}) || q.len() != maxQueue {
		t.Error("a queue without bound")
	}
}
