package store

import (
	"fmt"
	"time"

	"zctl/nodes/event"
)

// Op is one operation on a store, as a node asks its master for it.
type Op struct {
	Kind OpKind
	// Key is the entry that it is about; Index and Value are what the kind says.
	Key, Index, Value event.Value
	// Expiry is after which time the entry that was written goes away, counted
	// from when the master applies the operation; 0 is never. As in Broker, a
	// write with 0 also takes away the deadline that an entry had (spec:
	// cluster-framework 2.3). Erase and clear have no use for it.
	Expiry time.Duration
}

// OpKind is what an operation does. The numbers are told on the bus.
type OpKind uint8

// The operations. Those that create a missing entry begin with 0, an empty
// string, or an empty container; for the others a missing key is [ErrNoKey].
const (
	_                 OpKind = iota
	OpPut                    // sets Value
	OpPutUnique              // sets Value if the key is missing; its result is a bool that says so
	OpErase                  // removes the key; that it was missing is no error
	OpIncrement              // adds Value, of the same kind or an interval to a time; creates; its result is the sum
	OpDecrement              // subtracts Value likewise; its result is the difference
	OpAppend                 // appends the string Value to a string; creates
	OpPush                   // appends Value to a vector; creates
	OpPop                    // removes the last element of a vector, which is its result; none of an empty one
	OpInsertIntoSet          // inserts Index into a set; creates
	OpInsertIntoTable        // maps Index to Value in a table; creates
	OpRemoveFrom             // removes Index from a set or table; that it was missing is no error
	OpClear                  // removes all keys
)

// String is the operation as Broker's scripts call it.
func (k OpKind) String() string {
	names := [...]string{"", "put", "put_unique", "erase", "increment", "decrement", "append", "push", "pop",
		"insert_into_set", "insert_into_table", "remove_from", "clear"}
	if k == 0 || int(k) >= len(names) {
		return fmt.Sprintf("unknown operation %d", uint8(k))
	}
	return names[k]
}
