package logger

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"zctl/nodes/logwire"
)

// watched is a receipt that notes what it is told, and what was in a file by then.
type watched struct {
	file string
	text string

	done, arrived atomic.Int32
	found         atomic.Bool
}

func (w *watched) Done()       { w.done.Add(1) }
func (w *watched) Asked() bool { return true }
func (w *watched) Arrived() {
	all, _ := os.ReadFile(w.file)
	w.found.Store(strings.Contains(string(all), w.text))
	w.arrived.Add(1)
}

// TestReceipts: who waits for a batch learns of it when it is in all its files, and soon,
// however seldom the logger writes otherwise.
func TestReceipts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l, end := start(t, Options{Dir: dir, FlushInterval: time.Hour, Text: Text{Format: Both}})
	const each = 200
	var all []*watched
	var sending sync.WaitGroup
	for s := range 3 {
		for i := range each {
			w := &watched{file: filepath.Join(dir, fmt.Sprintf("log%d.log", i%5)), text: fmt.Sprintf("\n%d-%d\n", s, i)}
			all = append(all, w)
		}
		mine := all[len(all)-each:]
		sending.Go(func() {
			for i, w := range mine {
				l.Receive(fmt.Sprint(s), clusterBatch(fmt.Sprintf("log%d", i%5), strings.TrimSpace(w.text)), w)
			}
		})
	}
	sending.Wait()
	for _, w := range all {
		await(t, "a batch to arrive", func() bool { return w.arrived.Load() > 0 })
	}
	if err := end(); err != nil {
		t.Fatal(err)
	}
	for i, w := range all {
		if w.done.Load() != 1 || w.arrived.Load() != 1 || !w.found.Load() {
			t.Errorf("batch %d: done %d times, arrived %d times, found then: %v", i, w.done.Load(), w.arrived.Load(), w.found.Load())
		}
	}
}

// TestReceiptsOfOthers: what nobody wants or nobody can write has arrived, too: sent
// again it would be no better. What a full disk kept from its file has not.
func TestReceiptsOfOthers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "inway.log"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/dev/full", filepath.Join(dir, "full.log")); err != nil {
		t.Fatal(err)
	}
	l, err := New(Options{Dir: dir, Text: Text{Exclude: []string{"unwanted"}}})
	if err != nil {
		t.Fatal(err)
	}
	good := clusterBatch("good", "x")
	for _, test := range []struct {
		name    string
		payload []byte
	}{
		{"malformed", good[:len(good)-1]}, {"unwanted", clusterBatch("unwanted", "x")}, {"in the way", clusterBatch("inway", "x")}, {"empty", logwire.NewBatch(logwire.Header{
			Stream: "S", Path: "good", Fields: []logwire.Field{{Name: "s", Type: logwire.TypeString}},
		}).Payload()},
	} {
		w := &watched{}
		l.Receive(test.name, test.payload, w)
		await(t, test.name, func() bool { return w.arrived.Load() == 1 && w.done.Load() == 1 })
	}
	lost := l.Stats().LostBytes
	w := &watched{}
	l.Receive("full", clusterBatch("full", strings.Repeat("x", 1000)), w)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := l.Close(ctx); err == nil {
		t.Error("nothing was lost")
	}
	if w.arrived.Load() != 0 || w.done.Load() != 1 {
		t.Errorf("of a full disk: arrived %d times, done %d times", w.arrived.Load(), w.done.Load())
	}
	if n := l.Stats().LostBytes - lost; n > 1000 {
		t.Errorf("%d bytes are said to be lost that somebody still has", n)
	}
	if err := l.Receive("late", good, w); !errors.Is(err, ErrClosed) {
		t.Errorf("a closed logger: %v", err)
	}
}

