package event

import (
	"net/netip"
	"strings"
	"testing"
	"time"
)

// TestAccessors: what went in comes out, and nothing else.
func TestAccessors(t *testing.T) {
	t.Parallel()
	at := time.Date(2024, 1, 2, 3, 4, 5, 6, time.FixedZone("", 3600))
	tests := []struct {
		value Value
		want  any
	}{
		{Boolean(true), true},
		{Count(7), uint64(7)},
		{Integer(-7), int64(-7)},
		{Real(0.5), 0.5},
		{String("x\x00"), "x\x00"},
		{Address(netip.MustParseAddr("::ffff:1.2.3.4")), netip.MustParseAddr("1.2.3.4")},
		{Address(netip.MustParseAddr("::1")), netip.MustParseAddr("::1")},
		{Subnet(netip.MustParsePrefix("10.1.2.3/8")), netip.MustParsePrefix("10.0.0.0/8")},
		{Subnet(netip.MustParsePrefix("::ffff:10.1.2.3/104")), netip.MustParsePrefix("10.0.0.0/8")},
		{Subnet(netip.MustParsePrefix("::ffff:10.1.2.3/80")), netip.MustParsePrefix("::/80")},
		{Subnet(netip.MustParsePrefix("fe80::1/128")), netip.MustParsePrefix("fe80::1/128")},
		{PortValue(Port{53, UDP}), Port{53, UDP}},
		{Timestamp(at), at.UTC()},
		{Timespan(-time.Second), -time.Second},
		{EnumValue("A::B"), Enum("A::B")},
	}
	for _, test := range tests {
		found := map[string]int{}
		for _, got := range accessed(test.value) {
			if got.ok && got.x == test.want {
				found["right"]++
			} else if got.ok {
				found["wrong"]++
			}
		}
		if found["right"] != 1 || found["wrong"] != 0 {
			t.Errorf("%v: %v, want %v", test.value, accessed(test.value), test.want)
		}
	}
	if !None().IsNone() || Count(0).IsNone() || None().Elems() != nil || Count(1).Entries() != nil {
		t.Error("none is not none, or a scalar has elements")
	}
}

type access struct {
	x  any
	ok bool
}

func accessed(v Value) []access {
	get := func(x any, ok bool) access { return access{x, ok} }
	var all []access
	b, ok := v.Boolean()
	all = append(all, get(b, ok))
	c, ok := v.Count()
	all = append(all, get(c, ok))
	i, ok := v.Integer()
	all = append(all, get(i, ok))
	f, ok := v.Real()
	all = append(all, get(f, ok))
	s, ok := v.Text()
	all = append(all, get(s, ok))
	a, ok := v.Address()
	all = append(all, get(a, ok))
	n, ok := v.Subnet()
	all = append(all, get(n, ok))
	p, ok := v.Port()
	all = append(all, get(p, ok))
	t, ok := v.Time()
	all = append(all, get(t, ok))
	d, ok := v.Timespan()
	all = append(all, get(d, ok))
	e, ok := v.Enum()
	return append(all, get(e, ok))
}

func TestContainers(t *testing.T) {
	t.Parallel()
	table := Table(Entry{String("b"), Count(2)}, Entry{String("a"), Count(1)})
	if e := table.Entries(); len(e) != 2 || !e[0].Key.Equal(String("a")) || !e[1].Value.Equal(Count(2)) {
		t.Errorf("entries %v", e)
	}
	if e := table.Elems(); len(e) != 4 || !e[3].Equal(Count(2)) {
		t.Errorf("elements %v", e)
	}
	list := List(Count(1), Count(2))
	_ = append(list.Elems(), Count(3))
	if e := append(list.Elems()[:1:1], Count(9)); len(e) != 2 || !list.Equal(List(Count(1), Count(2))) {
		t.Errorf("the list became %v", list)
	}
}

func TestKindNames(t *testing.T) {
	t.Parallel()
	var names []string
	for k := range Kind(16) {
		names = append(names, k.String())
	}
	const want = "none bool count int double string addr subnet port time interval enum set table vector unknown kind 0x0f"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("got %s", got)
	}
	if got := Protocol(9).String(); got != "unknown" {
		t.Errorf("protocol 9 is %s", got)
	}
}
