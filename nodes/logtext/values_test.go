package logtext

import (
	"math"
	"net/netip"
	"testing"

	"zctl/nodes/logwire"
)

// value is one value, what Zeek's defaults make of it, and how to append it.
type value struct {
	name, tsv, json string
	add             func(b *logwire.Batch)
}

func text(name, s, tsv, json string) value {
	return value{name, tsv, json, func(b *logwire.Batch) { b.AppendString(s) }}
}

func real(name string, add func(*logwire.Batch, float64), f float64, tsv, json string) value {
	return value{name, tsv, json, func(b *logwire.Batch) { add(b, f) }}
}

func addr(a, want string) value {
	return value{"addr " + a, want, `"` + want + `"`, func(b *logwire.Batch) { b.AppendAddr(netip.MustParseAddr(a)) }}
}

func subnet(p, want string) value {
	return value{"subnet " + p, want, `"` + want + `"`, func(b *logwire.Batch) { b.AppendSubnet(netip.MustParsePrefix(p)) }}
}

var (
	aTime     = (*logwire.Batch).AppendTime
	aDouble   = (*logwire.Batch).AppendDouble
	anIntvl   = (*logwire.Batch).AppendInterval
	allValues = []value{
		{"unset", "-", "", func(b *logwire.Batch) { b.AppendUnset(logwire.TypeString) }},
		{"bool", "T", "true", func(b *logwire.Batch) { b.AppendBool(true) }},
		{"false", "F", "false", func(b *logwire.Batch) { b.AppendBool(false) }},
		{"int", "-9223372036854775808", "-9223372036854775808", func(b *logwire.Batch) { b.AppendInt(math.MinInt64) }},
		{"count", "18446744073709551615", "18446744073709551615", func(b *logwire.Batch) { b.AppendCount(math.MaxUint64) }},
		{"port", "65535", "65535", func(b *logwire.Batch) { b.AppendPort(65535, 2) }},
		{"enum", "Notice::LOG", `"Notice::LOG"`, func(b *logwire.Batch) { b.AppendEnum("Notice::LOG") }},
		{"func", `f\x0a{}`, `"f\n{}"`, func(b *logwire.Batch) { b.AppendFunc("f\n{}") }},
		{"file", "/tmp/x", `"/tmp/x"`, func(b *logwire.Batch) { b.AppendFile("/tmp/x") }},

		real("time", aTime, 1500000000.5, "1500000000.500000", "1500000000.5"),
		real("time before 1970", aTime, -1.25, "-1.250000", "-1.25"),
		real("time after 2038", aTime, 4102444800.123456, "4102444800.123456", "4102444800.123456"),
		real("last time of 31 bits", aTime, 2147483647, "2147483647.000000", "2147483647.0"),
		real("very late time", aTime, 1e19, "10000000000000000000.000000", "10000000000000000000.0"),
		real("tie", aTime, 0.0000005, "0.000000", "5e-7"),
		real("exact tie", aTime, 1.0/128, "0.007812", "0.0078125"),
		real("exact tie, odd", aTime, 3.0/128, "0.023438", "0.0234375"),
		real("tiny", aTime, 5e-324, "0.000000", "5e-324"),
		real("tiny, below 0", aTime, -5e-324, "-0.000000", "-5e-324"),
		real("no time", aTime, math.NaN(), "nan", "null"),

		real("interval", anIntvl, 0.002976, "0.002976", "0.002976"),
		real("long interval", anIntvl, 2147483646.75, "2147483646.750000", "2147483646.75"),
		real("longer interval", anIntvl, 2147483647, "2.147483647e+09", "2147483647.0"),
		real("long interval, below 0", anIntvl, -3153600000, "-3.1536e+09", "-3153600000.0"),
		real("infinite interval", anIntvl, math.Inf(1), "inf", "null"),
		real("infinite interval, below 0", anIntvl, math.Inf(-1), "-inf", "null"),

		real("double", aDouble, 0.1, "0.1", "0.1"),
		real("zero", aDouble, 0, "0.0", "0.0"),
		real("zero, below 0", aDouble, math.Copysign(0, -1), "-0.0", "-0.0"),
		real("hundred", aDouble, 100, "100.0", "100.0"),
		real("nearly 3", aDouble, 2.99999999, "3", "2.99999999"),
		real("as good as 3", aDouble, 2.9999999999, "3.0", "2.9999999999"),
		real("most without exponent", aDouble, 1e20, "100000000000000000000.0", "100000000000000000000.0"),
		real("first with exponent", aDouble, 1e21, "1000000000000000000000.0", "1e21"),
		real("exponent and point", aDouble, 1.25e25, "12500000000000000595591168.0", "1.25e25"),
		real("least without exponent", aDouble, 1.5e-6, "0.000002", "0.0000015"),
		real("small exponent", aDouble, 1.5e-7, "0", "1.5e-7"),
		real("a tie, which Grisu2 rounds up", aDouble, 0.00063419342041015625, "0.000634", "0.0006341934204101563"),

		text("empty", "", "(empty)", `""`),
		text("reads as unset", "-", `\x2d`, `"-"`),
		text("reads as empty", "(empty)", `\x28empty)`, `"(empty)"`),
		text("begins as unset", "-a", "-a", `"-a"`),
		text("ASCII", "aB 9~,", "aB 9~,", `"aB 9~,"`),
		text("quotes", `"a\b/'`, `"a\\b/'`, `"\"a\\b/'"`),
		text("controls", "\x00\b\t\n\f\r\x1f\x7f", `\x00\x08\x09\x0a\x0c\x0d\x1f\x7f`, `"\u0000\b\t\n\f\r\u001F`+"\x7f\""),
		text("UTF-8", "grüße 世界 🦓", "grüße 世界 🦓", `"grüße 世界 🦓"`),
		text("not UTF-8", "ü\xff", `\xc3\xbc\xff`, `"\\xc3\\xbc\\xff"`),
		text("cut UTF-8", "\xe4\xb8", `\xe4\xb8`, `"\\xe4\\xb8"`),
		text("overlong", "\xc0\x80", `\xc0\x80`, `"\\xc0\\x80"`),
		text("surrogate", "\xed\xa0\x80", `\xed\xa0\x80`, `"\\xed\\xa0\\x80"`),
		text("C1 control", "\u0085", `\xc2\x85`, `"\\xc2\\x85"`),
		text("private", "\ue000", `\xee\x80\x80`, `"\\xee\\x80\\x80"`),
		text("special", "\ufff0\ufffd", `\xef\xbf\xb0\xef\xbf\xbd`, `"\\xef\\xbf\\xb0\\xef\\xbf\\xbd"`),
		text("segments", "\xff\\ü\tö\xff", `\xff\\ü\x09\xc3\xb6\xff`, `"\\xff\\\\xc3\\xbc\t\\xc3\\xb6\\xff"`),

		addr("192.168.1.20", "192.168.1.20"), addr("0.0.0.0", "0.0.0.0"), addr("255.10.9.100", "255.10.9.100"),
		addr("2001:db8::1", "2001:db8::1"), addr("::", "::"), addr("::1", "::1"), addr("::1.2.3.4", "::1.2.3.4"), addr("1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"),
		subnet("10.0.0.0/8", "10.0.0.0/8"), subnet("0.0.0.0/0", "0.0.0.0/0"), subnet("1.2.3.4/32", "1.2.3.4/32"), subnet("2001:db8::/32", "2001:db8::/32"), subnet("::/0", "::/0"),

		{"empty set", "(empty)", "[]", func(b *logwire.Batch) { b.AppendSet(0) }},
		{"set", `a\x2cb,(empty),\x2d,\x28empty),ü\x2c\xff`, `["a,b","","-","(empty)","\\xc3\\xbc,\\xff"]`, func(b *logwire.Batch) {
			b.AppendSet(5)
			for _, s := range []string{"a,b", "", "-", "(empty)", "ü,\xff"} {
				b.AppendString(s)
			}
		}},
		{"vector with holes", "-,1,-", "[null,1,null]", func(b *logwire.Batch) {
			b.AppendVector(3)
			b.AppendUnset(logwire.TypeCount)
			b.AppendCount(1)
			b.AppendUnset(logwire.TypeCount)
		}},
		{"vector of times", "1.500000,T", "[1.5,true]", func(b *logwire.Batch) {
			b.AppendVector(2)
			b.AppendTime(1.5)
			b.AppendBool(true) // each value says what it is
		}},
	}
)

// one is a batch of records with one field.
func one(values ...value) batch {
	b := batch{Header: logwire.Header{Stream: "X::LOG", Path: "x", Fields: []logwire.Field{{Name: "x", Type: logwire.TypeString}}}}
	wire := logwire.NewBatch(b.Header)
	before := wire.Len()
	for _, v := range values {
		v.add(wire)
	}
	b.records, b.n = wire.Payload()[before:], len(values)
	return b
}

// everything is all values, one in each record.
func everything() batch { return one(allValues...) }

func TestValues(t *testing.T) {
	t.Parallel()
	for _, v := range allValues {
		if got := appended(t, one(v), Defaults()); got != v.tsv+"\n" {
			t.Errorf("%s: got %q, want %q", v.name, got, v.tsv)
		}
		want := `{"x":` + v.json + "}\n"
		if v.json == "" {
			want = "{}\n"
		}
		if got := appended(t, one(v), jsonOptions()); got != want {
			t.Errorf("%s: got %q, want %q", v.name, got, want)
		}
	}
}

func appended(t *testing.T, b batch, options Options) string {
	t.Helper()
	f, err := New(b.Header, options)
	if err != nil {
		t.Fatal(err)
	}
	text, err := f.Append(nil, b.records, b.n)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
