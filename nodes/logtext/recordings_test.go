package logtext

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"zctl/nodes/logwire"
)

// batch is a recorded batch, taken apart.
type batch struct {
	logwire.Header
	records []byte
	n       int
}

// recorded is the batches of Zeek 8.1.2 nodes, in order.
func recorded(t testing.TB) (all []batch) {
	t.Helper()
	f, err := os.Open("../logwire/testdata/batches.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 8<<20)
	for lines.Scan() {
		var line struct {
			Frames []string `json:"frames_hex"`
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		payload, err := hex.DecodeString(line.Frames[3])
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, parse(t, payload))
	}
	if len(all) < 9 {
		t.Fatalf("only %d batches", len(all))
	}
	return all
}

func parse(t testing.TB, payload []byte) batch {
	t.Helper()
	header, r, err := logwire.Parse(payload)
	if err != nil {
		t.Fatal(err)
	}
	return batch{header, r.Rest(), r.Records}
}

// TestRecordings: of what real nodes sent we make what a real logger made.
func TestRecordings(t *testing.T) {
	t.Parallel()
	for dir, options := range map[string]Options{"tsv": Defaults(), "json": jsonOptions()} {
		files, _ := filepath.Glob("testdata/" + dir + "/*.log")
		if len(files) != 9 {
			t.Fatalf("%d recorded logs in %s", len(files), dir)
		}
		texts := format(t, recorded(t), options)
		for _, file := range files {
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			path := strings.TrimSuffix(filepath.Base(file), ".log")
			compare(t, file, string(texts[path]), timeless(string(want)))
		}
	}
}

// format makes the text of whole logs.
func format(t *testing.T, batches []batch, options Options) map[string][]byte {
	t.Helper()
	moment := time.Date(2026, 11, 20, 10, 6, 11, 0, time.UTC)
	texts, formatters := map[string][]byte{}, map[string]*Formatter{}
	for _, b := range batches {
		f, err := New(b.Header, options)
		if err != nil {
			t.Fatal(err)
		}
		if formatters[b.Path] == nil {
			formatters[b.Path] = f
			texts[b.Path] = f.AppendHeader(nil, moment)
		}
		if texts[b.Path], err = f.Append(texts[b.Path], b.records, b.n); err != nil {
			t.Fatal(err)
		}
	}
	for path, f := range formatters {
		texts[path] = f.AppendFooter(texts[path], moment)
	}
	return texts
}

// timeless replaces the times in #open and #close by the one that format uses.
func timeless(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if name, _, ok := strings.Cut(line, "\t"); ok && (name == "#open" || name == "#close") {
			lines[i] = name + "\t2026-11-20-10-06-11"
		}
	}
	return strings.Join(lines, "\n")
}

func compare(t *testing.T, name, got, want string) {
	t.Helper()
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			t.Errorf("%s:%d:\ngot  %q\nwant %q", name, i+1, g[i], w[i])
			return
		}
	}
	if len(g) != len(w) {
		t.Errorf("%s: %d lines, want %d", name, len(g), len(w))
	}
}

// TestNoAllocations: nothing is allocated for records, whatever their number.
func TestNoAllocations(t *testing.T) {
	for _, options := range []Options{Defaults(), jsonOptions()} {
		for _, b := range recorded(t) {
			f, err := New(b.Header, options)
			if err != nil {
				t.Fatal(err)
			}
			text, _ := f.Append(nil, b.records, b.n)
			text = bytes.Clone(text)
			if allocs := testing.AllocsPerRun(10, func() { text, _ = f.Append(text[:0], b.records, b.n) }); allocs != 0 {
				t.Errorf("%s: %v allocations", b.Path, allocs)
			}
		}
	}
}

// TestConcurrent: one formatter serves several goroutines.
func TestConcurrent(t *testing.T) {
	t.Parallel()
	b := recorded(t)[0]
	f, err := New(b.Header, jsonOptions())
	if err != nil {
		t.Fatal(err)
	}
	want, err := f.Append(nil, b.records, b.n)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 100 {
				if got, err := f.Append(nil, b.records, b.n); err != nil || !bytes.Equal(got, want) {
					t.Errorf("got %q, %v, want %q", got, err, want)
				}
			}
		})
	}
	all.Wait()
}