// doubles is a batch whose text is eighteen times as long.
func doubles(path string, records, each int) []byte {
	b := logwire.NewBatch(logwire.Header{Stream: "S", Path: path, Fields: []logwire.Field{
		{Name: "n", Type: logwire.TypeCount}, {Name: "d", Type: logwire.TypeVector, Subtype: logwire.TypeDouble},
	}})
	for n := range records {
		b.AppendCount(uint64(n))
		b.AppendVector(each)
		for range each {
			b.AppendDouble(-math.MaxFloat64)
		}
		b.EndRecord()
	}
	return b.Payload()
}

// TestLongText: a batch that makes very much text is written whole, in its place, with
// little of the text in memory; one that is bad at its end is not written at all.
func TestLongText(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l, end := start(t, Options{Dir: dir})
	const records, each = 40, 500
	long := doubles("long", records, each)
	w := &watched{file: filepath.Join(dir, "long.log"), text: fmt.Sprintf("\n%d\t-179", records-1)}
	l.Receive("one", doubles("long", 1, 0), nil)
	l.Receive("one", long, w)
	l.Receive("one", append(long[:len(long):len(long)], 0), nil)
	l.Receive("one", doubles("long", 1, 0), nil)
	await(t, "the batch to arrive", func() bool { return w.arrived.Load() == 1 })
	for _, f := range l.open() {
		f.mu.Lock()
		if cap(f.text) > 8*chunk {
			t.Errorf("%d bytes of text are kept", cap(f.text))
		}
		f.mu.Unlock()
	}
	if err := end(); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, line := range logLines(t, w.file) {
		if line != "" && line[0] != '#' {
			got = append(got, line)
		}
	}
	if len(got) != records+2 || !w.found.Load() || got[0] != "0\t(empty)" || got[records+1] != got[0] {
		t.Fatalf("%d lines, found %v", len(got), w.found.Load())
	}
	for n, line := range got[1 : records+1] {
		if !strings.HasPrefix(line, fmt.Sprint(n, "\t-179")) || strings.Count(line, ",") != each-1 {
			t.Errorf("line %d: %.50q", n, line)
		}
	}
	if s := l.Stats(); s.Malformed != 1 || s.Records != records+2 {
		t.Errorf("counted %+v", s)
	}
}

// TestTextIsBounded: the text of many logs that waits for more is bounded together.
func TestTextIsBounded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l, end := start(t, Options{Dir: dir, Memory: 1 << 20, FlushInterval: time.Hour})
	const logs = 100
	for i := range 5 * logs {
		l.Write("s", clusterBatch(fmt.Sprint("log", i%logs), fmt.Sprintf("0 %d %s", i/logs, strings.Repeat("x", 10_000))))
	}
	await(t, "all to be formatted", func() bool { return l.Stats().Memory == 0 })
	if held := l.waiting.held.Load(); held > l.waiting.most || held == 0 {
		t.Errorf("%d bytes wait, %d may", held, l.waiting.most)
	}
	if err := end(); err != nil {
		t.Fatal(err)
	}
	for i := range logs {
		checkOrder(t, filepath.Join(dir, fmt.Sprintf("log%d.log", i)), 1, 5)
	}
}

// TestHeadersAreBounded: endless schemas and logs fill no memory.
func TestHeadersAreBounded(t *testing.T) {
	t.Parallel()
	l, end := start(t, Options{Dir: t.TempDir(), Memory: 1 << 20})
	name := strings.Repeat("f", 200)
	var fields []string
	for i := range 150 {
		fields = append(fields, fmt.Sprint(name, i))
	}
	for i := range 30 {
		l.Write("s", clusterBatch(fmt.Sprint("log", i), "x", fields...))
		l.Write("s", clusterBatch("same", "x", append(fields, fmt.Sprint(i))...))
	}
	await(t, "all", func() bool { s := l.Stats(); return s.Malformed+s.Records == 60 })
	if s := l.Stats(); s.Malformed == 0 || s.Records < 30 {
		t.Errorf("counted %+v", s)
	}
	if l.headers > l.headerMemory() || l.keys > l.headerMemory() {
		t.Errorf("%d bytes of headers in files, %d in all", l.headers, l.keys)
	}
	if err := end(); err != nil {
		t.Fatal(err)
	}
}
