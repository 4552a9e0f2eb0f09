package main

import (
	"context"
	"path/filepath"
	"sync/atomic"
	"time"

	"zctl/nodes/cluster"
	"zctl/nodes/event"
	"zctl/nodes/store"
	"zctl/nodes/store/sqlite"
)

// publishes is what the bus takes without a store: one event for each put, from a worker to
// as many nodes as there are clones, which only count them.
func (b *storeBench) publishes(ctx context.Context, n int) error {
	const topic = "bench/bare"
	var got []*atomic.Int64
	for i, node := range b.all {
		if i == 1 {
			continue // publishes
		}
		count := &atomic.Int64{}
		got = append(got, count)
		stop := node.Intercept(topic, func(cluster.Received) { count.Add(1) })
		defer stop()
		if err := node.Subscribe(topic); err != nil {
			return err
		}
	}
	least := func() int {
		n := got[0].Load()
		for _, count := range got {
			n = min(n, count.Load())
		}
		return int(n)
	}
	publish := func(i int) error {
		return b.all[1].PublishEvent(ctx, topic, event.Event{Name: "Bench::put", Args: []event.Value{b.keys[i%storeKeys], event.Count(uint64(i))}})
	}
	for least() == 0 { // until the subscriptions have come round
		if err := publish(0); err != nil {
			return err
		}
		time.Sleep(time.Millisecond)
	}
	time.Sleep(50 * time.Millisecond)
	for _, count := range got {
		count.Store(0)
	}
	begin := time.Now()
	for i := range n {
		for i%100 == 0 && i-least() > bareAhead && ctx.Err() == nil {
			time.Sleep(50 * time.Microsecond)
		}
		for publish(i) != nil && ctx.Err() == nil { // the socket is full
			time.Sleep(50 * time.Microsecond)
		}
	}
	for least() < n && ctx.Err() == nil {
		time.Sleep(50 * time.Microsecond)
	}
	b.bus.add(float64(n) / time.Since(begin).Seconds() / 1e3)
	return ctx.Err()
}

// writes is what the file takes without a store around it.
func (b *storeBench) writes(ctx context.Context, n int) error {
	file, err := sqlite.Open(ctx, sqlite.Options{
		Path: filepath.Join(b.dir, "bare.sqlite"), JournalMode: sqlite.JournalWAL, Synchronous: sqlite.SynchronousNormal,
	})
	if err != nil {
		return err
	}
	const each = 1000
	begin := time.Now()
	changes := make([]store.Change, each)
	for i := 0; i < n; i += each {
		for j := range changes {
			changes[j] = store.Change{Kind: store.ChangePut, Key: b.keys[(i+j)%storeKeys], Value: event.Count(uint64(i + j))}
		}
		if err := file.Write(ctx, changes, []store.Session{{Writer: "bench", Seq: uint64(i + each)}}); err != nil {
			return err
		}
	}
	b.file.add(float64(n) / time.Since(begin).Seconds() / 1e3)
	return file.Close()
}
