package event

import (
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestParseLiteral(t *testing.T) {
	t.Parallel()
	addr := func(s string) Value { return Address(netip.MustParseAddr(s)) }
	net := func(s string) Value { return Subnet(netip.MustParsePrefix(s)) }
	tests := []struct {
		in   string
		want Value
	}{
		{"42", Count(42)},
		{" 0 ", Count(0)},
		{"18446744073709551615", Count(math.MaxUint64)},
		{"0x2A", Count(42)},
		{"-1", Integer(-1)},
		{"+1", Integer(1)},
		{"-9223372036854775808", Integer(math.MinInt64)},
		{"1.5", Real(1.5)},
		{"-.5", Real(-0.5)},
		{"1e3", Real(1000)},
		{"+1e-3", Real(0.001)},
		{"inf", Real(math.Inf(1))},
		{"-inf", Real(math.Inf(-1))},
		{"nan", Real(math.NaN())},
		{`"text"`, String("text")},
		{`""`, String("")},
		{`"a\"b\\c\n\t\r\a\b\f\v"`, String("a\"b\\c\n\t\r\a\b\f\v")},
		{`"\x0a\xa\xff\0\7x\1012\u00fc\U0001f600"`, String("\n\n\xff\x00\ax\x412ü😀")},
		{"\"grüße\n世界\"", String("grüße\n世界")},
		{"T", Boolean(true)},
		{"F", Boolean(false)},
		{"none", None()},
		{"10.0.0.1", addr("10.0.0.1")},
		{"2001:db8::1", addr("2001:db8::1")},
		{"[::1]", addr("::1")},
		{"::ffff:1.2.3.4", addr("1.2.3.4")},
		{"10.0.0.0/8", net("10.0.0.0/8")},
		{"10.1.2.3/8", net("10.0.0.0/8")},
		{"fe80::/10", net("fe80::/10")},
		{"[fe80::]/10", net("fe80::/10")},
		{"443/tcp", PortValue(Port{443, TCP})},
		{"53/udp", PortValue(Port{53, UDP})},
		{"8/icmp", PortValue(Port{8, ICMP})},
		{"0/unknown", PortValue(Port{})},
		{"1.5sec", Timespan(1500 * time.Millisecond)},
		{"1.5 secs", Timespan(1500 * time.Millisecond)},
		{"3 min", Timespan(3 * time.Minute)},
		{"5msecs", Timespan(5 * time.Millisecond)},
		{"0.001 usecs", Timespan(1)},
		{"-2hrs", Timespan(-2 * time.Hour)},
		{"1day", Timespan(24 * time.Hour)},
		{"100ms", Timespan(100 * time.Millisecond)},
		{"0.0000000000001 days", Timespan(8)}, // cut off at the nanosecond
		{"9223372036.854775807 secs", Timespan(math.MaxInt64)},
		{"-9223372036.854775808 secs", Timespan(math.MinInt64)},
		{"2024-01-02T03:04:05.678Z", Timestamp(time.Date(2024, 1, 2, 3, 4, 5, 678e6, time.UTC))},
		{"2024-01-02T03:04:05", Timestamp(time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC))},
		{"2024-01-02T03:04:05+01:00", Timestamp(time.Date(2024, 1, 2, 2, 4, 5, 0, time.UTC))},
		{"Cluster::WORKER", EnumValue("Cluster::WORKER")},
		{"Cluster::Backend::ZeroMQ::X_1", EnumValue("Cluster::Backend::ZeroMQ::X_1")},
		{"GLOBAL::tcp", EnumValue("tcp")},
		{"{1, 2}", Set(Count(1), Count(2))},
		{"{2,1,2,}", Set(Count(1), Count(2))},
		{"set(1, 2)", Set(Count(1), Count(2))},
		{"set()", Set()},
		{"{[10.0.0.1, 53/udp]}", Set(List(addr("10.0.0.1"), PortValue(Port{53, UDP})))},
		{"[1, 2]", List(Count(1), Count(2))},
		{"[]", List()},
		{"[[::1]]", List(addr("::1"))},
		{"[[::1], [fe80::]/10, fe80::1 ]", List(addr("::1"), net("fe80::/10"), addr("fe80::1"))},
		{"[1sec, 2 min,3]", List(Timespan(time.Second), Timespan(2*time.Minute), Count(3))},
		{`vector("x", none)`, List(String("x"), None())},
		{`{"a" = 1}`, Table(Entry{String("a"), Count(1)})},
		{`{["a"] = 1, ["b"]=2}`, Table(Entry{String("a"), Count(1)}, Entry{String("b"), Count(2)})},
		{`{[1, 2] = {3}}`, Table(Entry{List(Count(1), Count(2)), Set(Count(3))})},
		{`{vector(1) = F}`, Table(Entry{List(Count(1)), Boolean(false)})},
		{`{[::1] = T}`, Table(Entry{addr("::1"), Boolean(true)})},
		{`table(["a"] = 1)`, Table(Entry{String("a"), Count(1)})},
		{`table()`, Table()},
		{`table("a" = [])`, Table(Entry{String("a"), List()})},
	}
	for _, test := range tests {
		got, err := ParseLiteral(test.in)
		if err != nil || !got.Equal(test.want) {
			t.Errorf("%s: %v, %v, want %v", test.in, got, err, test.want)
		}
	}
}

