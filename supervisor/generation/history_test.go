package generation

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// named is a generation called by one letter.
func named(letter string) string {
	return strings.Repeat(strings.Map(func(r rune) rune { return r - 'A' + 'a' }, letter), 2*digestBytes)
}

// TestPrevious: a rollback goes back through what was deployed, and never to what was
// rolled back.
func TestPrevious(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ history, want string }{
		{"", ""},
		{"A", ""},
		{"A A", ""},
		{"A B", "A"},
		{"A B B", "A"},
		{"A B C", "B"},
		{"A B C <B", "A"},
		{"A B C <B <A", ""},
		{"A B C <B D", "B"},
		{"A B A", "B"},
		{"A B A <B", "A"},
		{"A B C <A", ""},
		{"A B C <D", "C"}, // not of the history any more, but kept
		{"A <A", ""},
		{"A B C!", "A"}, // of which nothing came
		{"A B C <B!", "B"},
	} {
		var history []Record
		for _, word := range strings.Fields(test.history) {
			r := Record{Verb: "deploy"}
			word, r.Void = strings.CutSuffix(word, "!")
			letter, back := strings.CutPrefix(word, "<")
			if back {
				r.Verb = VerbRollback
			}
			r.Generation = named(letter)
			history = append(history, r)
		}
		want := ""
		if test.want != "" {
			want = named(test.want)
		}
		if got := Previous(history); got != want {
			t.Errorf("after %s: %.1q, want %q", test.history, got, test.want)
		}
	}
}

// TestHistory: what is written down is read again, whatever a power cut did to it.
func TestHistory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store := At(dir)
	if all, err := store.History(); len(all) != 0 || err != nil {
		t.Errorf("before anything: %v, %v", all, err)
	}
	at := time.Unix(1_800_000_000, 5).UTC()
	first := Record{Time: at, Generation: named("A"), Verb: "deploy", UID: 7, For: "jo"}
	id, err := store.Begin(first)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.End(id, "5 of 5 nodes ready", true, 1500*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	second := Record{Time: at.Add(time.Hour), Generation: named("B"), From: named("A"), Verb: VerbRollback}
	if second.ID, err = store.Begin(second); err != nil {
		t.Fatal(err)
	}
	first.ID, first.Outcome, first.OK, first.Seconds = id, "5 of 5 nodes ready", true, 1.5
	want := []Record{first, second}
	got, err := store.History()
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
	f, err := os.OpenFile(store.history(), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"id":3,"ti`); err != nil {
		t.Fatal(err)
	}
	f.Close()
	third := Record{Time: at.Add(2 * time.Hour), Generation: named("C"), From: named("B"), Verb: "deploy"}
	if third.ID, err = store.Begin(third); err != nil {
		t.Fatal(err)
	}
	want = append(want, third)
	if got, err = store.History(); err != nil || !slices.Equal(got, want) {
		t.Errorf("behind half a line: %+v, %v", got, err)
	}
	if recent := Recent(got); !slices.Equal(recent, []string{named("C"), named("B"), named("A")}) {
		t.Errorf("recent: %v", recent)
	}

	// A long one is continued in a new file, and still read.
	if err := os.Truncate(store.history(), maxHistory+1); err != nil {
		t.Fatal(err)
	}
	fourth := third
	fourth.Time = at.Add(3 * time.Hour)
	if fourth.ID, err = store.Begin(fourth); err != nil {
		t.Fatal(err)
	}
	if got, err = store.History(); err != nil || !slices.Equal(got, append(want, fourth)) {
		t.Errorf("after rotation: %+v, %v", got, err)
	}
	if info, err := os.Stat(filepath.Join(dir, "history.jsonl")); err != nil || info.Size() > 1000 {
		t.Errorf("%v, %v", info.Size(), err)
	}
}

// FuzzHistory: whatever is in the file, records are whole, each is there once, and a
// rollback leads to one of them or nowhere.
func FuzzHistory(f *testing.F) {
	f.Add([]byte(`{"id":1,"time":"2026-01-02T03:04:05Z","generation":"` + named("A") + `","verb":"deploy","uid":0}
{"id":1,"outcome":"5 of 5 nodes ready","ok":true,"seconds":1.5}
{"id":2,"generation":"` + named("B") + `","from":"` + named("A") + `","verb":"rollback"}
{"id":2,"void":true,"outcome":"x"}
{"id":3,"ti`))
	f.Add([]byte("null\n[]\n{}\n{\"id\":-1,\"generation\":\"../..\"}\n"))
	f.Fuzz(func(t *testing.T, lines []byte) {
		records := parseHistory(lines)
		seen := map[int64]bool{}
		for _, r := range records {
			if seen[r.ID] || !Valid(r.Generation) {
				t.Errorf("%+v", r)
			}
			seen[r.ID] = true
		}
		recent := Recent(records)
		if previous := Previous(records); previous != "" && !slices.Contains(recent, previous) {
			t.Errorf("previous is %s, of %v", previous, recent)
		}
	})
}
