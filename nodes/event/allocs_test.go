package event

import (
	"net/netip"
	"slices"
	"testing"
)

// sink keeps what is measured from being left out.
var sink []byte

// TestAllocations: a typical event takes one allocation to decode or encode, and
// none to encode into memory that is there. Not parallel: it counts those of the
// whole process.
func TestAllocations(t *testing.T) {
	e, host := typical(), netip.MustParseAddr("10.0.0.1")
	network := netip.PrefixFrom(host, 8)
	payload, buf := e.Append(nil), make([]byte, 0, 1<<10)
	// one; with -race, two
	grow := testing.AllocsPerRun(100, func() { sink = slices.Grow([]byte(nil), 1<<10) })
	tests := []struct {
		name string
		most float64
		run  func()
	}{
		{"Decode", 1, func() { _, _ = Decode(FormatBin, payload) }},
		{"Append(nil)", grow, func() { e.Append(nil) }},
		{"Append", 0, func() { e.Append(buf) }},
		{"AppendJSON", 0, func() { e.AppendJSON(buf) }},
		{"scalars", 0, func() { _ = String("x").Equal(Address(host)) || Count(1).Equal(Subnet(network)) }},
	}
	for _, test := range tests {
		if got := testing.AllocsPerRun(100, test.run); got > test.most {
			t.Errorf("%s: %v allocations, want at most %v", test.name, got, test.most)
		}
	}
}
