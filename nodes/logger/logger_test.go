package logger

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zctl/nodes/logwire"
)

// batches is the payloads of the recorded batches, in order.
func batches(t *testing.T) [][]byte {
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

// TestRecordings writes what real Zeek nodes sent and compares it with what a
// real Zeek logger wrote of it.
func TestRecordings(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := New(dir)
	for i, payload := range batches(t) {
		if err := l.Write(payload); err != nil {
			t.Fatalf("batch %d: %v", i, err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob("../logtext/testdata/tsv/*.log")
	if len(files) != 9 {
		t.Fatalf("%d recorded logs", len(files))
	}
	for _, file := range files {
		compare(t, filepath.Join(dir, filepath.Base(file)), file)
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
// written to by the next logger in the same directory.
func TestFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := New(dir)
	l.now = func() time.Time { return time.Date(2026, 11, 20, 10, 6, 11, 0, time.Local) }
	for _, payload := range [][]byte{clusterBatch("cluster", "#a\tb"), clusterBatch("cluster", "-"), clusterBatch("cluster", "", "more")} {
		if err := l.Write(payload); err != nil {
			t.Fatal(err)
		}
	}
	l.Close()
	next := New(dir)
	next.now = l.now
	next.Write(clusterBatch("cluster", `\`))
	next.Close()
	got, err := os.ReadFile(filepath.Join(dir, "cluster.log"))
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

// TestBadBatches: nothing of a bad batch gets into a file, and none outside the
// directory is made.
func TestBadBatches(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := New(dir)
	good := clusterBatch("cluster", "x")
	for _, payload := range [][]byte{
		nil, good[:len(good)-1], append(good, 0),
		clusterBatch("../evil", "x"), clusterBatch("/evil", "x"), clusterBatch(".hidden", "x"), clusterBatch("a\nb", "x"), clusterBatch(strings.Repeat("x", 300), "x"),
	} {
		if err := l.Write(payload); err == nil {
			t.Errorf("%q was written", payload)
		}
	}
	l.Close()
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Errorf("files: %v", entries)
	}
}

func TestDisk(t *testing.T) {
	t.Parallel()
	if err := New("/nonexistent").Write(clusterBatch("cluster", "x")); err == nil || !strings.Contains(err.Error(), `cannot write log "cluster"`) {
		t.Errorf("no directory: %v", err)
	}
	dir := t.TempDir()
	if err := os.Symlink("/dev/full", filepath.Join(dir, "cluster.log")); err != nil {
		t.Fatal(err)
	}
	l := New(dir)
	if err := l.Write(clusterBatch("cluster", "x")); err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("full disk: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Errorf("a file without a header: %v", err)
	}
}
