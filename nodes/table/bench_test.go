package table

import (
	"context"
	"fmt"
	"net/netip"
	"testing"

	"zctl/layoutgen"
	"zctl/nodes/cluster"
	"zctl/nodes/event"
	"zctl/nodes/store"
)

// benchNode is a node that runs.
func benchNode(b *testing.B) *cluster.Cluster {
	b.Helper()
	c, err := cluster.New(cluster.Options{Node: "manager", NodeID: "id", Layout: layoutgen.Default().Layout()})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx, cluster.NewBus().Connect) }()
	b.Cleanup(func() { cancel(); <-ended })
	if err := c.WaitReady(ctx); err != nil {
		b.Fatal(err)
	}
	return c
}

type benchFlow struct {
	Host netip.Addr
	Port event.Port
}

// BenchmarkGet is reading by a key that is looked up as it is, and by ones that Zeek
// writes in several ways.
func BenchmarkGet(b *testing.B) {
	c := benchNode(b)
	host, port := netip.MustParseAddr("10.0.0.1"), event.Port{Number: 22, Protocol: event.TCP}
	b.Run("string", func(b *testing.B) { benchGet(b, c, "a") })
	b.Run("addr", func(b *testing.B) { benchGet(b, c, host) })
	b.Run("addr,port", func(b *testing.B) { benchGet(b, c, benchFlow{host, port}) })
}

func benchGet[K comparable](b *testing.B, c *cluster.Cluster, key K) {
	t, err := New(c, "t", Options[K, uint64]{})
	if err != nil {
		b.Fatal(err)
	}
	defer t.Close()
	if err := t.Put(key, 1); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := t.Get(key); !ok {
			b.Fatal("it is gone")
		}
	}
}

// BenchmarkPut is changing a table that is published, with what it takes to publish, and
// one in a store of this node.
func BenchmarkPut(b *testing.B) {
	c := benchNode(b)
	s, err := store.CreateMaster(c, "s", store.MasterOptions{})
	if err != nil {
		b.Fatal(err)
	}
	if err := s.WaitReady(context.Background()); err != nil {
		b.Fatal(err)
	}
	for name, o := range map[string]Options[string, uint64]{"published": {}, "in a store": {Store: s}} {
		b.Run(name, func(b *testing.B) {
			t, err := New(c, "t", o)
			if err != nil {
				b.Fatal(err)
			}
			defer t.Close()
			keys := make([]string, 1000)
			for i := range keys {
				keys[i] = fmt.Sprint(i)
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if err := t.Put(keys[i%len(keys)], uint64(i)); err != nil {
					if err := t.Sync(context.Background()); err != nil { // more wait than may
						b.Fatal(err)
					}
				}
			}
			if err := t.Sync(context.Background()); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// BenchmarkReceive is applying the changes of others, ten to an event.
func BenchmarkReceive(b *testing.B) {
	c := benchNode(b)
	t, err := New(c, "t", Options[string, uint64]{})
	if err != nil {
		b.Fatal(err)
	}
	defer t.Close()
	var infos []event.Value
	for i := range 10 {
		infos = append(infos, changeInfo{Change: ElementNew.enum(), Index: event.List(event.String(fmt.Sprint(i))), Value: event.Count(1)}.value())
	}
	ev := event.Event{Name: changeEvent, Args: []event.Value{Header{ID: "t", NodeID: "x"}.value(), event.List(infos...)}}
	p := t.way.(*publisher[string, uint64])
	b.ReportAllocs()
	for b.Loop() {
		if err := p.changed(context.Background(), ev); err != nil {
			b.Fatal(err)
		}
	}
}
