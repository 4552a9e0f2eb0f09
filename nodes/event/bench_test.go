package event

import (
	"net/netip"
	"testing"
	"time"
)

// typical is an event of six arguments.
func typical() Event {
	return Event{Name: "Intel::match_remote", Args: []Value{
		String("CHhAvVGS1DHFjwGM9"), Count(42), Address(netip.MustParseAddr("192.168.1.20")), PortValue(Port{443, TCP}),
		Timestamp(time.Unix(1500000000, 0)), EnumValue("Intel::DOMAIN"),
	}}
}

func BenchmarkDecode(b *testing.B) {
	payload := typical().Append(nil)
	b.ReportAllocs()
	b.SetBytes(int64(len(payload)))
	for b.Loop() {
		if _, err := Decode(FormatBin, payload); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	e, buf := typical(), make([]byte, 0, 1<<10)
	b.ReportAllocs()
	for b.Loop() {
		buf = e.Append(buf[:0])
	}
}

func BenchmarkAppendNil(b *testing.B) {
	e := typical()
	b.ReportAllocs()
	for b.Loop() {
		e.Append(nil)
	}
}
