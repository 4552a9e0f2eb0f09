package sqlite

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"zctl/nodes/event"
	"zctl/nodes/store"
)

// BenchmarkWrite: puts in batches of different lengths over 100,000 keys, with a
// session each, in the modes that differ in speed.
func BenchmarkWrite(b *testing.B) {
	for _, o := range []Options{
		{JournalMode: JournalWAL, Synchronous: SynchronousNormal},
		{JournalMode: JournalWAL, Synchronous: SynchronousFull},
		{JournalMode: JournalDelete, Synchronous: SynchronousFull},
	} {
		for _, n := range []int{1, 100, 1000} {
			b.Run(fmt.Sprintf("%s/%d", o.name(), n), func(b *testing.B) {
				file := mustOpen(b, o.at(filepath.Join(b.TempDir(), "f")))
				changes := make([]store.Change, n)
				at := 0
				b.ReportAllocs()
				for b.Loop() {
					for i := range changes {
						at = (at + 7919) % 100_000 // a prime: keys of all over the file
						changes[i] = store.Change{
							Kind:  store.ChangePut,
							Key:   event.String(fmt.Sprintf("host-%07d.example.org", at)),
							Value: event.Count(uint64(at)),
						}
					}
					mustWrite(b, file, changes, store.Session{Writer: "w", Seq: uint64(at + 1)})
				}
				b.ReportMetric(float64(b.N*n)/b.Elapsed().Seconds(), "puts/s")
			})
		}
	}
}

// BenchmarkLoad: a file of a million entries, opened and read.
func BenchmarkLoad(b *testing.B) {
	const million = 1_000_000
	o := Options{Path: filepath.Join(b.TempDir(), "f"), JournalMode: JournalWAL, Synchronous: SynchronousOff}
	file := mustOpen(b, o)
	var changes []store.Change
	for i := range million {
		changes = append(changes, store.Change{Kind: store.ChangePut, Key: event.String(fmt.Sprintf("host-%07d.example.org", i)), Value: event.Count(1)})
	}
	mustWrite(b, file, changes)
	mustClose(b, file)
	for b.Loop() {
		file := mustOpen(b, o)
		n := 0
		err := file.Load(context.Background(), func(event.Value, event.Value, time.Time) error {
			n++
			return nil
		})
		if err != nil || n != million {
			b.Fatal(n, err)
		}
		mustClose(b, file)
	}
	b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N)/million, "ns/entry")
}
