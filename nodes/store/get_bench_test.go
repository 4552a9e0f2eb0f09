package store

import (
	"fmt"
	"testing"

	"zctl/nodes/cluster"
	"zctl/nodes/event"
)

// BenchmarkStoreGet is a read of a handle, among many keys and always of the same one, beside one
// of its contents.
func BenchmarkStoreGet(b *testing.B) {
	master := node(b, cluster.NewBus().Connect, "manager").master(b, "s", nil)
	ready(b, master)
	keys := make([]event.Value, 100_000)
	var last *Write
	for i := range keys {
		keys[i] = event.String(fmt.Sprintf("key-%06d", i))
		last = master.Put(keys[i], event.Count(uint64(i)))
	}
	mustWait(b, last)
	contents := master.contents.Load()
	for _, c := range []struct {
		name string
		get  func(i int)
	}{
		{"handle/many", func(i int) { master.Get(keys[i*7919%len(keys)]) }},
		{"contents/many", func(i int) { contents.Get(keys[i*7919%len(keys)]) }},
		{"handle/one", func(i int) { master.Get(keys[7]) }},
		{"contents/one", func(i int) { contents.Get(keys[7]) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				c.get(i)
				i++
			}
		})
	}
}
