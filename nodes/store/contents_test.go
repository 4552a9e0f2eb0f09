package store

import (
	"iter"
	"testing"
	"time"

	"zctl/nodes/event"
)

// TestExpiry: deadlines count from the write, are cleared by a write without
// one, and are kept by what does not write.
func TestExpiry(t *testing.T) {
	t.Parallel()
	var c Contents
	key := event.String("k")
	apply := func(kind OpKind, at, expiry time.Duration) {
		t.Helper()
		if _, _, err := c.Apply(Op{Kind: kind, Key: key, Value: event.Count(1), Expiry: expiry}, noon.Add(at)); err != nil {
			t.Fatal(err)
		}
	}
	next := func(want time.Duration) {
		t.Helper()
		deadline, ok := c.NextDeadline()
		if want == 0 && ok || want != 0 && !deadline.Equal(noon.Add(want)) {
			t.Errorf("next deadline %s (%t), want %s after noon", deadline, ok, want)
		}
		if e, _ := c.Lookup(key); !e.Deadline.Equal(deadline) {
			t.Errorf("the entry's deadline is %s, the next one %s", e.Deadline, deadline)
		}
	}
	apply(OpPut, 0, 10*time.Second)
	next(10 * time.Second)
	apply(OpIncrement, time.Second, time.Second)
	next(2 * time.Second)
	apply(OpPutUnique, time.Second, time.Minute) // is there already
	next(2 * time.Second)
	apply(OpIncrement, time.Second, 0)
	next(0)
	apply(OpPut, time.Second, time.Hour)
	next(time.Hour + time.Second)
	if changes := c.Expired(noon.Add(time.Hour)); changes != nil {
		t.Errorf("expired early: %v", changes)
	}
	apply(OpPutUnique, time.Hour+time.Second, time.Second) // is over at this very moment
	next(time.Hour + 2*time.Second)
	changes := c.Expired(noon.Add(time.Hour + 2*time.Second))
	if len(changes) != 1 || changes[0].Kind != ChangeExpire || !changes[0].Key.Equal(key) || c.Exists(key) {
		t.Errorf("expired %v", changes)
	}
	next(0)
	apply(OpPut, 0, 1<<63-1) // beyond what a time can be
	if changes := c.Expired(noon.AddDate(200, 0, 0)); changes != nil {
		t.Errorf("expired early: %v", changes)
	}
}

// TestExpiryOrder: many entries go in the order of their deadlines, in bounded
// portions.
func TestExpiryOrder(t *testing.T) {
	t.Parallel()
	var c Contents
	const n = 3 * expiredAtOnce
	for i := range n { // 7 shares no divisor with n: each deadline once
		op := Op{Kind: OpPut, Key: event.Count(uint64(i)), Expiry: time.Duration(i*7%n + 1)}
		if _, _, err := c.Apply(op, noon); err != nil {
			t.Fatal(err)
		}
		if i%2 == 0 { // and every other one stays
			op.Expiry = 0
			_, _, _ = c.Apply(op, noon)
		}
	}
	last, gone := -1, 0
	for {
		changes := c.Expired(noon.Add(n))
		if len(changes) == 0 {
			break
		}
		if len(changes) > expiredAtOnce {
			t.Fatalf("%d at once", len(changes))
		}
		for _, ch := range changes {
			key, _ := ch.Key.Count()
			at := int(key) * 7 % n
			if at <= last || key%2 == 0 {
				t.Fatalf("%d expired at %d, after %d", key, at, last)
			}
			last = at
			gone++
		}
	}
	if _, ok := c.NextDeadline(); gone != n/2 || c.Len() != n/2 || ok {
		t.Errorf("%d expired, %d left, more to come: %t", gone, c.Len(), ok)
	}
}

