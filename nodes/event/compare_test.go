package event

import (
	"bytes"
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"
)

// TestOrder: values in canonical order (spec: wire 2.2).
func TestOrder(t *testing.T) {
	t.Parallel()
	addr := func(s string) Value { return Address(netip.MustParseAddr(s)) }
	net := func(s string) Value { return Subnet(netip.MustParsePrefix(s)) }
	ordered := []Value{
		None(), Boolean(false), Boolean(true), Count(0), Count(math.MaxUint64), Integer(math.MinInt64), Integer(-1), Integer(0),
		Real(math.NaN()), Real(math.Inf(-1)), Real(-1), Real(0), Real(math.Inf(1)),
		String(""), String("B"), String("a"), String("ab"), String("\xff"),
		addr("::1"), addr("0.0.0.0"), addr("10.0.0.1"), addr("2001:db8::1"), net("::/0"), net("10.0.0.0/8"), net("10.0.0.0/16"),
		net("11.0.0.0/8"), PortValue(Port{1, TCP}), PortValue(Port{1, UDP}), PortValue(Port{2, Unknown}),
		Timestamp(time.Unix(-1, 0)), Timestamp(time.Unix(0, 0)), Timespan(-1), Timespan(1), EnumValue("A::B"), EnumValue("A::C"),
		Set(), Set(Count(1)), Set(Count(1), Count(2)), Set(Count(2)), Table(Entry{Count(1), Count(1)}), Table(Entry{Count(1), Count(2)}),
		List(), List(None()), List(None(), None()), List(Count(0)),
	}
	for i, v := range ordered {
		for j, w := range ordered {
			if got, want := v.Compare(w), compareInts(i, j); got != want || v.Equal(w) != (want == 0) {
				t.Errorf("%v against %v: %d, want %d", v, w, got, want)
			}
		}
	}
}

func compareInts(i, j int) int {
	switch {
	case i < j:
		return -1
	case i > j:
		return 1
	}
	return 0
}

// TestEqualReals: what is the same on the wire is the same, so that no set has it
// twice.
func TestEqualReals(t *testing.T) {
	t.Parallel()
	zero := Real(0)
	for _, f := range []float64{math.Copysign(0, -1), math.SmallestNonzeroFloat64, -math.SmallestNonzeroFloat64} {
		if v := Real(f); !v.Equal(zero) || Set(v, zero).n != 1 {
			t.Errorf("%g is not the same as 0", f)
		}
	}
	if v := Real(0x1p-1022); v.Equal(zero) {
		t.Error("the smallest normal number is the same as 0")
	}
}

// TestCanonical: a set or table is the same in whatever order it was built.
func TestCanonical(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	elems := samples(100)
	entries := make([]Entry, len(elems))
	for i, key := range elems {
		entries[i] = Entry{key, key}
	}
	set, table := Set(elems...).AppendBin(nil), Table(entries...).AppendBin(nil)
	for range 20 {
		r.Shuffle(len(elems), func(i, j int) { elems[i], elems[j] = elems[j], elems[i] })
		r.Shuffle(len(entries), func(i, j int) { entries[i], entries[j] = entries[j], entries[i] })
		before := slices.Clone(elems)
		if got := Set(elems...).AppendBin(nil); !bytes.Equal(got, set) {
			t.Fatalf("got %x, want %x", got, set)
		}
		if got := Table(entries...).AppendBin(nil); !bytes.Equal(got, table) {
			t.Fatalf("got %x, want %x", got, table)
		}
		if !slices.EqualFunc(before, elems, Value.Equal) {
			t.Fatal("Set changed the order of its arguments")
		}
	}
}

// TestRandomValues: encoding, decoding and cloning keep a value.
func TestRandomValues(t *testing.T) {
	t.Parallel()
	for _, v := range samples(3000) {
		bin := v.AppendBin(nil)
		if len(bin) != v.size() {
			t.Errorf("%v: %d bytes, size %d", v, len(bin), v.size())
		}
		back, err := decodeBin(bin)
		if err != nil || !bytes.Equal(back.AppendBin(nil), bin) {
			t.Errorf("%v became %v, %v", v, back, err)
		}
		clone := back.Clone()
		clear(bin)
		if !clone.Equal(v) {
			t.Errorf("%v was cloned to %v", v, clone)
		}
	}
}
