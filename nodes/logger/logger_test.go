package logger

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"zctl/nodes/archive"
	"zctl/nodes/logwire"
)

// batches is the payloads of the recorded batches, in order.
func batches(t testing.TB) [][]byte {
	t.Helper()
	f, err := os.Open("../logwire/testdata/batches.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all [][]byte
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 8<<20)
	for lines.Scan() {
		var b struct {
			Frames []string `json:"frames_hex"`
		}
		if err := json.Unmarshal(lines.Bytes(), &b); err != nil {
			t.Fatal(err)
		}
		payload, err := hex.DecodeString(b.Frames[3])
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, payload)
	}
	return all
}

// start starts a logger that ends with the test, if end has not been called.
func start(t *testing.T, o Options) (l *Logger, end func() error) {
	t.Helper()
	l, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	end = func() (err error) {
		once.Do(func() {
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			err = l.Close(ctx)
		})
		return err
	}
	t.Cleanup(func() { end() })
	return l, end
}

// patience is how long a test waits for what must happen.
const patience = time.Minute

func await(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited too long: %s", what)
		}
	}
}

// TestRecordings writes what real Zeek nodes sent and compares it with what a
// real Zeek logger wrote of it.
func TestRecordings(t *testing.T) {
	t.Parallel()
	for _, format := range []Format{TSV, JSON, Both} {
		dir := t.TempDir()
		l, end := start(t, Options{Dir: dir, Text: Text{Format: format}})
		for _, payload := range batches(t) {
			if err := l.Write("worker", payload); err != nil {
				t.Fatal(err)
			}
		}
		if err := end(); err != nil {
			t.Fatal(err)
		}
		if format != JSON {
			compareAll(t, dir, "tsv", ".log")
		}
		switch format {
		case JSON:
			compareAll(t, dir, "json", ".log")
		case Both:
			compareAll(t, dir, "json", ".json.log")
		}
	}
}

func compareAll(t *testing.T, dir, want, ext string) {
	t.Helper()
	files, _ := filepath.Glob("../logtext/testdata/" + want + "/*.log")
	if len(files) != 9 {
		t.Fatalf("%d recorded logs", len(files))
	}
	for _, file := range files {
		compare(t, filepath.Join(dir, strings.TrimSuffix(filepath.Base(file), ".log")+ext), file)
	}
}

// compare compares two logs but for the times of their opening and closing.
func compare(t *testing.T, gotFile, wantFile string) {
	t.Helper()
	got, want := logLines(t, gotFile), logLines(t, wantFile)
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got) || i >= len(want):
			t.Errorf("%s: %d lines, want %d", gotFile, len(got), len(want))
			return
		case got[i] != want[i]:
			t.Errorf("%s:%d:\ngot  %q\nwant %q", gotFile, i+1, got[i], want[i])
			return
		}
	}
}

func logLines(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	for i, line := range lines {
		for _, mark := range []string{"#open\t", "#close\t"} {
			if strings.HasPrefix(line, mark) {
				lines[i] = mark
			}
		}
	}
	return lines
}

// valuesOf is how many bytes of a batch its records have.
func valuesOf(batch []byte) int {
	_, records, _ := logwire.Parse(batch)
	return len(records.Rest())
}

func clusterBatch(path, message string, fields ...string) []byte {
	h := logwire.Header{Stream: "Cluster::LOG", Writer: "Log::WRITER_ASCII", Filter: "default", Path: path}
	for _, name := range append([]string{"message"}, fields...) {
		h.Fields = append(h.Fields, logwire.Field{Name: name, Type: logwire.TypeString})
	}
	b := logwire.NewBatch(h)
	for range h.Fields {
		b.AppendString(message)
	}
	b.EndRecord()
	return b.Payload()
}