// TestAllWhileChanging: a walk that others write in between of sees each entry
// that stays exactly once, and nothing of before a clear.
func TestAllWhileChanging(t *testing.T) {
	t.Parallel()
	var c Contents
	const n = 1000
	put := func(i int) { c.Follow(Change{Kind: ChangePut, Key: event.Count(uint64(i)), Value: event.Count(0)}) }
	for i := range n {
		put(i)
	}
	next, stop := iter.Pull2(c.All())
	defer stop()
	seen := map[uint64]int{}
	for i := 0; ; i++ {
		key, _, ok := next()
		if !ok {
			break
		}
		k, _ := key.Count()
		seen[k]++
		c.Follow(Change{Kind: ChangeErase, Key: event.Count(uint64(2 * i))}) // the even ones
		put(n + i)
	}
	for k := uint64(1); k < n; k += 2 {
		if seen[k] != 1 {
			t.Errorf("%d seen %d times", k, seen[k])
		}
	}
	for range c.All() {
		c.Follow(Change{Kind: ChangeClear})
		put(0)
	}
	if c.Len() != 1 {
		t.Errorf("%d entries after clear and put", c.Len())
	}
}

// TestKept: nothing that is kept or told refers to the payload it came in.
func TestKept(t *testing.T) {
	t.Parallel()
	whole := event.List(event.String("text"), event.EnumValue("An::ENUM"), event.Set(event.String("elem")))
	for _, kind := range []OpKind{OpPut, OpPutUnique, OpPush, OpInsertIntoSet, OpInsertIntoTable, OpAppend} {
		payload := event.List(whole, event.String("text")).AppendBin(nil)
		v, err := event.DecodeValue(payload)
		if err != nil {
			t.Fatal(err)
		}
		value, text := v.Elems()[0], v.Elems()[1]
		var c, copied Contents
		op := Op{Kind: kind, Key: value, Index: value, Value: value}
		if kind == OpAppend {
			op.Value = text
		}
		changes, _, err := c.Apply(op, noon)
		if err != nil {
			t.Fatal(err)
		}
		copied.Follow(changes[0])
		got, _ := c.Get(whole)
		before := got.AppendBin(changes[0].Key.AppendBin(nil))
		clear(payload)
		for _, contents := range []*Contents{&c, &copied} {
			got, ok := contents.Get(whole)
			if after := got.AppendBin(changes[0].Key.AppendBin(nil)); !ok || string(after) != string(before) {
				t.Errorf("%s: %s, told %v, after its payload was overwritten", kind, got, changes)
			}
		}
	}
	var c Contents
	payload := whole.AppendBin(nil)
	v, _ := event.DecodeValue(payload)
	c.Follow(Change{Kind: ChangePut, Key: v, Value: v})
	clear(payload)
	if got, ok := c.Get(whole); !ok || !got.Equal(whole) {
		t.Errorf("followed: %s after its payload was overwritten", got)
	}
}

// TestIndex: get_index_from_value.
func TestIndex(t *testing.T) {
	t.Parallel()
	tests := []struct{ value, index, want, err string }{
		{"[1, 2]", "1", "2", ""},
		{"[1, 2]", "+0", "1", ""},
		{"[1, 2]", "2", "", "cannot get index 2 of 2: no such key"},
		{"[1, 2]", "-1", "", "cannot get index -1: type mismatch: vectors count from 0"},
		{"[1, 2]", `"x"`, "", "cannot get index x: type mismatch: vectors count from 0"},
		{"{1, 2}", "2", "T", ""},
		{"{1, 2}", "+2", "F", ""},
		{`{1 = "a"}`, "1", `"a"`, ""},
		{`{1 = "a"}`, "2", "", "cannot get index 2: no such key"},
		{"7", "7", "", "cannot get index 7: type mismatch: count is no container"},
	}
	for _, test := range tests {
		got, err := Index(literal(t, test.value), literal(t, test.index))
		message := ""
		if err != nil {
			message = err.Error()
		}
		if !got.Equal(literal(t, test.want)) || message != test.err {
			t.Errorf("%s at %s: %s, %q", test.value, test.index, got, message)
		}
	}
}

// TestGetAllocations is not parallel: it counts those of the whole process.
func TestGetAllocations(t *testing.T) {
	var c Contents
	keys := []event.Value{literal(t, `"key"`), literal(t, "10.0.0.1"), literal(t, `[10.0.0.1, 443/tcp, "x"]`)}
	for _, key := range keys {
		c.Follow(Change{Kind: ChangePut, Key: key, Value: event.Count(1)})
	}
	allocs := testing.AllocsPerRun(100, func() {
		for _, key := range keys {
			if _, ok := c.Get(key); !ok {
				t.Error("gone")
			}
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}
