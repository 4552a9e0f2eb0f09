package logtext

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"zctl/nodes/logwire"
)

// with are Zeek's defaults with changes.
func with(change func(*Options)) Options {
	o := Defaults()
	change(&o)
	return o
}

func TestOptions(t *testing.T) {
	t.Parallel()
	asJSON := func(stamps Timestamps) Options {
		return with(func(o *Options) { o.UseJSON, o.JSONTimestamps = true, stamps })
	}
	at := func(seconds float64) value {
		return value{add: func(b *logwire.Batch) { b.AppendTime(seconds) }}
	}
	list := value{add: func(b *logwire.Batch) {
		b.AppendVector(3)
		b.AppendString("a;;b|c,d")
		b.AppendUnset(logwire.TypeString)
		b.AppendString("")
	}}
	words := func(o *Options) { o.SetSeparator, o.UnsetField, o.EmptyField = ";;", "no;;ne", "" }
	tests := []struct {
		name    string
		options Options
		value   value
		want    string
	}{
		{"seconds", asJSON(Epoch), at(1591367999.305988), `{"x":1591367999.305988}`},
		{"millis", asJSON(Millis), at(1591367999.3059), `{"x":1591367999305}`},
		{"millis before 1970", asJSON(Millis), at(-1.5), `{"x":-1500}`},
		{"unsigned millis", asJSON(MillisUnsigned), at(1591367999.305988), `{"x":1591367999305}`},
		{"unsigned millis before 1970", asJSON(MillisUnsigned), at(-0.001), `{"x":18446744073709551615}`},
		{"millis too far", asJSON(Millis), at(1e19), `{"x":null}`},
		{"ISO 8601", asJSON(ISO8601), at(1591367999.305988), `{"x":"2020-06-05T14:39:59.305988Z"}`},
		{"ISO 8601 before 1970", asJSON(ISO8601), at(-0.25), `{"x":"1969-12-31T23:59:59.750000Z"}`},
		{"ISO 8601 rounded up", asJSON(ISO8601), at(0.9999999), `{"x":"1970-01-01T00:00:01.000000Z"}`},
		{"ISO 8601 last", asJSON(ISO8601), at(253402300799), `{"x":"9999-12-31T23:59:59.000000Z"}`},
		{"ISO 8601 too far", asJSON(ISO8601), at(253402300800), `{"x":null}`},
		{"ISO 8601 too long ago", asJSON(ISO8601), at(-1e18), `{"x":null}`},
		{"null", with(func(o *Options) { o.UseJSON, o.JSONIncludeUnsetFields = true, true }), allValues[0], `{"x":null}`},
		{"no UTF-8", with(func(o *Options) { o.EnableUTF8 = false }), text("", "ü\\", "", ""), `\xc3\xbc\\`},
		{"set separator, marks", with(words), list, `a\x3b\x3bb|c,d;;no\x3b\x3bne;;`},
		{"an unset field keeps the set separator", with(words), allValues[0], `no;;ne`},
		{"a string like the mark", with(words), text("", "no;;ne", "", ""), `\x6eo;;ne`},
		{"separator of two bytes", with(func(o *Options) { o.Separator = "||" }), text("", "a|b||c", "", ""), `a|b\x7c\x7cc`},
		{"separator in numbers", with(func(o *Options) { o.Separator = "." }), at(1.5), `1\x2e500000`},
		{"separator in addresses", with(func(o *Options) { o.SetSeparator = ":" }), value{add: func(b *logwire.Batch) {
			b.AppendSet(1)
			addr("2001:db8::1", "").add(b)
		}}, `2001\x3adb8\x3a\x3a1`},
		{"separator in marks", with(func(o *Options) { o.Separator = "-" }), allValues[0], `\x2d`},
		{"like a meta line", Defaults(), text("", "#x", "", ""), `\x23x`},
		{"meta prefix", with(func(o *Options) { o.MetaPrefix = "//" }), text("", "//x", "", ""), `\x2f/x`},
		{"not the whole meta prefix", with(func(o *Options) { o.MetaPrefix = "//" }), text("", "/x", "", ""), `/x`},
		{"no meta prefix", with(func(o *Options) { o.MetaPrefix = "" }), text("", "#x", "", ""), `#x`},
	}
	for _, test := range tests {
		if got := appended(t, one(test.value), test.options); got != test.want+"\n" {
			t.Errorf("%s: got %s, want %s", test.name, strings.TrimSpace(got), test.want)
		}
	}
}

