package event

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"
)

// recording is an event recorded from Zeek 8.1.2, a line of
// testdata/events.jsonl.
type recording struct {
	Name       string `json:"event"`
	PayloadHex string `json:"payload_hex"`
	JSON       string `json:"json"`
	JSONHex    string `json:"json_hex"` // instead of JSON where that is not UTF-8
}

func (r recording) bin(t testing.TB) []byte { return unhex(t, r.PayloadHex) }

func (r recording) json(t testing.TB) []byte {
	if r.JSONHex != "" {
		return unhex(t, r.JSONHex)
	}
	return []byte(r.JSON)
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func recordings(t testing.TB) []recording {
	t.Helper()
	f, err := os.Open("testdata/events.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []recording
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r recording
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	if len(all) != 85 {
		t.Fatalf("%d recordings, want 85", len(all))
	}
	return all
}

// recorded is the recorded events, decoded.
func recorded(t testing.TB) []Event {
	t.Helper()
	var all []Event
	for _, r := range recordings(t) {
		e, err := Decode(FormatBin, r.bin(t))
		if err != nil {
			t.Fatalf("%s: %v", r.PayloadHex, err)
		}
		all = append(all, e)
	}
	return all
}

// corpus is inputs that fuzzing found worth keeping, each of which covers what no
// recording does: lines of quoted text in testdata/corpus.
func corpus(t testing.TB, name string) []string {
	t.Helper()
	file, err := os.ReadFile("testdata/corpus/" + name + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for line := range strings.Lines(string(file)) {
		s, err := strconv.Unquote(strings.TrimSpace(line))
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		all = append(all, s)
	}
	return all
}
