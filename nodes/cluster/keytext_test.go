package cluster

import (
	"encoding/binary"
	"math"
	"net/netip"
	"testing"
	"time"
)

// TestIntervalText: intervals are described as Zeek does, unit by unit, and what is
// left of a difference of doubles is nothing.
func TestIntervalText(t *testing.T) {
	t.Parallel()
	unit := func(n float64, words string) string {
		return string(binary.LittleEndian.AppendUint64(nil, math.Float64bits(n))) + words
	}
	// The difference of 1.3 ms and 1 ms is 299.99999999999994 us for Zeek, too.
	span, msec := 0.0013, 1e-3
	rest := (span - msec) / 1e-6
	for _, test := range []struct {
		in   time.Duration
		want string
	}{
		{0, "0 secs\x00"},
		{time.Second, unit(1, "sec\x00")},
		{90 * time.Second, unit(1, "min\x00") + unit(30, "sec\x00s\x00")},
		{-90 * time.Second, unit(-1, "min\x00") + unit(-30, "sec\x00s\x00")},
		{49*time.Hour + 500*time.Millisecond, unit(2, "day\x00s\x00") + unit(1, "hr\x00") + unit(500, "msec\x00s\x00")},
		{1300 * time.Microsecond, unit(1, "msec\x00") + unit(rest, "usec\x00s\x00")},
	} {
		if got := mustKey(t, test.in).value; got != test.want {
			t.Errorf("%v: %q, want %q", test.in, got, test.want)
		}
	}
	if got := intervalText(1e-13); got != "0 secs\x00" {
		t.Errorf("less than there is: %q", got)
	}
}

// TestAddrText: addresses that carry an IPv4 address look different in Zeek than in
// Go.
func TestAddrText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"10.0.0.1":              "10.0.0.1",
		"::ffff:10.0.0.1":       "10.0.0.1",
		"::10.0.0.1":            "::10.0.0.1",
		"::a00:0":               "::10.0.0.0",
		"::1":                   "::1",
		"::ff":                  "::ff",
		"::":                    "::",
		"::ffff:0:10.0.0.1":     "::ffff:0:10.0.0.1",
		"::1:0:a00:1":           "::1:0:a00:1",
		"2001:DB8:0:0:1:0:0:1":  "2001:db8::1:0:0:1",
		"2001:db8:0:1:1:1:1:1":  "2001:db8:0:1:1:1:1:1",
		"fe80:0:0:0:0:0:a00:01": "fe80::a00:1",
	} {
		if got := addrText(netip.MustParseAddr(in)); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
	if got := subnetText(netip.MustParsePrefix("::10.0.0.0/104")); got != "::10.0.0.0/104" {
		t.Errorf("a subnet is %s", got)
	}
}