func TestBadOptions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		options Options
		want    string
	}{
		{Options{}, `unknown json_timestamps ""`},
		{with(func(o *Options) { o.Separator = "" }), "separator is empty; see Defaults"},
		{with(func(o *Options) { o.SetSeparator = "" }), "set_separator is empty"},
		{with(func(o *Options) { o.SetSeparator = "\t" }), "make them differ"},
		{with(func(o *Options) { o.UnsetField = strings.Repeat("x", 65) }), "unset_field has 65 bytes; take at most 64"},
		{with(func(o *Options) { o.EmptyField = "a\nb" }), "empty_field has a newline"},
	}
	for _, test := range tests {
		if _, err := New(one().Header, test.options); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: %v, want %s", test.options, err, test.want)
		}
	}
}

func TestBadHeaders(t *testing.T) {
	t.Parallel()
	fields := func(names ...string) (fields []logwire.Field) {
		for _, name := range names {
			fields = append(fields, logwire.Field{Name: name, Type: logwire.TypeString})
		}
		return fields
	}
	for _, h := range []logwire.Header{
		{Path: "x"}, {Path: "", Fields: fields("a")}, {Path: "x\n#y", Fields: fields("a")}, {Path: "x", Fields: fields("a", "")},
		{Path: "x", Fields: fields("a\tb")}, {Path: "x", Fields: fields("a\nb")}, {Path: "x", Fields: fields("ü")}, {Path: "x", Fields: fields(strings.Repeat("a", 256))},
	} {
		if _, err := New(h, Defaults()); err == nil || !strings.HasPrefix(err.Error(), "cannot format log ") {
			t.Errorf("%+v: %v", h, err)
		}
	}
}

func TestHeader(t *testing.T) {
	t.Parallel()
	header := logwire.Header{Path: "my conn", Fields: []logwire.Field{
		{Name: "ts", Type: logwire.TypeTime}, {Name: "id.orig_h", Type: logwire.TypeAddr},
		{Name: "tags", Type: logwire.TypeSet, Subtype: logwire.TypeEnum}, {Name: "v", Type: logwire.TypeVector, Subtype: 8},
	}}
	tests := []struct {
		name           string
		options        Options
		opened, closed string
	}{
		{"defaults", Defaults(), "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tmy\\x20conn\n" +
			"#open\t2026-01-02-03-04-05\n#fields\tts\tid.orig_h\ttags\tv\n#types\ttime\taddr\tset[enum]\tvector[pattern]\n", "#close\t2026-01-02-04-04-05\n"},
		{"others", with(func(o *Options) { o.Separator, o.SetSeparator, o.UnsetField, o.MetaPrefix = "|", "ü", "", "// " }),
			"// separator |\n// set_separator|\\xc3\\xbc\n// empty_field|(empty)\n// unset_field|\n// path|my\\x20conn\n" +
				"// open|2026-01-02-03-04-05\n// fields|ts|id.orig_h|tags|v\n// types|time|addr|set[enum]|vector[pattern]\n", "// close|2026-01-02-04-04-05\n"},
		{"tsv", with(func(o *Options) { o.TSV = true }), "ts\tid.orig_h\ttags\tv\n", ""},
		{"no meta", with(func(o *Options) { o.IncludeMeta = false }), "", ""},
		{"no meta, tsv", with(func(o *Options) { o.IncludeMeta, o.TSV = false, true }), "", ""},
		{"json", jsonOptions(), "", ""},
	}
	open := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, test := range tests {
		f, err := New(header, test.options)
		if err != nil {
			t.Fatal(test.name, err)
		}
		if got := string(f.AppendHeader(nil, open)); got != test.opened {
			t.Errorf("%s: got\n%s, want\n%s", test.name, got, test.opened)
		}
		if got := string(f.AppendFooter(nil, open.Add(time.Hour))); got != test.closed {
			t.Errorf("%s: got %q, want %q", test.name, got, test.closed)
		}
	}
}

