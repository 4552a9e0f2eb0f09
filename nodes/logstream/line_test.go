package logstream

import (
	"strings"
	"testing"

	"zctl/nodes/logwire"
)

// wordy is a record that may be too long in every way.
type wordy struct {
	Text  string              `log:"text"`
	Bytes []byte              `log:"bytes"`
	Kind  string              `log:"kind,enum"`
	Tags  []string            `log:"tags"`
	Set   map[uint64]struct{} `log:"set"`
	A     []uint64            `log:"a"`
	B     []uint64            `log:"b"`
	C     []uint64            `log:"c"`
	D     []uint64            `log:"d"`
}

// Of what is too long the beginning is sent, and the rest counted.
func TestTruncates(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", maxText+1)
	counts := make([]uint64, 150)
	set := map[uint64]struct{}{}
	for i := range 101 {
		set[uint64(i)] = struct{}{}
	}
	tags := make([]string, 101)
	for i := range tags {
		tags[i] = long
	}
	record := wordy{Text: long, Bytes: []byte(long), Kind: long, Tags: tags, Set: set, A: counts, B: counts[:100], C: counts, D: counts}
	s := NewSender(Options{Records: 1 << 30})
	w, err := New[wordy](s, ID{Stream: "W::LOG", Path: "w"})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(record); err != nil {
		t.Fatal(err)
	}
	_, r, err := logwire.Parse(w.batch.Payload())
	if err != nil {
		t.Fatal(err)
	}
	lengths := []int{len(r.Next().Bytes), len(r.Next().Bytes), len(r.Next().Bytes)}
	texts := 0
	for range 6 {
		v := r.Next()
		lengths = append(lengths, int(v.Count))
		for range v.Count {
			texts += len(r.Next().Bytes)
		}
	}
	if err := r.End(); err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{maxText, maxText, maxText + 1, 100, 100, 100, 100, 100, 0} {
		if lengths[i] != want {
			t.Errorf("field %d has %d, want %d", i, lengths[i], want)
		}
	}
	if texts != maxTexts-2*maxText {
		t.Errorf("strings in a vector have %d bytes", texts)
	}
	if cut := s.Stats().Truncated; cut != (Truncated{Strings: 2 + 100, Containers: 5}) {
		t.Errorf("counted %+v", cut)
	}
	if err := w.Write(wordy{Text: "short"}); err != nil || s.Stats().Truncated.Strings != 102 {
		t.Errorf("the next record is cut, too: %+v, %v", s.Stats().Truncated, err)
	}
}
