package event

import (
	"encoding/hex"
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// worked is the worked bytes per type (spec: wire 2.4).
var worked = []struct {
	value Value
	hex   string
}{
	{None(), "00"},
	{Boolean(true), "0101"},
	{Boolean(false), "0100"},
	{Count(42), "02000000000000002a"},
	{Integer(-1), "03ffffffffffffffff"},
	{Integer(-300), "03fffffffffffffed4"},
	{Real(1), "043ff0000000000000"},
	{Real(-2.5), "04c004000000000000"},
	{Real(0.1), "043fb999999999999a"},
	{Real(math.Inf(1)), "04fff0000000000000"},
	{Real(math.Inf(-1)), "047ff0000000000000"},
	{Real(math.NaN()), "04ffffffffffffffff"},
	{Real(math.Float64frombits(0xfff8_0000_0000_0123)), "04ffffffffffffffff"},
	{Real(math.Copysign(0, -1)), "048000000000000000"},
	{String("abc"), "0503616263"},
	{String(""), "0500"},
	{String(strings.Repeat("x", 300)), "05ac02" + strings.Repeat("78", 300)},
	{Address(netip.MustParseAddr("192.168.1.20")), "0600000000000000000000ffffc0a80114"},
	{Address(netip.MustParseAddr("::ffff:192.168.1.20")), "0600000000000000000000ffffc0a80114"},
	{Address(netip.MustParseAddr("2001:db8::1")), "0620010db8000000000000000000000001"},
	{Address(netip.MustParseAddr("fe80::1%eth0")), "06fe800000000000000000000000000001"},
	{Address(netip.Addr{}), "00"},
	{Subnet(netip.MustParsePrefix("10.0.0.0/8")), "0700000000000000000000ffff0a00000068"},
	{Subnet(netip.MustParsePrefix("10.1.2.3/8")), "0700000000000000000000ffff0a00000068"},
	{Subnet(netip.MustParsePrefix("2001:db8::/32")), "0720010db800000000000000000000000020"},
	{Subnet(netip.MustParsePrefix("2001:db8::1/128")), "0720010db800000000000000000000000180"},
	{Subnet(netip.MustParsePrefix("2001:db8::1/64")), "0720010db800000000000000000000000040"},
	{Subnet(netip.MustParsePrefix("0.0.0.0/0")), "0700000000000000000000ffff0000000060"},
	{Subnet(netip.Prefix{}), "00"},
	{PortValue(Port{443, TCP}), "0801bb01"},
	{PortValue(Port{53, UDP}), "08003502"},
	{PortValue(Port{8, ICMP}), "08000803"},
	{PortValue(Port{}), "08000000"},
	{PortValue(Port{1, 9}), "08000100"},
	{Timestamp(time.Unix(1500000000, 0)), "0914d1120d7b160000"},
	{Timestamp(time.Time{}), "098000000000000000"},
	{Timestamp(time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)), "097fffffffffffffff"},
	{Timespan(1500 * time.Millisecond), "0a0000000059682f00"},
	{Timespan(-time.Second), "0affffffffc4653600"},
	{EnumValue("Cluster::WORKER"), "0b0f436c75737465723a3a574f524b4552"},
	{Set(Count(2), Count(1), Count(2)), "0c02020000000000000001020000000000000002"},
	{Set(List(Address(netip.MustParseAddr("10.0.0.1")), PortValue(Port{80, TCP}))), "0c010e020600000000000000000000ffff0a00000108005001"},
	{Table(Entry{String("b"), Count(2)}, Entry{String("a"), Count(7)}, Entry{String("a"), Count(1)}), "0d020501610200000000000000010501620200000000000000" + "02"},
	{List(Count(1), String("x")), "0e02020000000000000001050178"},
	{List(String("x"), None(), Count(7)), "0e0305017800020000000000000007"},
	{Set(), "0c00"},
	{Table(), "0d00"},
	{List(), "0e00"},
}

