package store

import (
	"time"

	"zctl/nodes/event"
)

// What masters and clones tell each other. Any of it may be lost, come twice or late;
// see protocol.go for what follows from that.
//
// An epoch is one life of a master; a later one is greater. A version is how many
// changes there have been in that epoch. A writer is a clone that wrote something, and
// numbers its operations from 1.

// message is one of the below.
type message interface{ event() event.Event }

// From masters.
type (
	// alive comes every so often, and at once when somebody asks.
	alive struct {
		epoch, version uint64
		oldest         uint64 // first version that can still be repeated
		answers        uint64 // epoch of the claim that this answers, or 0
	}
	// changed is changes, of which the first made version first.
	changed struct {
		epoch, first uint64
		changes      []Change
	}
	// chunk is part of a snapshot, as it was at that version; the first one is 0. Only
	// chunks of one reading make a snapshot together.
	chunk struct {
		epoch, transfer, reading, number, version uint64
		last                                      bool
		entries                                   []Change // of kind ChangePut
	}
	// done tells a writer how far its operations were applied, and that a copy of that
	// version shows it. Of those after known, all are fine that are not in outcomes;
	// nobody knows of the others.
	done struct {
		epoch, seq, known, version uint64
		gap                        bool // some before what came last are missing
		outcomes                   []outcome
	}
	// claim asks whether there is another master. It goes to masters.
	claim struct{ epoch uint64 }
)

// To masters.
type (
	// attach asks for a snapshot, of which the chunks before number of that reading have
	// arrived. With again, those that were sent later have not.
	attach struct {
		clone                            string
		epoch, transfer, reading, number uint64
		again                            bool
	}
	// repeat asks for the changes from a version on once more.
	repeat struct {
		clone          string
		epoch, version uint64
	}
	// write is operations of a writer, who has heard of all before settled, or has
	// given them up.
	write struct {
		clone                 string
		epoch, first, settled uint64
		ops                   []Op
	}
)

// outcome is what came of an operation that did not simply succeed.
type outcome struct {
	seq  uint64
	code code
}

// Bounds of what goes into one message. One entry or operation may be larger.
const (
	messageBytes = 256 << 10
	messageItems = 4096
)

// maxNumber bounds epochs, versions and numbers of operations, so that sums of them
// do not overflow.
const maxNumber = 1 << 62

// maxID is how long the id of a clone may be.
const maxID = 512

// Names of the events.
const (
	eventAlive   = "Zctl::store_alive"
	eventChanged = "Zctl::store_changes"
	eventChunk   = "Zctl::store_snapshot"
	eventDone    = "Zctl::store_done"
	eventClaim   = "Zctl::store_claim"
	eventAttach  = "Zctl::store_attach"
	eventRepeat  = "Zctl::store_repeat"
	eventWrite   = "Zctl::store_write"
)

// sizeOf is about how many bytes values take, in a message or in memory.
func sizeOf(values ...event.Value) int {
	var e extent
	for _, v := range values {
		e.add(v, 0)
	}
	return e.bytes
}

// size is about how many bytes it takes in a message.
func (ch *Change) size() int { return 32 + sizeOf(ch.Key, ch.Value) }
func (op *Op) size() int     { return 48 + sizeOf(op.Key, op.Index, op.Value) }

// deadline is a value for a deadline: none for never.
func deadline(t time.Time) event.Value {
	if t.IsZero() {
		return event.None()
	}
	return event.Timestamp(t)
}
