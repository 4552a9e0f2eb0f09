package store

import (
	"iter"
	"strings"
	"time"

	"zctl/nodes/event"
)

const (
	// chunksAhead is how many chunks of a snapshot are under way without an answer.
	chunksAhead = 4
	// chunkBytes is after how much a chunk is full. The last entry may go beyond.
	chunkBytes = 192 << 10
	// maxTransfers is how many snapshots are sent at once; more clones wait for their
	// turn.
	maxTransfers = 16
	// transferIdle is how long a clone may say nothing before another one gets its turn,
	// transferGone after how long it does not get the rest in any case.
	transferIdle = 5 * time.Second
	transferGone = time.Minute
)

// transfer is a snapshot on its way to a clone. It holds no copy: entries are read when
// there is credit for them.
type transfer struct {
	id      uint64 // the clone's
	reading uint64 // ours
	next    func() (event.Value, Entry, bool)
	stop    func()
	arrived uint64          // chunks
	keys    [][]event.Value // of the chunks that were sent and have not arrived
	over    bool            // the last chunk was sent
	again   bool            // they are to be sent once more
	used    time.Time

	repeated time.Time // when they were last sent once more
}

// againAtMost is how often chunks are sent once more.
const againAtMost = 200 * time.Millisecond

// credit takes note that chunks before number have arrived, and perhaps that the others
// have to be sent once more.
func (t *transfer) credit(number uint64, again bool, now time.Time) {
	for t.arrived < number && len(t.keys) > 0 {
		t.keys[0] = nil
		t.keys = t.keys[1:]
		t.arrived++
	}
	if again && len(t.keys) > 0 && now.Sub(t.repeated) >= againAtMost {
		t.again, t.repeated = true, now
	}
}

// finished says whether all has arrived.
func (t *transfer) finished() bool { return t.over && len(t.keys) == 0 }

// chunks is what there is credit for. Chunks that are sent once more have the values of
// now.
func (t *transfer) chunks(c *Contents, bytes int) []chunk {
	var all []chunk
	if t.again {
		t.again = false
		for i, keys := range t.keys {
			all = append(all, chunk{number: t.arrived + uint64(i), entries: lookup(c, keys), last: t.over && i == len(t.keys)-1})
		}
	}
	for !t.over && len(t.keys) < chunksAhead {
		all = append(all, t.read(bytes))
	}
	return all
}

// read is the next chunk, of so many bytes or a little more.
func (t *transfer) read(most int) chunk {
	next := chunk{number: t.arrived + uint64(len(t.keys))}
	var keys []event.Value
	for bytes := 0; bytes < most && len(keys) < messageItems; {
		key, e, ok := t.next()
		if !ok {
			t.over, next.last = true, true
			break
		}
		ch := Change{Kind: ChangePut, Key: key, Value: e.Value, Deadline: e.Deadline}
		bytes += ch.size()
		keys, next.entries = append(keys, key), append(next.entries, ch)
	}
	t.keys = append(t.keys, keys)
	return next
}

// lookup is the entries of those keys that are there.
func lookup(c *Contents, keys []event.Value) []Change {
	var entries []Change
	for _, key := range keys {
		if e, ok := c.Lookup(key); ok {
			entries = append(entries, Change{Kind: ChangePut, Key: key, Value: e.Value, Deadline: e.Deadline})
		}
	}
	return entries
}

// transfers is the snapshots on their way, by clone.
type transfers struct {
	byClone  map[string]*transfer
	readings uint64 // so many were begun
}

// begin makes a transfer in place of another one of the clone; nil if there are too many.
func (ts *transfers) begin(clone string, id uint64, c *Contents, now time.Time) *transfer {
	ts.end(clone)
	if len(ts.byClone) >= maxTransfers {
		ts.endIdle(now, transferIdle)
	}
	if len(ts.byClone) >= maxTransfers {
		return nil
	}
	t := &transfer{id: id}
	ts.read(t, c)
	ts.byClone[strings.Clone(clone)] = t
	return t
}

// read begins to read the contents for a transfer.
func (ts *transfers) read(t *transfer, c *Contents) {
	ts.readings++
	t.reading, t.keys, t.over, t.again = ts.readings, nil, false, false
	if t.stop != nil {
		t.stop()
	}
	t.next, t.stop = iter.Pull2(c.All())
}

func (ts *transfers) end(clone string) {
	if t := ts.byClone[clone]; t != nil {
		t.stop()
		delete(ts.byClone, clone)
	}
}

func (ts *transfers) endIdle(now time.Time, most time.Duration) {
	for clone, t := range ts.byClone {
		if now.Sub(t.used) >= most {
			ts.end(clone)
		}
	}
}

func (ts *transfers) endAll() {
	for clone := range ts.byClone {
		ts.end(clone)
	}
}
