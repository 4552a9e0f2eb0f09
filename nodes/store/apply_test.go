package store

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"zctl/nodes/event"
)

// noon is when tests take place.
var noon = time.Unix(1_700_000_000, 123_456_789).UTC()

// literal is a value as people write it; "" is none.
func literal(t *testing.T, s string) event.Value {
	t.Helper()
	if s == "" {
		return event.None()
	}
	v, err := event.ParseLiteral(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestApply: each operation on each kind of value that matters to it.
func TestApply(t *testing.T) {
	t.Parallel()
	big := "18446744073709551615"
	tests := []struct {
		before       string // the value under the key; "": missing
		op           OpKind
		index, value string
		after        string // "": missing
		result       string
		err          error
	}{
		{"", OpPut, "", "1", "1", "", nil},
		{"1", OpPut, "", `"x"`, `"x"`, "", nil},
		{"", OpPutUnique, "", "1", "1", "T", nil},
		{"1", OpPutUnique, "", "2", "1", "F", nil},
		{"1", OpErase, "", "", "", "", nil},
		{"", OpErase, "", "", "", "", nil},
		{"1", OpClear, "", "", "", "", nil},
		{"", OpClear, "", "", "", "", nil},

		{"", OpIncrement, "", "2", "2", "2", nil},
		{"", OpIncrement, "", "-2", "-2", "-2", nil},
		{"", OpIncrement, "", "0.5", "0.5", "0.5", nil},
		{"", OpIncrement, "", "2sec", "2sec", "2sec", nil},
		{"", OpIncrement, "", `"2"`, "", "", ErrType},
		{"", OpIncrement, "", "", "", "", ErrType},
		{"", OpIncrement, "", "2024-01-01T00:00:00Z", "", "", ErrType},
		{"1", OpIncrement, "", "2", "3", "3", nil},
		{"+1", OpIncrement, "", "-2", "-1", "-1", nil},
		{"1", OpIncrement, "", "+2", "1", "", ErrType},
		{"1.5", OpIncrement, "", "0.5", "2.0", "2.0", nil},
		{"1sec", OpIncrement, "", "1min", "61sec", "61sec", nil},
		{"2024-01-01T00:00:00Z", OpIncrement, "", "1.5sec", "2024-01-01T00:00:01.5Z", "2024-01-01T00:00:01.5Z", nil},
		{"1sec", OpIncrement, "", "2024-01-01T00:00:00Z", "1sec", "", ErrType},
		{"2024-01-01T00:00:00Z", OpIncrement, "", "2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z", "", ErrType},
		{`"a"`, OpIncrement, "", `"b"`, `"a"`, "", ErrType},
		{"{1}", OpIncrement, "", "2", "{1}", "", ErrType},
		{"T", OpIncrement, "", "T", "T", "", ErrType},
		{big, OpIncrement, "", "1", big, "", ErrRange},
		{"+9223372036854775807", OpIncrement, "", "+1", "+9223372036854775807", "", ErrRange},
		{"-9223372036854775808", OpIncrement, "", "-1", "-9223372036854775808", "", ErrRange},

		{"", OpDecrement, "", "2", "", "", ErrNoKey},
		{"3", OpDecrement, "", "2", "1", "1", nil},
		{"1", OpDecrement, "", "2", "1", "", ErrRange},
		{"+1", OpDecrement, "", "+2", "-1", "-1", nil},
		{"-9223372036854775808", OpDecrement, "", "+1", "-9223372036854775808", "", ErrRange},
		{"+0", OpDecrement, "", "-9223372036854775808", "+0", "", ErrRange},
		{"-1", OpDecrement, "", "-9223372036854775808", "+9223372036854775807", "+9223372036854775807", nil},
		{"1.5", OpDecrement, "", "0.5", "1.0", "1.0", nil},
		{"2024-01-01T00:00:01Z", OpDecrement, "", "1sec", "2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z", nil},
		{"[1]", OpDecrement, "", "1", "[1]", "", ErrType},

		{"", OpAppend, "", `"a"`, `"a"`, "", nil},
		{`"a"`, OpAppend, "", `"b"`, `"ab"`, "", nil},
		{`"a"`, OpAppend, "", "1", `"a"`, "", ErrType},
		{"[1]", OpAppend, "", `"a"`, "[1]", "", ErrType},
		{"", OpAppend, "", "1", "", "", ErrType},

		{"", OpPush, "", "1", "[1]", "", nil},
		{"[1]", OpPush, "", `"x"`, `[1, "x"]`, "", nil},
		{"{1}", OpPush, "", "2", "{1}", "", ErrType},
		{"", OpPop, "", "", "", "", ErrNoKey},
		{"[1, 2]", OpPop, "", "", "[1]", "2", nil},
		{"[1]", OpPop, "", "", "vector()", "1", nil},
		{"vector()", OpPop, "", "", "vector()", "", nil},
		{"{1}", OpPop, "", "", "{1}", "", ErrType},
		{"1", OpPop, "", "", "1", "", ErrType},

		{"", OpInsertIntoSet, "1", "", "{1}", "", nil},
		{"{1, 3}", OpInsertIntoSet, "2", "", "{1, 2, 3}", "", nil},
		{"{1, 3}", OpInsertIntoSet, "3", "", "{1, 3}", "", nil},
		{"[1]", OpInsertIntoSet, "2", "", "[1]", "", ErrType},
		{"{1 = 2}", OpInsertIntoSet, "3", "", "{1 = 2}", "", ErrType},
		{"", OpInsertIntoTable, "1", `"a"`, `{1 = "a"}`, "", nil},
		{"{1 = 1, 3 = 3}", OpInsertIntoTable, "2", "2", "{1 = 1, 2 = 2, 3 = 3}", "", nil},
		{"{1 = 1, 3 = 3}", OpInsertIntoTable, "3", "4", "{1 = 1, 3 = 4}", "", nil},
		{"{1}", OpInsertIntoTable, "1", "1", "{1}", "", ErrType},

		{"", OpRemoveFrom, "1", "", "", "", ErrNoKey},
		{"{1, 2}", OpRemoveFrom, "1", "", "{2}", "", nil},
		{"{1}", OpRemoveFrom, "1", "", "set()", "", nil},
		{"{1}", OpRemoveFrom, "2", "", "{1}", "", nil},
		{"{1 = 1, 2 = 2}", OpRemoveFrom, "2", "", "{1 = 1}", "", nil},
		{"{1 = 1}", OpRemoveFrom, "2", "", "{1 = 1}", "", nil},
		{"[1]", OpRemoveFrom, "+0", "", "[1]", "", ErrType},
		{"1", OpRemoveFrom, "1", "", "1", "", ErrType},

		{"1", 0, "", "2", "1", "", ErrType},
		{"1", OpClear + 1, "", "2", "1", "", ErrType},
	}
	key := literal(t, `"key"`)
	for _, test := range tests {
		var c Contents
		before := literal(t, test.before)
		if test.before != "" {
			c.Follow(Change{Kind: ChangePut, Key: key, Value: before})
		}
		op := Op{Kind: test.op, Key: key, Index: literal(t, test.index), Value: literal(t, test.value)}
		changes, result, err := c.Apply(op, noon)
		name := test.before + " " + test.op.String() + " " + test.index + " " + test.value
		if !errors.Is(err, test.err) || (err != nil) != (test.err != nil) {
			t.Errorf("%s: error %v, want %v", name, err, test.err)
		}
		if want := literal(t, test.result); !result.Equal(want) {
			t.Errorf("%s: result %s, want %s", name, result, want)
		}
		after, exists := c.Get(key)
		if want := literal(t, test.after); !after.Equal(want) || exists != (test.after != "") {
			t.Errorf("%s: then there is %s (%t), want %s", name, after, exists, want)
		}
		if want := literal(t, test.before); !before.Equal(want) {
			t.Errorf("%s: changed the value that was there to %s", name, before)
		}
		// a copy that follows looks the same
		var copied Contents
		if test.before != "" {
			copied.Follow(Change{Kind: ChangePut, Key: key, Value: before})
		}
		for _, change := range changes {
			copied.Follow(change)
		}
		if v, ok := copied.Get(key); !v.Equal(after) || ok != exists {
			t.Errorf("%s: a copy has %s (%t) after %v", name, v, ok, changes)
		}
		if len(changes) > 1 || err != nil && changes != nil {
			t.Errorf("%s: %d changes, error %v", name, len(changes), err)
		}
	}
}

// TestApplyErrors says what a message tells.
func TestApplyErrors(t *testing.T) {
	t.Parallel()
	var c Contents
	put := func(key, value event.Value) { c.Follow(Change{Kind: ChangePut, Key: key, Value: value}) }
	put(event.String("n"), event.Count(math.MaxUint64))
	put(event.String("long"+strings.Repeat("g", 1000)), event.Set())
	tests := []struct {
		op   Op
		want string
	}{
		{Op{Kind: OpIncrement, Key: event.String("n"), Value: event.Count(2)},
			"cannot increment n: out of range: it is 18446744073709551615, and the amount 2"},
		{Op{Kind: OpIncrement, Key: event.String("n"), Value: event.String("2")},
			"cannot increment n: type mismatch: it is count, and the amount string"},
		{Op{Kind: OpPop, Key: event.Count(7)}, "cannot pop 7: no such key"},
		{Op{Kind: OpPut, Key: event.Count(7), Expiry: -time.Second},
			"cannot put 7: out of range: it would have expired 1s ago"},
		{Op{Kind: OpPush, Key: event.String("long" + strings.Repeat("g", 1000))},
			"cannot push long" + strings.Repeat("g", 76) + "…: type mismatch: it is set"},
	}
	for _, test := range tests {
		if _, _, err := c.Apply(test.op, noon); err == nil || err.Error() != test.want {
			t.Errorf("error %q, want %q", err, test.want)
		}
	}
}

// TestTooLarge: what would not go into a message is refused, and what is there
// stays.
func TestTooLarge(t *testing.T) {
	t.Parallel()
	key := event.Count(1)
	deep := event.List()
	for range maxDepth {
		deep = event.List(deep)
	}
	elems := make([]event.Value, maxValues-2) // the container and the key are two more
	for i := range elems {
		elems[i] = event.Count(uint64(i))
	}
	full, text := event.Set(elems...), event.String(strings.Repeat("x", maxBytes-32))
	tests := []struct {
		name string
		put  event.Value
		more Op
	}{
		{"values", full, Op{Kind: OpInsertIntoSet, Key: key, Index: event.Count(maxValues)}},
		{"bytes", text, Op{Kind: OpAppend, Key: key, Value: event.String("x")}},
		{"depth", deep, Op{Kind: OpPut, Key: key, Value: event.List(deep)}},
	}
	for _, test := range tests {
		var c Contents
		if _, _, err := c.Apply(Op{Kind: OpPut, Key: key, Value: test.put}, noon); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		if _, _, err := c.Apply(test.more, noon); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: error %v", test.name, err)
		}
		if v, _ := c.Get(key); !v.Equal(test.put) {
			t.Errorf("%s: the value changed", test.name)
		}
		if _, err := event.DecodeValue(test.put.AppendBin(nil)); err != nil {
			t.Errorf("%s: what a store takes does not decode: %v", test.name, err)
		}
	}
}