func TestWorkedBytes(t *testing.T) {
	t.Parallel()
	for _, test := range worked {
		if got := hex.EncodeToString(test.value.AppendBin(nil)); got != test.hex {
			t.Errorf("%v: got %s, want %s", test.value, got, test.hex)
		}
		if got := test.value.size(); got != len(test.hex)/2 {
			t.Errorf("%v: size %d, want %d", test.value, got, len(test.hex)/2)
		}
		back, err := decodeBin(unhex(t, test.hex))
		if err != nil || !back.Equal(test.value) || !test.value.Equal(back) {
			t.Errorf("%s: decoded %v, %v, want %v", test.hex, back, err, test.value)
		}
	}
}

// TestDenormals are written as 0 of their sign (spec: wire 2.3).
func TestDenormals(t *testing.T) {
	t.Parallel()
	for f, want := range map[float64]string{
		math.SmallestNonzeroFloat64:  "040000000000000000",
		-math.SmallestNonzeroFloat64: "048000000000000000",
		0x1p-1022:                    "040010000000000000",
	} {
		if got := hex.EncodeToString(Real(f).AppendBin(nil)); got != want {
			t.Errorf("%g: got %s, want %s", f, got, want)
		}
	}
}

// TestWorkedEvents: the events of the specification (spec: wire 2.4).
func TestWorkedEvents(t *testing.T) {
	t.Parallel()
	hello := Event{Name: "Cluster::hello", Args: []Value{String("worker-1"), String("zeromq_worker-1_host_123_Nabc")}}
	status := Event{Name: "Supervisor::node_status", Args: []Value{String("TEST"), Count(42)}}
	status.SetMeta(MetaTimestamp, Timestamp(time.Unix(0, 0)))
	tests := []struct {
		event Event
		hex   string
	}{
		{hello, "0e030200000000000000010200000000000000010e02050e436c75737465723a3a68656c6c6f0e020508776f726b65722d31051d7a65726f6d715f776f726b65722d315f686f73745f3132335f4e616263"},
		{status, "0e030200000000000000010200000000000000010e03051753757065727669736f723a3a6e6f64655f7374617475730e02050454455354" + "02000000000000002a0e010e020200000000000000010900" + "00000000000000"},
		{all(), "0e030200000000000000010200000000000000010e030509746573743a3a616c6c0e0f010102000000000000002a03ffffffffffffffff0440040000000000000914d1120d7b1600000a0000000059682f00050268690600000000000000000000ffffc0a801140700000000000000000000ffff0a000000680801bb010b0f436c75737465723a3a574f524b45520c020200000000000000010200000000000000020d010501610200000000000000010e020200000000000000010200000000000000020e02050178000e020e020200000000000000010914d1120d8271ca000e020200000000000000c805016d"},
	}
	for _, test := range tests {
		if got := hex.EncodeToString(test.event.Append(nil)); got != test.hex {
			t.Errorf("%s:\ngot  %s\nwant %s", test.event.Name, got, test.hex)
		}
		back, err := Decode(FormatBin, unhex(t, test.hex))
		if err != nil || !back.wrap().Equal(test.event.wrap()) {
			t.Errorf("%s: decoded %v, %v", test.event.Name, back, err)
		}
	}
}

// all is the event of all types of the specification (spec: wire 2.4).
func all() Event {
	e := Event{Name: "test::all", Args: []Value{
		Boolean(true), Count(42), Integer(-1), Real(2.5), Timestamp(time.Unix(1500000000, 0)),
		Timespan(1500 * time.Millisecond), String("hi"), Address(netip.MustParseAddr("192.168.1.20")),
		Subnet(netip.MustParsePrefix("10.0.0.0/8")), PortValue(Port{443, TCP}), EnumValue("Cluster::WORKER"),
		Set(Count(1), Count(2)), Table(Entry{String("a"), Count(1)}), List(Count(1), Count(2)), List(String("x"), None()),
	}}
	e.SetMeta(MetaTimestamp, Timestamp(time.Unix(1500000000, 123456000)))
	e.SetMeta(200, String("m"))
	return e
}
