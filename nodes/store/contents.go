package store

import (
	"iter"
	"math"
	"time"

	"zctl/nodes/event"
)

// Contents is the entries of a store, in memory. The zero Contents is empty. Any
// number of goroutines may read it at once, but not while one changes it.
//
// Keys are the same if they are encoded the same in broker-bin-v1.
type Contents struct {
	entries map[string]*entry // by encoded key
	expiry  deadlines
	cleared int // how often
}

// Entry is what a store has under a key.
type Entry struct {
	Value    event.Value
	Deadline time.Time // zero: never
}

// entry is 64 bytes: a store of a million entries is to take little more than
// they do.
type entry struct {
	key      string // encoded
	value    event.Value
	deadline int64 // nanoseconds since 1970; 0: never
	at       int   // in deadlines, if there is a deadline
}

func (e *entry) public() Entry { return Entry{Value: e.value, Deadline: moment(e.deadline)} }

// keySpace is how long an encoded key is that takes no allocation to look up.
const keySpace = 128

func (c *Contents) find(key event.Value) *entry {
	var space [keySpace]byte
	return c.entries[string(key.AppendBin(space[:0]))]
}

// Get is the value of a key, and whether there is one. The value belongs to
// nobody: it does not change when the entry does.
func (c *Contents) Get(key event.Value) (event.Value, bool) {
	if e := c.find(key); e != nil {
		return e.value, true
	}
	return event.Value{}, false
}

// Lookup is Get with the deadline.
func (c *Contents) Lookup(key event.Value) (Entry, bool) {
	if e := c.find(key); e != nil {
		return e.public(), true
	}
	return Entry{}, false
}

// Exists says whether there is a key.
func (c *Contents) Exists(key event.Value) bool { return c.find(key) != nil }

// Len is the number of entries.
func (c *Contents) Len() int { return len(c.entries) }

// Keys is all keys, in no order.
func (c *Contents) Keys() []event.Value {
	keys := make([]event.Value, 0, len(c.entries))
	for key := range c.All() {
		keys = append(keys, key)
	}
	return keys
}

// All is all entries, in no order. They may change while it runs: it then yields
// what has been there all along once, with the value of that moment, and of what
// came or went in the meantime some or none.
func (c *Contents) All() iter.Seq2[event.Value, Entry] {
	return func(yield func(event.Value, Entry) bool) {
		cleared := c.cleared
		for key, e := range c.entries {
			if c.cleared != cleared || !yield(decodeKey(key), e.public()) {
				return
			}
		}
	}
}

// decodeKey is the key that was encoded. It refers to the encoding, which is a
// string and does not change.
func decodeKey(key string) event.Value {
	v, err := event.DecodeValueString(key)
	if err != nil {
		panic("store: key that does not decode: " + err.Error()) // encoded by find's like only
	}
	return v
}

// moment is a deadline as Go has it.
func moment(ns int64) time.Time {
	if ns == 0 {
		return time.Time{}
	}
	return time.Unix(0, ns).UTC()
}

// nanoseconds is a deadline as entries have it. Those beyond what they can hold
// are the last that they can.
func nanoseconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	if at, _ := event.Timestamp(t).Time(); at.UnixNano() != 0 {
		return at.UnixNano()
	}
	return 1 // the one moment that cannot be told from never
}

// after is the deadline of what is written now and expires after d.
func after(now time.Time, d time.Duration) int64 {
	if d == 0 {
		return 0
	}
	at := now.UnixNano()
	if at > math.MaxInt64-int64(d) {
		return math.MaxInt64
	}
	return at + int64(d)
}
