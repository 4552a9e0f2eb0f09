package store

import (
	"strings"
	"time"
)

// cloneSide is a clone's half of the protocol. It is not for concurrent use.
type cloneSide struct {
	id       string // of the clone: that of the process, a slash, and more
	resync   time.Duration
	contents *Contents // what is shown; nil until there was a snapshot

	epoch   uint64 // of the master that it follows, 0 for none
	master  string // its process
	heard   time.Time
	version uint64 // of what there is, or of what is built
	follows bool   // what there is is the master's

	build     *Contents // from chunks; nil before the first
	transfer  uint64
	reading   uint64 // the master's, of what is built
	number    uint64 // of the next chunk
	asked     time.Time
	stalled   int       // how often nothing came
	repeating time.Time // when it last asked for changes

	writer writer

	watched bool
	changes []Change // for those who watch
	swapped *swap    // comes before changes
	posts   []post
}

// swap is contents that took the place of others.
type swap struct{ old, now *Contents }

func newCloneSide(id string, resync time.Duration) *cloneSide {
	return &cloneSide{id: id, resync: resync, writer: writer{base: 1}}
}

// away says whether there is no master, as far as is known.
func (c *cloneSide) away(now time.Time) bool {
	return c.heard.IsZero() || now.Sub(c.heard) >= masterTimeout
}

// receive takes a message from the process called from.
func (c *cloneSide) receive(from string, msg message, now time.Time) {
	if a, is := msg.(alive); is && c.leads(from, a.epoch, now) {
		c.adopt(from, a.epoch, now)
	}
	if c.epoch == 0 || epochOf(msg) != c.epoch || from != c.master {
		return
	}
	c.heard = now
	switch msg := msg.(type) {
	case alive:
		if c.hasVersion() && msg.version > c.version {
			c.missing(msg.oldest, now)
		}
	case changed:
		c.changed(msg, now)
	case chunk:
		c.chunk(msg, now)
	case done:
		c.writer.answer(msg, now)
	}
	if c.follows {
		c.writer.show(c.epoch, c.version)
	}
}

func epochOf(msg message) uint64 {
	switch msg := msg.(type) {
	case alive:
		return msg.epoch
	case changed:
		return msg.epoch
	case chunk:
		return msg.epoch
	case done:
		return msg.epoch
	}
	return 0
}

// leads says whether a master is to be followed instead of the one that is: a later one,
// or any other if that has not been heard for long.
func (c *cloneSide) leads(from string, epoch uint64, now time.Time) bool {
	if !plausible(epoch, now) || epoch == c.epoch && from == c.master {
		return false
	}
	return epoch > c.epoch || c.away(now)
}

// adopt follows another master.
func (c *cloneSide) adopt(from string, epoch uint64, now time.Time) {
	c.epoch, c.master = epoch, strings.Clone(from)
	c.writer.restart()
	c.restart()
	c.ask(false, now)
}

// restart begins a new snapshot. What is shown stays until it is complete.
func (c *cloneSide) restart() {
	c.follows, c.build, c.reading, c.number, c.stalled = false, nil, 0, 0, 0
	c.transfer++
	c.asked = time.Time{} // at the next tick
}

// hasVersion says whether there is something, or something is built, that changes make
// newer.
func (c *cloneSide) hasVersion() bool { return c.follows || c.build != nil }

// missing asks for the changes after version. Those before oldest cannot be had any more.
func (c *cloneSide) missing(oldest uint64, now time.Time) {
	switch {
	case c.version+1 < oldest:
		c.restart()
	case now.Sub(c.repeating) >= againAtMost:
		c.repeating = now
		c.post(repeat{c.id, c.epoch, c.version + 1})
	}
}

func (c *cloneSide) post(msg message) { c.posts = append(c.posts, post{toMaster, msg}) }

func (c *cloneSide) changed(msg changed, now time.Time) {
	last := msg.first + uint64(len(msg.changes)) - 1
	switch {
	case !c.hasVersion() || last <= c.version || len(msg.changes) == 0:
		return
	case msg.first > c.version+1:
		c.missing(0, now)
		return
	}
	fresh := msg.changes[c.version+1-msg.first:]
	c.version = last
	c.repeating = time.Time{}
	if !c.follows {
		for i := range fresh {
			c.build.Follow(fresh[i])
		}
		return
	}
	for i := range fresh {
		c.show(&fresh[i])
	}
}

// show makes a change to what is shown. Who watches gets what does not refer to the
// message.
func (c *cloneSide) show(ch *Change) {
	if !c.watched {
		c.contents.Follow(*ch)
		return
	}
	own := *ch
	if ch.Kind == ChangePut {
		e := c.contents.put(ch.Key, ch.Value, nanoseconds(ch.Deadline))
		own.Key, own.Value = decodeKey(e.key), e.value
	} else {
		own.Key, own.Value = ch.Key.Clone(), ch.Value.Clone()
		c.contents.Follow(own)
	}
	c.changes = append(c.changes, own)
}

// chunk takes the next part of a snapshot, if it is of the same version as what was built
// so far: then it is neither older nor newer than the changes that are in it.
func (c *cloneSide) chunk(msg chunk, now time.Time) {
	if c.follows || msg.transfer != c.transfer {
		return
	}
	if msg.number == 0 && msg.reading > c.reading {
		c.build, c.number = nil, 0 // it took long, and the master began again
	}
	if msg.number != c.number {
		return // if one is lost, it will be asked for
	}
	switch {
	case c.build == nil:
		c.build, c.reading, c.version = &Contents{}, msg.reading, msg.version
	case msg.reading != c.reading:
		return
	case msg.version > c.version:
		c.missing(0, now)
		return
	case msg.version < c.version:
		return
	}
	for i := range msg.entries {
		c.build.Follow(msg.entries[i])
	}
	c.number++
	c.stalled = 0
	if msg.last {
		c.swapped = &swap{c.contents, c.build}
		c.contents, c.build, c.follows = c.build, nil, true
	}
	c.ask(false, now)
}

// ask asks for the chunks from number on.
func (c *cloneSide) ask(again bool, now time.Time) {
	c.asked = now
	c.post(attach{clone: c.id, epoch: c.epoch, transfer: c.transfer, reading: c.reading, number: c.number, again: again})
}

// restartAfter is after how many questions without an answer a clone begins from the
// beginning.
const restartAfter = 8

// tick lets time pass: it should be called every tickInterval, as soon as the node is on
// the bus.
func (c *cloneSide) tick(now time.Time) {
	since := now.Sub(c.asked)
	switch {
	case c.away(now):
		if since >= c.resync {
			c.ask(true, now)
		}
	case !c.follows && since >= min(askAgain, tickInterval<<c.stalled):
		if c.stalled++; c.stalled > restartAfter {
			c.restart()
		}
		c.ask(true, now)
	}
	c.writer.again(now)
}

// send sends the writes that may be under way.
func (c *cloneSide) send(now time.Time) {
	for !c.away(now) {
		msg, ok := c.writer.next(c.id, c.epoch, now)
		if !ok {
			return
		}
		c.post(msg)
	}
}

// taken returns all posts.
func (c *cloneSide) taken() []post {
	posts := c.posts
	c.posts = nil
	return posts
}
