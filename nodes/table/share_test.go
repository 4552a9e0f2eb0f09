package table

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"zctl/nodes/event"
)

// TestShare: what one node puts all have, and nobody says it again.
func TestShare(t *testing.T) {
	bubble(t, func(r *rig) {
		var all []*Table[netip.Addr, uint64]
		names := []string{"manager", "worker-1", "worker-2"}
		for _, name := range names {
			r.make(name)
			all = append(all, newTable(r, name, "M::hosts", Options[netip.Addr, uint64]{}))
		}
		ear, _ := r.listen()
		r.run(names...)
		told := heard(all[2])
		own := heard(all[0])
		a, b := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("2001:db8::1")
		put(r, all[0], a, 1)
		put(r, all[0], b, 2)
		r.pass(time.Second)
		put(r, all[1], a, 3)
		r.pass(time.Second)
		drop(r, all[0], b)
		drop(r, all[0], b) // is not there
		r.pass(time.Second)
		for i, tbl := range all {
			if got, want := contents(tbl), map[netip.Addr]uint64{a: 3}; !maps.Equal(got, want) {
				t.Errorf("%s has %v, want %v", names[i], got, want)
			}
		}
		var events []string
		for _, m := range ear.taken() {
			events = append(events, fmt.Sprint(m.sender, " ", changesIn(m)))
		}
		if want := "[id-of-manager 1 id-of-manager 1 id-of-worker-1 1 id-of-manager 1]"; fmt.Sprint(events) != want {
			t.Errorf("published %v, want %v", events, want)
		}
		var changes []string
		for _, c := range *told {
			changes = append(changes, fmt.Sprintln(c.Kind, c.Key, c.Value, c.Previous, c.Node))
		}
		want := `TABLE_ELEMENT_NEW 10.0.0.1 1 0 id-of-manager
TABLE_ELEMENT_NEW 2001:db8::1 2 0 id-of-manager
TABLE_ELEMENT_CHANGED 10.0.0.1 3 1 id-of-worker-1
TABLE_ELEMENT_REMOVED 2001:db8::1 2 0 id-of-manager
`
		if got := strings.Join(changes, ""); got != want {
			t.Errorf("worker-2 heard of\n%swant\n%s", got, want)
		}
		if len(*own) != 1 || (*own)[0].Node != "id-of-worker-1" {
			t.Errorf("manager heard of %v; one change was not its own", *own)
		}
	})
}

// TestChanges: only what is to be published is, and what others publish comes in
// whatever it is.
func TestChanges(t *testing.T) {
	bubble(t, func(r *rig) {
		r.make("manager")
		r.make("worker-1")
		from := newTable(r, "manager", "M::t", Options[string, int]{Changes: ElementNew | ElementRemoved, MaxBatchSize: -1})
		to := newTable(r, "worker-1", "M::t", Options[string, int]{Changes: ElementExpired})
		r.run("manager", "worker-1")
		put(r, from, "a", 1)
		put(r, from, "a", 2) // not published
		put(r, from, "b", 1)
		drop(r, from, "b")
		r.settle()
		put(r, to, "c", 1) // not published
		r.settle()
		if got := fmt.Sprint(contents(from), contents(to)); got != "map[a:2] map[a:1 c:1]" {
			t.Error(got)
		}
	})
}

// TestExpire: entries expire where they are, everywhere; what expired elsewhere is
// deleted; and somebody is told.
func TestExpire(t *testing.T) {
	bubble(t, func(r *rig) {
		r.make("manager")
		r.make("worker-1")
		short := newTable(r, "manager", "M::t", Options[string, int]{WriteExpire: time.Second})
		long := newTable(r, "worker-1", "M::t", Options[string, int]{CreateExpire: time.Minute})
		ear, _ := r.listen()
		told, away := heard(short), heard(long)
		r.run("manager", "worker-1")
		put(r, long, "w", 1) // written by somebody else: counts from then
		put(r, short, "a", 1)
		r.pass(900 * time.Millisecond)
		put(r, short, "a", 2)
		r.pass(900 * time.Millisecond)
		if got := contents(short); got["a"] != 2 || len(got) != 1 {
			t.Errorf("after 0.9s of a: %v", got)
		}
		ear.taken()
		r.pass(300 * time.Millisecond)
		if short.Len() != 0 || long.Len() != 0 {
			t.Errorf("left: %v %v", contents(short), contents(long))
		}
		if got := ear.taken(); len(got) != 1 || !strings.Contains(got[0].event.String(), `TABLE_ELEMENT_EXPIRED`) {
			t.Errorf("published %v", got)
		}
		if got := *told; len(got) != 3 || got[1].Kind != ElementExpired || got[2].Kind != ElementExpired || got[2].Value != 2 {
			t.Errorf("manager heard of %v", got)
		}
		if got := *away; len(got) != 4 || got[3].Kind != ElementExpired || got[3].Node != "id-of-manager" {
			t.Errorf("worker-1 heard of %v", got)
		}
		put(r, long, "z", 1)
		r.pass(50 * time.Second)
		put(r, long, "z", 2) // which does not keep it longer
		r.pass(20 * time.Second)
		if long.Len() != 0 {
			t.Errorf("left after its time: %v", contents(long))
		}
	})
}

