package logtext

import (
	"bytes"
	"encoding/hex"
	"testing"

	"zctl/nodes/logwire"
)

// FuzzAppend: whatever the records, nothing panics, and either the text is what
// the reference makes of them or both refuse them, with dst as it was.
func FuzzAppend(f *testing.F) {
	header := func(b batch) []byte { return logwire.NewBatch(b.Header).Payload() }
	for _, b := range recorded(f) {
		if b.n < 20 || b.Path == "zv" {
			f.Add(header(b), b.records, b.n)
		}
	}
	all := everything()
	f.Add(header(all), all.records, all.n)
	f.Fuzz(func(t *testing.T, header, records []byte, n int) {
		h, _, err := logwire.Parse(header)
		if err != nil || n > len(records) {
			return
		}
		check(t, batch{h, records, n}, Defaults())
		check(t, batch{h, records, n}, jsonOptions())
	})
}

func check(t *testing.T, b batch, options Options) {
	t.Helper()
	f, err := New(b.Header, options)
	if err != nil {
		return
	}
	before := []byte("before")
	got, err := f.Append(before, b.records, b.n)
	want, refused := reference(b, options.UseJSON)
	if b.n < 0 {
		want, refused = "", err
	}
	switch {
	case (err != nil) != (refused != nil):
		t.Errorf("error %v, want %v", err, refused)
	case err != nil && string(got) != "before":
		t.Errorf("error %v, but dst became %q", err, got)
	case err == nil && string(got) != "before"+want:
		t.Errorf("records %s:\ngot  %q\nwant %q", hex.EncodeToString(b.records), got[len(before):], want)
	}
}

// TestReference: the reference agrees about all that was recorded and made up,
// about each of its truncations, and about bytes that were changed.
func TestReference(t *testing.T) {
	t.Parallel()
	for _, b := range append(recorded(t), everything()) {
		for _, options := range []Options{Defaults(), jsonOptions()} {
			check(t, b, options)
			for at := 0; at < len(b.records); at += 1 + len(b.records)*len(b.records)/100_000 {
				check(t, batch{b.Header, b.records[:at], b.n}, options)
				changed := bytes.Clone(b.records)
				changed[at] ^= byte(1 + at%255)
				check(t, batch{b.Header, changed, b.n}, options)
			}
			check(t, batch{b.Header, append(bytes.Clone(b.records), 0), b.n}, options)
			check(t, batch{b.Header, b.records, b.n + 1}, options)
			check(t, batch{b.Header, b.records, -1}, options)
		}
	}
}