// TestParseLiteralErrors: errors say where and what was expected.
func TestParseLiteralErrors(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{"", "column 1: expected a value, got the end"},
		{"hello", `column 1: expected a value, got hello; write a string as "hello" and an enum as Module::NAME`},
		{"10.0.0", "column 1: expected a value, got 10.0.0"},
		{"007", "column 1: expected a value, got 007"},
		{"-0x1", "column 1: expected a value, got -0x1"},
		{"18446744073709551616", "column 1: expected a value"},
		{"443/sctp", "column 1: expected a value, got 443/sctp"},
		{"10.0.0.0/33", "column 1: expected a value"},
		{"fe80::1%eth0", "column 1: expected a value"},
		{"3 parsecs", "column 3: expected the end, got parsecs"},
		{"+-3sec", "column 1: expected a value"},
		{"1.2.3sec", "column 1: expected a value"},
		{"292471209 days", "column 11: expected the end, got days"},
		{"9223372036.854775808 secs", "expected the end, got secs"},
		{"1 2", "column 3: expected the end, got 2"},
		{"Cluster::", "column 1: expected a value, got Cluster::"},
		{`"grüße`, "column 1: expected the end of the string"},
		{`"grüße\q"`, `column 7: expected an escape such as \" \\ \n \t \x0a, got \q`},
		{`"\xg"`, `column 2: expected an escape`},
		{`"\777"`, `column 2: expected an escape`},
		{`["grüße", x]`, "column 11: expected a value, got x"},
		{"[1, 2", `column 6: expected "," or "]", got the end`},
		{"[1 2]", `column 4: expected "," or "]", got 2`},
		{"[,]", `column 2: expected a value, got ","`},
		{"{}", "column 2: expected an element; write set() or table() for an empty one"},
		{"{1, 2 = 3}", `column 7: expected "," or "}", got "="`},
		{"{1 = 2, 3}", `column 10: expected "=", got "}"`},
		{"{1 = }", `column 6: expected a value, got "}"`},
		{"table(1)", `column 8: expected "=", got ")"`},
		{"list(1)", "column 1: expected set(…), vector(…) or table(…), got list"},
		{"(1)", `column 1: expected set(…), vector(…) or table(…), got "("`},
		{"]", `column 1: expected a value, got "]"`},
		{"[::1", `column 5: expected "," or "]", got the end`},
		{"[::1]/200", `column 6: expected the end, got /200`},
		{"1\x00", "column 1: expected a value"},
		{strings.Repeat("{", 100), "column 66: expected values nested at most 64 deep"},
	}
	for _, test := range tests {
		v, err := ParseLiteral(test.in)
		if err == nil || !strings.HasPrefix(err.Error(), "cannot read literal: column ") || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: %v, %v, want %q", test.in, v, err, test.want)
		}
	}
}

