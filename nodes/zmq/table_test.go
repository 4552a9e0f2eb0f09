package zmq

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func testTable() *table {
	return newTable(limits{topics: 4, allTopics: 6, topicLen: 5}.withDefaults(), new(flow))
}

func testSubscriber(id uint64) *subscriber {
	return &subscriber{id: id, topics: make(map[string]struct{})}
}

func testPublisher() *publisher {
	return &publisher{conn: &conn{out: newOutq(Options{}.withDefaults())}}
}

// heard returns what was queued for a publisher since the last call, as "+topic" and "-topic".
func (p *publisher) heard() string {
	var said []string
	r := newReader(bytes.NewReader(p.out.control), 1000)
	for {
		packet, err := r.next()
		if err != nil {
			break
		}
		s, _ := packet.subscription()
		said = append(said, map[bool]string{true: "+", false: "-"}[s.add]+string(s.topic))
	}
	p.out.control = nil
	return strings.Join(said, " ")
}

func TestTableTellsPublishers(t *testing.T) {
	t.Parallel()
	table, early, late := testTable(), testPublisher(), testPublisher()
	a, b := testSubscriber(1), testSubscriber(2)
	table.addPublisher(early)
	for _, step := range []struct {
		do   func()
		want string
	}{
		{func() { check(t, table.subscribe(a, "x")) }, "+x"},
		{func() { check(t, table.subscribe(b, "x")) }, "+x"},     // VERBOSER: heard again
		{func() { check(t, table.subscribe(a, "x")) }, "+x"},     // even from the same connection
		{func() { table.unsubscribe(a, "x") }, ""},               // b holds it still
		{func() { table.unsubscribe(a, "x") }, ""},               // and a does not any more
		{func() { table.unsubscribe(b, "x") }, "-x"},             // the last holder
		{func() { table.unsubscribe(b, "x") }, ""},               // nobody
		{func() { check(t, table.subscribe(a, "dup")) }, "+dup"}, // libzmq would leak this one:
		{func() { check(t, table.subscribe(a, "dup")) }, "+dup"}, // zmq4 6, Z1
		{func() { check(t, table.subscribe(b, "both")) }, "+both"},
		{func() { check(t, table.subscribe(a, "both")) }, "+both"},
		{func() { check(t, table.subscribe(a, "a")) }, "+a"},
		{func() { table.addPublisher(late) }, ""},
		{func() { table.remove(a) }, "-a -dup"}, // one for each topic it held last
		{func() { table.remove(a) }, ""},
		{func() { table.remove(b) }, "-both"},
		{func() { table.removePublisher(early) }, ""},
		{func() { check(t, table.subscribe(b, "y")) }, ""},
	} {
		step.do()
		if got := early.heard(); got != step.want {
			t.Errorf("heard %q, want %q", got, step.want)
		}
	}
	if got, want := late.heard(), "+a +both +dup -a -dup -both +y"; got != want {
		t.Errorf("the late publisher heard %q, want %q", got, want)
	}
	if table.routes.len() != 1 {
		t.Errorf("%d routes left", table.routes.len())
	}
}

func TestTableMatch(t *testing.T) {
	t.Parallel()
	table := testTable()
	all, ab, both := testSubscriber(3), testSubscriber(1), testSubscriber(2)
	check(t, table.subscribe(all, ""))
	check(t, table.subscribe(ab, "ab"))
	check(t, table.subscribe(both, "a"))
	check(t, table.subscribe(both, "abc"))
	for topic, want := range map[string][]uint64{
		"":     {3},
		"x":    {3},
		"a":    {2, 3},
		"ab":   {1, 2, 3},
		"abcd": {1, 2, 3}, // once each, although two prefixes of one match
	} {
		var got []uint64
		for _, s := range table.match([]byte(topic), nil) {
			got = append(got, s.id)
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%q: got %v, want %v", topic, got, want)
		}
	}
}

func TestTableLimits(t *testing.T) {
	t.Parallel()
	table := testTable()
	a, b := testSubscriber(1), testSubscriber(2)
	for i := range 4 {
		check(t, table.subscribe(a, fmt.Sprint(i)))
	}
	check(t, table.subscribe(a, "0")) // known
	for _, topic := range []string{"4", "sixsix"} {
		if err := table.subscribe(a, topic); err == nil {
			t.Errorf("topic %q was taken", topic)
		}
	}
	check(t, table.subscribe(b, "b1"))
	check(t, table.subscribe(b, "b2"))
	check(t, table.subscribe(b, "0")) // known to the broker
	if err := table.subscribe(b, "b3"); err == nil {
		t.Error("the broker's seventh topic was taken")
	}
	table.remove(a)
	check(t, table.subscribe(b, "b3"))
	if got := table.held(b); !slices.Equal(got, []string{"0", "b1", "b2", "b3"}) {
		t.Errorf("holds %q", got)
	}
}