// TestMalformed: what is wrong is said, and where.
func TestMalformed(t *testing.T) {
	t.Parallel()
	nested := one(value{add: func(b *logwire.Batch) {
		b.AppendSet(1)
		b.AppendVector(0)
	}})
	good := one(text("", "abc", "", ""))
	tests := []struct {
		name    string
		records []byte
		n       int
		want    string
	}{
		{"cut", good.records[:15], 1, "offset 13: expected 3 bytes, got 2"},
		{"too much", append(good.records[:16:16], 0), 1, "offset 16: 1 bytes behind the last record"},
		{"too few", good.records, 2, "offset 16: expected 4 bytes, got 0"},
		{"too few for so many", good.records, 1 << 40, "offset 16: expected 4 bytes, got 0"},
		{"fewer than none", nil, -1, "fewer than 0 records"},
		{"nested", nested.records, 1, "a set or vector in a set or vector"},
	}
	for _, options := range []Options{Defaults(), jsonOptions()} {
		f, err := New(good.Header, options)
		if err != nil {
			t.Fatal(err)
		}
		for _, test := range tests {
			if _, err := f.Append(nil, test.records, test.n); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%s: %v, want %s", test.name, err, test.want)
			}
		}
	}
}

// TestBound: the longest text that a record of few bytes can become.
func TestBound(t *testing.T) {
	t.Parallel()
	b := one()
	b.Fields[0].Name = strings.Repeat(`"`, maxName)
	b.records, b.n = make([]byte, 100*valueHeader), 100 // all unset
	text := appended(t, b, with(func(o *Options) { o.UseJSON, o.JSONIncludeUnsetFields = true, true }))
	if most := 60 * len(b.records); len(text) > most || len(text) < most*9/10 {
		t.Errorf("%d bytes became %d", len(b.records), len(text))
	}
}

// TestPieces: a batch that is formatted piece by piece becomes the same text as at once,
// also by a formatter that gives up on what is long.
func TestPieces(t *testing.T) {
	t.Parallel()
	for _, b := range append(recorded(t), everything()) {
		for _, options := range []Options{Defaults(), jsonOptions()} {
			f, err := New(b.Header, options)
			if err != nil {
				t.Fatal(err)
			}
			var all, piece []byte
			for _, f := range []*Formatter{f, f.Bounded()} {
				all = all[:0]
				for rest, left := b.records, b.n; left > 0; {
					before := left
					if piece, rest, left, err = f.Some(piece[:0], rest, left, 1000); err != nil || left == before {
						t.Fatalf("%d left of %d: %v", left, before, err)
					}
					all = append(all, piece...)
				}
				if want := appended(t, b, options); string(all) != want {
					t.Errorf("%s: %d bytes, want %d", b.Path, len(all), len(want))
				}
			}
			if err := f.Check(b.records, b.n, len(b.records)); err != nil {
				t.Error(err)
			}
			if err := f.Check(b.records, b.n, 5); err == nil {
				t.Error("a record may be longer than 5 bytes")
			}
		}
	}
}

// TestBounded: nothing that would make much text at once is begun.
func TestBounded(t *testing.T) {
	t.Parallel()
	long := logwire.NewBatch(logwire.Header{Stream: "S", Path: "p", Fields: []logwire.Field{{Name: "s", Type: logwire.TypeString}}})
	long.AppendBytes(make([]byte, mostString+1))
	long.EndRecord()
	doubles := logwire.NewBatch(logwire.Header{Stream: "S", Path: "p", Fields: []logwire.Field{{Name: "d", Type: logwire.TypeVector, Subtype: logwire.TypeDouble}}})
	doubles.AppendVector(50_000)
	for range 50_000 {
		doubles.AppendDouble(-math.MaxFloat64)
	}
	doubles.EndRecord()
	for _, made := range []*logwire.Batch{long, doubles} {
		b := parse(t, made.Payload())
		for _, options := range []Options{Defaults(), jsonOptions()} {
			f, err := New(b.Header, options)
			if err != nil {
				t.Fatal(err)
			}
			before := []byte("before")
			text, _, _, err := f.Bounded().Some(before, b.records, b.n, 1000)
			if made == doubles && options.UseJSON { // there they are short
				if err != nil {
					t.Error(err)
				}
				continue
			}
			if !errors.Is(err, ErrLong) || string(text) != "before" {
				t.Errorf("%d bytes, %v", len(text), err)
			}
			if _, err := f.Append(before, b.records, b.n); err != nil {
				t.Error(err)
			}
		}
	}
}