// TestFile shows a whole file: opened, written with two schemas, closed, and
// written to by the next logger in the same directory, which cuts off what the one
// before it could not finish.
func TestFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "cluster.log")
	at := func() time.Time { return time.Date(2026, 11, 20, 10, 6, 11, 0, time.Local) }
	l, end := start(t, Options{Dir: dir, Now: at})
	for _, payload := range [][]byte{clusterBatch("cluster", "#a\tb"), clusterBatch("cluster", "-"), clusterBatch("cluster", "", "more")} {
		l.Write("w", payload)
	}
	if err := end(); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteString("torn li")
	f.Close()
	next, end := start(t, Options{Dir: dir, Now: at})
	next.Write("w", clusterBatch("cluster", `\`))
	if err := end(); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const head = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tcluster\n#open\t2026-11-20-10-06-11\n"
	want := head + "#fields\tmessage\n#types\tstring\n" + `\x23a\x09b` + "\n" + `\x2d` + "\n" +
		head + "#fields\tmessage\tmore\n#types\tstring\tstring\n(empty)\t(empty)\n#close\t2026-11-20-10-06-11\n" +
		head + "#fields\tmessage\n#types\tstring\n" + `\\` + "\n#close\t2026-11-20-10-06-11\n"
	if string(got) != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// TestBadBatches: nothing of a bad batch gets into a file, none outside the
// directory is made, and each sender is reported once, with what is wrong and where.
func TestBadBatches(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var said strings.Builder
	l, end := start(t, Options{Dir: dir, Log: slog.New(slog.NewTextHandler(&said, nil))})
	good := clusterBatch("cluster", "x")
	none := slices.Concat(good[:len(good)-valuesOf(good)-recordCount], make([]byte, recordCount)) // which is not bad
	bad := [][]byte{
		nil, good[:len(good)-1], append(good, 0), append(slices.Clone(none), 0),
		clusterBatch("../evil", "x"), clusterBatch("/evil", "x"), clusterBatch(".hidden", "x"), clusterBatch("a\nb", "x"), clusterBatch(strings.Repeat("x", 300), "x"),
		clusterBatch("", "x"), clusterBatch("stderr", "x"),
	}
	for i, payload := range bad {
		l.Write([]string{"one", "two"}[i%2], payload)
	}
	if err := end(); err != nil {
		t.Fatal(err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Errorf("files: %v", entries)
	}
	if s := l.Stats(); s.Malformed != uint64(len(bad)) || s.Batches != uint64(len(bad)) || s.Records != 0 || s.Memory != 0 {
		t.Errorf("counted %+v", s)
	}
	if n := strings.Count(said.String(), "\n"); n != 2 || !strings.Contains(said.String(), "sender=two err=\"cannot decode log batch: offset 101: ") {
		t.Errorf("said %d lines:\n%s", n, said.String())
	}
	if err := l.Write("one", good); !errors.Is(err, ErrClosed) {
		t.Errorf("a closed logger: %v", err)
	}
}

// TestOrder: however many workers there are, the records of each sender stay in order.
func TestOrder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l, end := start(t, Options{Dir: dir, Workers: 8, Memory: 10000})
	const senders, each = 5, 400
	var all sync.WaitGroup
	for s := range senders {
		all.Go(func() {
			for i := range each {
				l.Write(fmt.Sprint("sender", s), clusterBatch("cluster", fmt.Sprintf("%d %d", s, i)))
			}
		})
	}
	all.Wait()
	if err := end(); err != nil {
		t.Fatal(err)
	}
	checkOrder(t, filepath.Join(dir, "cluster.log"), senders, each)
}

// checkOrder checks that the lines "sender number" of some files together are all
// there, and in order.
func checkOrder(t *testing.T, file string, senders, each int) {
	t.Helper()
	next := make([]int, senders)
	for _, line := range logLines(t, file) {
		var s, i int
		if n, _ := fmt.Sscanf(line, "%d %d", &s, &i); n != 2 {
			continue
		}
		if i != next[s] {
			t.Fatalf("%s: sender %d has record %d, want %d", file, s, i, next[s])
		}
		next[s]++
	}
	for s, n := range next {
		if n != each {
			t.Errorf("%s: %d records of sender %d, want %d", file, n, s, each)
		}
	}
}

// TestDiskAway: while files cannot be written, the logger takes what its memory allows
// and no more, says so, and goes on when they can, without a loss.
func TestDiskAway(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "later")
	l, end := start(t, Options{Dir: dir, Memory: 20000, FlushInterval: 10 * time.Millisecond})
	const each = 2000
	written := make(chan struct{})
	go func() {
		defer close(written)
		for i := range each {
			l.Write("s", clusterBatch("cluster", fmt.Sprintf("0 %d %s", i, strings.Repeat("x", 1000))))
		}
	}()
	await(t, "trouble", func() bool { return strings.Contains(l.Stats().Trouble, "no such file or directory") })
	await(t, "memory is used up", func() bool { return l.Stats().Memory > 10000 })
	select {
	case <-written:
		t.Fatal("all was taken")
	case <-time.After(50 * time.Millisecond):
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	<-written
	if err := end(); err != nil {
		t.Fatal(err)
	}
	checkOrder(t, filepath.Join(dir, "cluster.log"), 1, each)
	if s := l.Stats(); s.Trouble != "" || s.LostBytes != 0 {
		t.Errorf("left %+v", s)
	}
}

// TestCloseTwice: the second time does nothing, whatever becomes of its context.
func TestCloseTwice(t *testing.T) {
	t.Parallel()
	l, end := start(t, Options{Dir: t.TempDir()})
	if err := end(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	if err := l.Close(ctx); err != nil {
		t.Error(err)
	}
	ended := make(chan struct{})
	context.AfterFunc(ctx, func() { close(ended) })
	cancel()
	<-ended
	time.Sleep(time.Millisecond) // it would panic in a goroutine of its own
}

// TestDiskFull: what a full disk does not take is lost only at the end, and said.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Symlink("/dev/full", filepath.Join(dir, "cluster.log")); err != nil {
		t.Fatal(err)
	}
	l, err := New(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	l.Write("s", clusterBatch("cluster", "x"))
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := l.Close(ctx); err == nil || !strings.Contains(err.Error(), "could not be written") {
		t.Errorf("closed with %v", err)
	}
	if s := l.Stats(); s.LostBytes == 0 || !strings.Contains(s.Trouble, "no space left") {
		t.Errorf("counted %+v", s)
	}
}

// TestFileInTheWay: a log that cannot be written for a reason of its own is lost, and
// counted; the others go on.
func TestFileInTheWay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "conn.log"), 0o755); err != nil {
		t.Fatal(err)
	}
	l, end := start(t, Options{Dir: dir})
	l.Write("s", clusterBatch("conn", "x"))
	l.Write("s", clusterBatch("cluster", "0 0"))
	if err := end(); err == nil || !strings.Contains(err.Error(), "could not be written") {
		t.Errorf("closed with %v", err)
	}
	checkOrder(t, filepath.Join(dir, "cluster.log"), 1, 1)
	if s := l.Stats(); s.LostBytes == 0 || !strings.Contains(s.Trouble, "is a directory") {
		t.Errorf("counted %+v", s)
	}
}

// jobs is an archiver that keeps what it gets.
type jobs struct {
	mu  sync.Mutex
	all []archive.Job
}

func (j *jobs) Submit(job archive.Job) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.all = append(j.all, job)
	return nil
}

// TestRotation: files that have grown to a size, or are told to, are closed and handed
// on whole, and no record is lost in between.
func TestRotation(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var archived jobs
	l, end := start(t, Options{Dir: dir, Rotation: &Rotation{Size: 200 << 10, Suffix: "logger-1", Archiver: &archived}})
	const each = 1000
	for i := range each {
		l.Write("s", clusterBatch("cluster", fmt.Sprintf("0 %d %s", i, strings.Repeat("x", 1000))))
		if i == each/2 {
			await(t, "half is there", func() bool { return l.Stats().Records > each/2 })
			if n, err := l.Rotate(); n != 1 || err != nil {
				t.Fatalf("rotated %d files, %v", n, err)
			}
		}
	}
	if err := end(); err != nil {
		t.Fatal(err)
	}
	if len(archived.all) < 4 {
		t.Errorf("%d files", len(archived.all))
	}
	var text []byte
	for _, job := range archived.all {
		part, err := os.ReadFile(job.File)
		if err != nil {
			t.Fatal(err)
		}
		if job.Stream != "cluster" || job.Suffix != "logger-1" || job.Ext != ".log" || job.Open.IsZero() || job.Close.Before(job.Open) {
			t.Errorf("job %+v", job)
		}
		if !strings.HasPrefix(string(part), "#separator") || !strings.Contains(string(part[len(part)-40:]), "\n#close\t") {
			t.Errorf("%s is not whole: %q … %q", job.File, part[:40], part[len(part)-40:])
		}
		text = append(text, part...)
	}
	whole := filepath.Join(t.TempDir(), "whole")
	os.WriteFile(whole, text, 0o644)
	checkOrder(t, whole, 1, each)
	if left, _ := filepath.Glob(filepath.Join(dir, "*.log")); len(left) != 0 {
		t.Errorf("left over: %v", left)
	}
}

// TestNextRotation: rotations are at multiples of the interval since midnight.
func TestNextRotation(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 25, 13, 17, 5, 0, time.Local)
	for _, test := range []struct {
		interval time.Duration
		want     string
	}{
		{0, "0001-01-01 00:00:00"}, {time.Hour, "2026-11-25 14:00:00"}, {15 * time.Minute, "2026-11-25 13:30:00"},
		{7 * time.Hour, "2026-11-25 14:00:00"}, {11 * time.Hour, "2026-11-25 22:00:00"}, {14 * time.Hour, "2026-11-25 14:00:00"},
		{24 * time.Hour, "2026-11-26 00:00:00"}, {100 * time.Hour, "2026-11-26 00:00:00"},
	} {
		if got := (&Rotation{Interval: test.interval}).after(now).Format(time.DateTime); got != test.want {
			t.Errorf("every %v: %s, want %s", test.interval, got, test.want)
		}
	}
	if late := (&Rotation{Interval: 11 * time.Hour}).after(now.Add(9 * time.Hour)).Format(time.DateTime); late != "2026-11-26 00:00:00" {
		t.Errorf("the last one of a day ends %s", late)
	}
}

// TestText: which logs are written as what, and what is refused.
func TestText(t *testing.T) {
	t.Parallel()
	text := Text{Format: JSON, Streams: map[string]Format{"dns": Both, "http": TSV}, Include: []string{"dns", "http", "c*"}, Exclude: []string{"capture_loss"}}
	for log, want := range map[string]string{"conn": ".log:true", "dns": ".log:false .json.log:true", "http": ".log:false", "ssl": "", "capture_loss": ""} {
		var got []string
		for _, k := range text.of(log) {
			got = append(got, fmt.Sprintf("%s:%v", k.ext, k.options.UseJSON))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", log, got, want)
		}
	}
	for _, bad := range []Text{{Format: "xml"}, {Streams: map[string]Format{"a": "xml"}}, {Include: []string{"["}}} {
		if _, err := New(Options{Text: bad}); err == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
}
