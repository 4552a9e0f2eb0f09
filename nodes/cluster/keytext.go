package cluster

import (
	"math"
	"net/netip"
	"strconv"
)

// intervalText describes an interval of so many seconds as Zeek does: how many of
// each unit, from days down to microseconds. As the parts are differences of
// doubles, an interval is a bad key (spec: cluster-framework 1.9).
func intervalText(seconds float64) string {
	const none = "0 secs\x00"
	if seconds == 0 {
		return none
	}
	text := ""
	for _, unit := range []struct {
		seconds float64
		word    string
	}{{86400, "day"}, {3600, "hr"}, {60, "min"}, {1, "sec"}, {1e-3, "msec"}} {
		if math.Abs(seconds) >= unit.seconds {
			n := math.Trunc(seconds / unit.seconds)
			seconds -= float64(n * unit.seconds) // rounded, on every machine
			text += unitText(n, unit.word)
		}
	}
	// What the differences left over is less than a millionth of a microsecond.
	if usecs := seconds / 1e-6; !near(usecs, 0) {
		text += unitText(usecs, "usec")
	}
	if text == "" {
		return none
	}
	return text
}

func unitText(n float64, word string) string {
	text := uint64Text(math.Float64bits(n)) + word + "\x00"
	if !near(n, 1) && !near(n, -1) {
		text += "s\x00"
	}
	return text
}

func near(a, b float64) bool { return math.Abs(a-b) < 1e-6 }

// addrText is an address as Zeek writes it. It differs from Go's form for IPv6
// addresses that carry an IPv4 address: ::10.0.0.1 and ::ffff:0:10.0.0.1.
func addrText(a netip.Addr) string {
	a = a.Unmap()
	b := a.As16()
	tail := netip.AddrFrom4([4]byte(b[12:])).String()
	switch {
	case a.Is4():
	case [12]byte(b[:]) == [12]byte{} && (b[12] != 0 || b[13] != 0):
		return "::" + tail
	case [12]byte(b[:]) == [12]byte{8: 0xff, 9: 0xff}:
		return "::ffff:0:" + tail
	}
	return a.String()
}

// subnetText is a subnet as Zeek writes it.
func subnetText(p netip.Prefix) string {
	return addrText(p.Addr()) + "/" + strconv.Itoa(p.Bits())
}