// TestPublishTo: one who came late gets everything, in batches; what is changed
// meanwhile wins.
func TestPublishTo(t *testing.T) {
	bubble(t, func(r *rig) {
		manager := r.make("manager")
		from := newTable(r, "manager", "M::t", Options[int, int]{})
		r.run("manager")
		for i := range 25 {
			put(r, from, i, i)
		}
		r.pass(time.Second)
		r.make("worker-1")
		to := newTable(r, "worker-1", "M::t", Options[int, int]{})
		ear, _ := r.listen()
		r.run("worker-1")
		if err := from.PublishTo(r.Context(), manager.NodeTopic("worker-1"), 10); err != nil {
			t.Fatal(err)
		}
		r.settle()
		if !maps.Equal(contents(from), contents(to)) {
			t.Errorf("worker-1 has %v", contents(to))
		}
		var sizes []int
		for _, m := range ear.taken() {
			if m.topic != manager.NodeTopic("worker-1") {
				t.Errorf("topic %s", m.topic)
			}
			sizes = append(sizes, changesIn(m))
		}
		if fmt.Sprint(sizes) != "[10 10 5]" {
			t.Errorf("events of %v changes", sizes)
		}
		if err := from.PublishTo(r.Context(), "x", 0); err != nil {
			t.Error(err)
		}
		r.settle()
		if got := ear.taken(); len(got) != 1 || changesIn(got[0]) != 25 {
			t.Errorf("without a batch size: %d events", len(got))
		}
		if err := from.PublishTo(r.Context(), "x", -1); err == nil {
			t.Error("published in batches of -1")
		}
	})
}

// TestNotRunning: before its node is on the bus a table is a map, and what is put then
// nobody hears of, but it is counted.
func TestNotRunning(t *testing.T) {
	bubble(t, func(r *rig) {
		r.make("manager")
		tbl := newTable(r, "manager", "M::t", Options[string, int]{MaxBatchSize: -1})
		put(r, tbl, "a", 1)
		if s := tbl.Stats(); tbl.Len() != 1 || s.Unpublished != 1 || s.Published != 0 {
			t.Errorf("%d entries, %+v", tbl.Len(), s)
		}
		if err := tbl.PublishTo(r.Context(), "x", 0); err == nil {
			t.Error("published to nobody")
		}
	})
}

// TestClosed: a closed table can be read, and is not changed by anybody.
func TestClosed(t *testing.T) {
	bubble(t, func(r *rig) {
		r.make("manager")
		r.make("worker-1")
		a := newTable(r, "manager", "M::t", Options[string, int]{WriteExpire: time.Second})
		b := newTable(r, "worker-1", "M::t", Options[string, int]{})
		r.run("manager", "worker-1")
		put(r, a, "a", 1)
		r.settle()
		if err := errors.Join(a.Close(), a.Close()); err != nil {
			t.Error(err)
		}
		put(r, b, "a", 2)
		r.pass(time.Minute)
		for _, err := range []error{a.Put("a", 3), a.Delete("a"), a.PublishTo(r.Context(), "x", 0)} {
			if !errors.Is(err, ErrClosed) {
				t.Errorf("changed after the end: %v", err)
			}
		}
		if got, ok := a.Get("a"); !ok || got != 1 {
			t.Errorf("a is %v", got)
		}
	})
}

// TestConcurrent: any number of goroutines, on both sides; what they hear of comes in
// order.
func TestConcurrent(t *testing.T) {
	bubble(t, func(r *rig) {
		r.make("manager")
		r.make("worker-1")
		a := newTable(r, "manager", "M::t", Options[string, int]{})
		b := newTable(r, "worker-1", "M::t", Options[string, int]{})
		r.run("manager", "worker-1")
		seen := map[string]int{}
		b.OnChange(func(c Change[string, int]) {
			if c.Value <= seen[c.Key] {
				t.Errorf("%s is %d after %d", c.Key, c.Value, seen[c.Key])
			}
			seen[c.Key] = c.Value
			b.Put("heard", len(seen)) // from within
		})
		var working sync.WaitGroup
		for w := range 4 {
			working.Go(func() {
				for i := range 200 {
					a.Update(fmt.Sprint("k", w), func(n int, _ bool) int { return n + 1 })
					a.Update("all", func(n int, _ bool) int { return n + 1 })
					b.Get("all")
					for range b.All() {
						break
					}
					if i%50 == 0 {
						b.PublishTo(r.Context(), "elsewhere", 3)
					}
				}
			})
		}
		working.Wait()
		r.pass(time.Second)
		if n, _ := b.Get("all"); n != 800 {
			t.Errorf("all is %d", n)
		}
		if n, _ := a.Get("heard"); n != 5 {
			t.Errorf("heard is %d at manager", n)
		}
	})
}

