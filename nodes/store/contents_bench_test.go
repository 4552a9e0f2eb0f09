package store

import (
	"fmt"
	"runtime"
	"testing"

	"zctl/nodes/event"
)

const million = 1_000_000

func benchKey(i int) event.Value { return event.String(fmt.Sprintf("host-%07d.example.org", i)) }

// BenchmarkGet: one of a million entries, by a string of 20 bytes.
func BenchmarkGet(b *testing.B) {
	c := filled(million)
	keys := make([]event.Value, 1<<16)
	for i := range keys {
		keys[i] = benchKey(i * 15)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, ok := c.Get(keys[i%len(keys)]); !ok {
			b.Fatal("gone")
		}
	}
}

func filled(n int) *Contents {
	var c Contents
	for i := range n {
		c.Follow(Change{Kind: ChangePut, Key: benchKey(i), Value: event.Count(uint64(i))})
	}
	return &c
}

// BenchmarkApply: a put over one of a million entries.
func BenchmarkApply(b *testing.B) {
	c := filled(million)
	keys := make([]event.Value, 1<<16)
	for i := range keys {
		keys[i] = benchKey(i * 15)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		op := Op{Kind: OpPut, Key: keys[i%len(keys)], Value: event.Count(uint64(i))}
		if _, _, err := c.Apply(op, noon); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkMemory: bytes per entry, of a million with keys of 20 bytes and a
// count each.
func BenchmarkMemory(b *testing.B) {
	var before, after runtime.MemStats
	for b.Loop() {
		runtime.GC()
		runtime.ReadMemStats(&before)
		c := filled(million)
		runtime.GC()
		runtime.ReadMemStats(&after)
		runtime.KeepAlive(c)
	}
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/million, "B/entry")
}
