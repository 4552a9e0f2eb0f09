package store

import (
	"time"
)

// The protocol between a master and its clones, as two state machines without clocks and
// sockets: [masterSide] and [cloneSide]. What the bus brings goes into their methods, and
// what they have to say comes out as posts.
//
//	clone                                            master
//	  |          <-- alive(epoch) -- every 500 ms --- |
//	  | -- attach(epoch, transfer 7, number 0) -----> |   asks for a snapshot
//	  | <-- chunk(7, 0), changes, chunk(7, 1) … ----- |   as many as there is credit for
//	  | -- attach(transfer 7, number 2) ------------> |   two have arrived: credit
//	  | <-- chunk(7, 4, last) ----------------------- |   from now on it follows
//	  | -- write(first 1, ops) ---------------------> |   applied, on disk,
//	  | <-- changes(first version 12) --- to all ---- |   told to all,
//	  | <-- done(seq 3, version 14) ----------------- |   and answered
//
// Changes are numbered by the version that they make. A clone that misses some sees it by
// the next ones, or by the version in alive, and asks for them by repeat; if they are too
// old for that it attaches again. A snapshot is read while changes go on: a chunk is what
// its entries were at its version, and a clone takes it when it has all changes up to
// then and none after. Both come over one connection, so that is the rule.
//
// A writer sends again what is not answered. The master applies operations of a writer
// in order, each once: it remembers how far each writer has come, on disk with what the
// operations changed. After a restart its epoch is another one, clones attach again and
// send again what was not answered, of which the master passes over what is on disk.
const (
	tickInterval  = 100 * time.Millisecond // how often time passes for both
	heartbeat     = 500 * time.Millisecond // how often a master says that it is alive
	masterTimeout = 5 * time.Second        // after so long without a word a master is away
	claimTime     = 300 * time.Millisecond // how long a new master listens for another one
	askAgain      = time.Second            // how long a clone waits for an answer
)

// maxAhead is how far ahead of our clock an epoch, which is the time when a master began,
// may be. Anything later is not one.
const maxAhead = 24 * time.Hour

// post is a message to be published, in order.
type post struct {
	to  string // id of a clone; or one of the below
	msg message
}

const (
	toMaster = ""  // all masters; there should be one
	toClones = "*" // all clones, and masters
)

// plausible says whether an epoch is one.
func plausible(epoch uint64, now time.Time) bool {
	return epoch > 0 && epoch <= uint64(now.Add(maxAhead).UnixNano())
}

// complaint is something to be logged.
type complaint struct {
	what string
	args []any
}

// complaints collects what is to be logged, up to a bound.
type complaints []complaint

func (c *complaints) add(what string, args ...any) {
	if len(*c) < 100 {
		*c = append(*c, complaint{what, args})
	}
}
