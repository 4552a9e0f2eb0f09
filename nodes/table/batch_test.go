package table

import (
	"slices"
	"testing"
	"time"
)

// TestBatching: the rule by itself (spec: cluster-framework 1.14).
func TestBatching(t *testing.T) {
	t.Parallel()
	begin := time.Unix(1000, 0)
	const ms = time.Millisecond
	for _, test := range []struct {
		name  string
		size  int
		delay time.Duration
		at    []time.Duration // of changes
		waits []time.Duration
	}{
		{"off by size", 0, 10 * ms, []time.Duration{0, 0, ms}, []time.Duration{0, 0, 0}},
		{"off by delay", 10, 0, []time.Duration{0, 0, ms}, []time.Duration{0, 0, 0}},
		{"the first at once, then delay after that", 10, 10 * ms, []time.Duration{0, ms, 4 * ms}, []time.Duration{0, 9 * ms, 6 * ms}},
		{"just as long as delay is not longer", 10, 10 * ms, []time.Duration{0, 10 * ms}, []time.Duration{0, 1}},
		{"longer than delay", 10, 10 * ms, []time.Duration{0, 11 * ms}, []time.Duration{0, 0}},
		{"full", 3, 10 * ms, []time.Duration{0, ms, ms, ms, ms}, []time.Duration{0, 9 * ms, 9 * ms, 0, 10 * ms}},
	} {
		b := batching{size: test.size, delay: test.delay}
		var waits []time.Duration
		for _, at := range test.at {
			now := begin.Add(at)
			wait := b.add(now)
			if waits = append(waits, wait); wait <= 0 {
				b.published(now)
			}
		}
		if !slices.Equal(waits, test.waits) {
			t.Errorf("%s: waits %v, want %v", test.name, waits, test.waits)
		}
	}
}

// TestBatches: so many events, with so many changes each, at these times.
func TestBatches(t *testing.T) {
	bubble(t, func(r *rig) {
		r.make("manager")
		tbl := newTable(r, "manager", "M::t", Options[int, string]{MaxBatchSize: 4, MaxBatchDelay: 50 * time.Millisecond})
		ear, _ := r.listen()
		r.run("manager")
		begun := time.Now()
		for i := range 7 { // one at once, four that fill a batch, two that wait
			put(r, tbl, i, "x")
		}
		r.pass(time.Second)
		put(r, tbl, 100, "x") // nothing for long
		drop(r, tbl, 100)     // waits
		put(r, tbl, 100, "y") // waits
		if err := tbl.Sync(r.Context()); err != nil {
			t.Error(err)
		}
		put(r, tbl, 101, "x")
		if err := tbl.Close(); err != nil {
			t.Error(err)
		}
		r.settle()
		type batch struct {
			n  int
			at time.Duration
		}
		var got []batch
		for _, m := range ear.taken() {
			got = append(got, batch{changesIn(m), m.at.Sub(begun)})
		}
		want := []batch{{1, 0}, {4, 0}, {2, 50 * time.Millisecond}, {1, time.Second}, {2, time.Second}, {1, time.Second}}
		if !slices.Equal(got, want) {
			t.Errorf("batches %v, want %v", got, want)
		}
		r.pass(time.Second)
		if more := ear.taken(); len(more) > 0 {
			t.Errorf("%d events after the end", len(more))
		}
		if s := tbl.Stats(); s.Published != 11 || s.Unpublished != 0 {
			t.Errorf("stats %+v", s)
		}
	})
}

// TestTopicOf: changes go to the topics that a function says; a batch is of all.
func TestTopicOf(t *testing.T) {
	bubble(t, func(r *rig) {
		r.make("manager")
		tbl := newTable(r, "manager", "M::t", Options[string, int]{MaxBatchSize: 3, TopicOf: func(key string) string { return "to/" + key[:1] }})
		ear, _ := r.listen()
		r.run("manager")
		for _, key := range []string{"x", "b1", "a1", "b2"} {
			put(r, tbl, key, 1)
		}
		r.settle()
		var got []string
		for _, m := range ear.taken() {
			got = append(got, m.topic)
			if h, _, err := decode(m.event); err != nil || h.ID != "M::t" {
				t.Errorf("header %+v, %v", h, err)
			}
			for range changesIn(m) - 1 {
				got = append(got, "+")
			}
		}
		if want := []string{"to/x", "to/a", "to/b", "+"}; !slices.Equal(got, want) {
			t.Errorf("published %v, want %v", got, want)
		}
	})
}

// TestLeave: what waits when a node ends is published before it is gone.
func TestLeave(t *testing.T) {
	bubble(t, func(r *rig) {
		r.make("manager")
		tbl := newTable(r, "manager", "M::t", Options[string, int]{MaxBatchDelay: time.Minute})
		ear, _ := r.listen()
		stop := r.run("manager")
		put(r, tbl, "at once", 1)
		put(r, tbl, "waits", 1)
		r.settle()
		if got := ear.taken(); len(got) != 1 {
			t.Errorf("%d events before the end", len(got))
		}
		stop()
		r.settle()
		if got := ear.taken(); len(got) != 1 || changesIn(got[0]) != 1 {
			t.Errorf("%d events at the end", len(got))
		}
	})
}
