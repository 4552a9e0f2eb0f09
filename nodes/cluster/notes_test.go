package cluster

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Who cannot write down what happens goes on all the same, and says so when it can.
func TestDiskHangs(t *testing.T) {
	t.Parallel()
	bus, release := NewBus(), make(chan struct{})
	n := newNode(t, "manager", func(o *Options) {
		o.WriteLog = func(time.Time, string) { <-release }
	}).run(t, bus)
	other := newNode(t, "proxy-1", nil).run(t, bus)
	defer close(release)
	await(t, "both are up", func() bool { return n.ActiveNodeCount("proxy") == 1 && other.ActiveNodeCount("manager") == 1 })
	heard := make(chan struct{}, 1)
	if err := Handle(n.Cluster, "Test::ping", func(context.Context) {
		select {
		case heard <- struct{}{}:
		default:
		}
	}); err != nil {
		t.Fatal(err)
	}
	await(t, "a ping", func() bool {
		if err := other.Publish(context.Background(), n.NodeTopic("manager"), "Test::ping"); err != nil {
			t.Fatal(err)
		}
		select {
		case <-heard:
			return true
		default:
			return false
		}
	})
}

func TestWarningsAreDamped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var said syncBuffer
		lines := 0
		n := newNotes(Options{Log: slog.New(slog.NewTextHandler(&said, nil)), WriteLog: func(time.Time, string) { lines++ }})
		stop, done := make(chan struct{}), make(chan struct{})
		go func() { defer close(done); n.run(stop) }()
		for i := range 1000 {
			n.add(true, fmt.Sprint("stranger ", i))
			n.add(false, "line")
		}
		synctest.Wait()
		time.Sleep(3 * warnInterval)
		n.add(true, "one", "two", "three", "four")
		close(stop)
		<-done
		if got := strings.Count(said.String(), "\n"); got != warnBurst+3 || !strings.Contains(said.String(), "msg=one suppressed=980\n") || lines != 1000 {
			t.Errorf("%d warnings, %d lines:\n%s", got, lines, said.String())
		}
	})
}

func TestNotesThatNobodyWrites(t *testing.T) {
	t.Parallel()
	var said syncBuffer
	n := newNotes(Options{Log: slog.New(slog.NewTextHandler(&said, nil)), WriteLog: func(time.Time, string) {}})
	for range maxNotes + 5 {
		n.add(false, "line")
	}
	stop := make(chan struct{})
	close(stop)
	n.run(stop)
	if !strings.Contains(said.String(), "lines=5") || len(n.waiting) > 0 {
		t.Errorf("got %q, %d wait", said.String(), len(n.waiting))
	}
}

func TestQueueIsBoundedInBytes(t *testing.T) {
	t.Parallel()
	q := newQueue(-1)
	for i, want := range []bool{true, false, false} { // the first is alone
		if got := q.put(Received{size: maxQueued + 1}); got != want {
			t.Errorf("event %d: taken %v", i, got)
		}
	}
	q.take(nil)
	taken := 0
	for q.put(Received{size: maxQueued / 4}) {
		taken++
	}
	if taken != 4 || !q.put(Received{local: true}) {
		t.Errorf("%d taken", taken)
	}
}