// TestString: how values look.
func TestString(t *testing.T) {
	t.Parallel()
	tests := []struct {
		value Value
		want  string
	}{
		{String("as\nit is"), "as\nit is"},
		{List(String("a\n\xff\u202e")), `["a\n\xff\u202e"]`},
		{Real(1), "1.0"},
		{Real(1e300), "1e+300"},
		{Integer(0), "+0"},
		{Integer(-7), "-7"},
		{Timespan(0), "0.0 secs"},
		{Timespan(time.Second), "1.0 sec"},
		{Timespan(-1500 * time.Millisecond), "-1.5 secs"},
		{Timespan(90 * time.Minute), "90.0 mins"},
		{Timespan(2 * time.Hour), "2.0 hrs"},
		{Timespan(48 * time.Hour), "2.0 days"},
		{Timespan(1), "0.001 usecs"},
		{Timespan(1500 * time.Microsecond), "1.5 msecs"},
		{Timespan(time.Hour + 1), "3600.000000001 secs"},
		{Timestamp(time.Unix(1500000000, 5e8)), "2017-07-14T02:40:00.500Z"},
		{EnumValue("tcp"), "GLOBAL::tcp"},
		{PortValue(Port{}), "0/unknown"},
		{Set(), "set()"},
		{Table(), "table()"},
		{List(), "[]"},
		{List(Address(netip.MustParseAddr("::1"))), "vector(::1)"},
		{List(Address(netip.MustParseAddr("1.2.3.4"))), "[1.2.3.4]"},
		{Table(Entry{List(Count(1)), None()}, Entry{List(Count(1), Count(2)), Boolean(true)}), "{vector(1) = none, [1, 2] = T}"},
	}
	for _, test := range tests {
		if got := test.value.String(); got != test.want {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
	e := Event{Name: "Cluster::hello", Args: []Value{String("worker-1"), Count(1)}}
	if got := e.String(); got != `Cluster::hello("worker-1", 1)` {
		t.Errorf("got %s", got)
	}
}

// TestLiteralsReadBack: String prints what ParseLiteral reads.
func TestLiteralsReadBack(t *testing.T) {
	t.Parallel()
	values := samples(3000)
	for _, e := range recorded(t) {
		values = append(values, e.Args...)
	}
	for _, w := range worked {
		values = append(values, w.value)
	}
	read := 0
	for _, v := range values {
		if !nameable(v) {
			continue
		}
		read++
		literal := List(v).String()
		if v.kind != KindString && v.kind != KindAddress {
			literal = v.String()
		} else {
			v = List(v)
		}
		if back, err := ParseLiteral(literal); err != nil || !back.Equal(v) {
			t.Errorf("%s: %v, %v", literal, back, err)
		}
	}
	if read < 2000 {
		t.Errorf("only %d values to read", read)
	}
}

// nameable says whether all enum values in v have a name.
func nameable(v Value) bool {
	if v.kind == KindEnum {
		_, isAddr := parseNetwork(v.text())
		return isName(v.text()) && !isAddr
	}
	for _, e := range v.Elems() {
		if !nameable(e) {
			return false
		}
	}
	return true
}

// FuzzParseLiteral: no text panics, and what is accepted is read back from what
// it prints as.
func FuzzParseLiteral(f *testing.F) {
	for _, e := range recorded(f) {
		f.Add(List(e.Args...).String())
	}
	for _, s := range []string{"0x2A", "1.5 secs", `{["a"] = 1}`, "[[::1]/10, T]", "table([1] = {})", `"\x0a\101\u00fc"`} {
		f.Add(s)
	}
	for _, seed := range corpus(f, "parseliteral") {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := ParseLiteral(s)
		if err != nil || !nameable(v) {
			return
		}
		v = List(v)
		if back, err := ParseLiteral(v.String()); err != nil || !back.Equal(v) {
			t.Errorf("%q became %s: %v, %v", s, v, back, err)
		}
	})
}
