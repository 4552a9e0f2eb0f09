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

func BenchmarkAppendJSON(b *testing.B) {
	e, buf := typical(), make([]byte, 0, 1<<12)
	b.ReportAllocs()
	for b.Loop() {
		buf = e.AppendJSON(buf[:0])
	}
}

func BenchmarkDecodeJSON(b *testing.B) {
	payload := typical().AppendJSON(nil)
	b.ReportAllocs()
	b.SetBytes(int64(len(payload)))
	for b.Loop() {
		if _, err := Decode(FormatJSON, payload); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendTyped(b *testing.B) {
	v, buf := List(typical().Args...), make([]byte, 0, 1<<12)
	b.ReportAllocs()
	for b.Loop() {
		buf = v.AppendTyped(buf[:0])
	}
}

// BenchmarkDecodeSet is what a set costs more than a list: the check that no
// element occurs twice.
func BenchmarkDecodeSet(b *testing.B) {
	var elems []Value
	for i := range 1000 {
		elems = append(elems, Count(uint64(i)))
	}
	payload := Set(elems...).AppendBin(nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := decodeBin(payload); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkTo turns the arguments of the typical event into a struct.
func BenchmarkTo(b *testing.B) {
	v := List(typical().Args...)
	var dst struct {
		UID   string
		Count uint64
		Host  netip.Addr
		Port  Port
		At    time.Time
		Type  Enum
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := v.To(&dst); err != nil {
			b.Fatal(err)
		}
	}
}