// TestFull: there is an end to what a table holds, whoever puts it there.
func TestFull(t *testing.T) {
	bubble(t, func(r *rig) {
		r.make("manager")
		r.make("worker-1")
		a := newTable(r, "manager", "M::t", Options[int, int]{MaxEntries: 2})
		b := newTable(r, "worker-1", "M::t", Options[int, int]{MaxEntries: -1})
		r.run("manager", "worker-1")
		put(r, a, 1, 1)
		put(r, a, 2, 1)
		if err := a.Put(3, 1); !errors.Is(err, ErrFull) {
			t.Errorf("error %v", err)
		}
		put(r, a, 2, 2)
		for i := range 10 {
			put(r, b, i, 7)
		}
		r.pass(time.Second)
		if got := fmt.Sprint(contents(a)); got != "map[1:7 2:7]" {
			t.Error(got)
		}
		if s := a.Stats(); s.Refused != 8 || s.Applied != 2 {
			t.Errorf("stats %+v", s)
		}
		if b.Len() != 10 || !strings.Contains(r.said["manager"].String(), "the table is full") {
			t.Errorf("%d at worker-1; manager said %s", b.Len(), r.said["manager"])
		}
	})
}

// TestKeys: keys that are the same to Zeek are one, and what cannot be a key is none.
func TestKeys(t *testing.T) {
	bubble(t, func(r *rig) {
		manager := r.make("manager")
		hosts := newTable(r, "manager", "M::a", Options[netip.Addr, int]{})
		put(r, hosts, netip.MustParseAddr("::ffff:10.0.0.1"), 1)
		put(r, hosts, netip.MustParseAddr("10.0.0.1"), 2)
		if n, _ := hosts.Get(netip.MustParseAddr("::ffff:10.0.0.1")); n != 2 || hosts.Len() != 1 {
			t.Errorf("one host is %v", contents(hosts))
		}
		put(r, hosts, netip.MustParseAddr("fe80::1%eth0"), 1)
		if !hosts.Has(netip.MustParseAddr("fe80::1")) {
			t.Errorf("a zone makes another host: %v", contents(hosts))
		}
		type key struct {
			Net  netip.Prefix
			When [1]time.Time
			Port event.Port
		}
		at := time.Unix(5, 0)
		keys := newTable(r, "manager", "M::b", Options[key, int]{})
		put(r, keys, key{netip.MustParsePrefix("10.1.2.3/8"), [1]time.Time{at}, event.Port{}}, 1)
		put(r, keys, key{netip.MustParsePrefix("10.0.0.0/8"), [1]time.Time{at.UTC()}, event.Port{Protocol: 9}}, 2)
		if keys.Len() != 1 {
			t.Errorf("one key is %v", contents(keys))
		}
		reals := newTable(r, "manager", "M::c", Options[float64, int]{})
		nan := 0.0
		nan /= nan
		for name, err := range map[string]error{
			"NaN":             reals.Put(nan, 1),
			"no address":      hosts.Put(netip.Addr{}, 1),
			"a part not set":  keys.Put(key{}, 1),
			"deleting no key": hosts.Delete(netip.Addr{}),
		} {
			if (err == nil) != (name == "deleting no key") {
				t.Errorf("%s: %v", name, err)
			}
		}
		for _, err := range []error{
			made(New(manager, "", Options[int, int]{})),
			made(New(manager, "x", Options[int, chan int]{})),
			made(New(manager, "x", Options[*int, int]{})),
			made(New(manager, "x", Options[struct{}, int]{})),
			made(New(manager, "x", Options[int, int]{Topic: "x", TopicOf: func(int) string { return "y" }})),
			made(New(manager, "x", Options[int, int]{Changes: 64})),
			made(New(manager, "x", Options[int, int]{CreateExpire: 1, WriteExpire: 1})),
			made(New(manager, "x", Options[int, int]{CreateExpire: -1})),
			made(New(nil, "x", Options[int, int]{})),
		} {
			if err == nil || !strings.HasPrefix(err.Error(), "cannot make table ") {
				t.Errorf("made a table: %v", err)
			}
		}
	})
}

func made[K comparable, V any](_ *Table[K, V], err error) error { return err }
