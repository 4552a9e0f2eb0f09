package store

import (
	"slices"
	"strings"
	"time"

	"zctl/nodes/event"
	"zctl/nodes/internal/damp"
)

// masterSide is the master's half of the protocol. It is not for concurrent use.
//
// What it does with a message or an operation is done in two steps, since changes are to be
// on disk before anybody hears of them: the methods below change the contents, pending says
// what is to be written, and committed, when it is, puts together the posts.
type masterSide struct {
	contents *Contents
	id       string // of this process

	standing
	version   uint64
	history   history
	sessions  sessions
	transfers transfers

	changes []Change // since the last commit
	due     []string // clones that have credit for chunks, or are new
	repeats int      // messages that may still be repeated until the next tick
	beaten  time.Time

	posts      []post
	complaints complaints
	refused    damp.Damper

	chunkBytes int
}

func newMasterSide(contents *Contents, loaded []Session, id string, now time.Time) *masterSide {
	m := &masterSide{contents: contents, id: id, chunkBytes: chunkBytes, history: history{most: historyBytes}, transfers: transfers{byClone: map[string]*transfer{}}}
	m.sessions.load(loaded, now)
	m.begin(now)
	return m
}

// begin begins an epoch, in which clones start from the beginning.
func (m *masterSide) begin(now time.Time) {
	m.standing.begin(now)
	m.version = 0
	m.history.reset(1)
	m.transfers.endAll()
	m.due = nil
}

// receive takes a message from the process called from.
func (m *masterSide) receive(from string, msg message, now time.Time) {
	switch msg := msg.(type) {
	case alive:
		m.rivalAlive(from, msg, now)
	case claim:
		m.rivalClaims(from, msg, now)
	case attach:
		m.attach(from, msg, now)
	case repeat:
		m.repeat(from, msg)
	case write:
		m.write(from, msg, now)
	}
}

// owns says whether a process may speak for a clone: the clone's id begins with the
// process's.
func owns(from, clone string) bool {
	return strings.HasPrefix(clone, from+"/") && !strings.HasSuffix(clone, refusals)
}

// serves says whether a clone that follows an epoch is to be served. One that follows
// another epoch is told of ours.
func (m *masterSide) serves(from, clone string, epoch uint64) bool {
	if m.state != serving || !owns(from, clone) {
		return false
	}
	if epoch != m.epoch {
		m.posts = append(m.posts, post{strings.Clone(clone), m.alive(0)})
		return false
	}
	return true
}

func (m *masterSide) alive(answers uint64) alive {
	return alive{epoch: m.epoch, version: m.version, oldest: m.history.first, answers: answers}
}

func (m *masterSide) attach(from string, msg attach, now time.Time) {
	if !m.serves(from, msg.clone, msg.epoch) {
		return
	}
	t := m.transfers.byClone[msg.clone]
	if t == nil || t.id != msg.transfer {
		if msg.number != 0 {
			return // it has ended; the clone will begin another one
		}
		if t = m.transfers.begin(msg.clone, msg.transfer, m.contents, now); t == nil {
			return // it will ask again
		}
	}
	if msg.number > 0 && msg.reading != t.reading {
		return // likewise
	}
	t.used = now
	t.credit(msg.number, msg.again, now)
	if t.again && t.arrived == 0 {
		m.transfers.read(t, m.contents) // what is new since then, such a clone has not heard of
	}
	if t.finished() {
		m.transfers.end(msg.clone)
		return
	}
	if !slices.Contains(m.due, msg.clone) { // of at most maxTransfers, also while no disk takes anything
		m.due = append(m.due, strings.Clone(msg.clone))
	}
}

// repeatsPerTick bounds what strangers can make us send: messages of a tick.
const repeatsPerTick = 64

func (m *masterSide) repeat(from string, msg repeat) {
	if !m.serves(from, msg.clone, msg.epoch) {
		return
	}
	for v := msg.version; m.repeats > 0; m.repeats-- {
		changes := m.history.from(v)
		if len(changes) == 0 {
			return
		}
		m.posts = append(m.posts, post{strings.Clone(msg.clone), changed{m.epoch, v, changes}})
		v += uint64(len(changes))
	}
}

// write applies the operations of a writer that were not applied yet, if none before is
// missing.
func (m *masterSide) write(from string, msg write, now time.Time) {
	if !m.serves(from, msg.clone, msg.epoch) {
		return
	}
	s := m.sessions.open(msg.clone, msg.settled, now)
	if s == nil {
		m.complaints.add("too many nodes write to a store; one more is ignored", "writer", brief(event.String(msg.clone)))
		return
	}
	m.sessions.touch(msg.clone, s)
	if msg.first > s.seq+1 {
		s.gap = true
		return
	}
	for i := s.seq + 1 - msg.first; i < uint64(len(msg.ops)); i++ {
		c := m.apply(&msg.ops[i], now)
		s.seq++
		s.dirty, s.wrote = true, true
		m.sessions.note(s, s.seq, c)
	}
}

// apply applies one operation. It is what the master's own node writes by, too.
func (m *masterSide) apply(op *Op, now time.Time) code {
	change, result, err := m.contents.apply(*op, now)
	if change.Kind != 0 && err == nil {
		m.changes = append(m.changes, change)
	}
	if err != nil {
		m.refused.Do(now, func(more int) {
			m.complaints.add("operation on a store refused", "op", op.Kind, "key", brief(op.Key), "err", err, "suppressed", more)
		})
	}
	return codeOf(op, result, err)
}

// expiriesPerTick bounds how many entries go in a tick, in portions of 1024. To erase them
// takes a disk its time, in which the master must not seem to be dead.
const expiriesPerTick = 8

// tick lets time pass; it should be called every tickInterval.
func (m *masterSide) tick(now time.Time) {
	m.repeats = repeatsPerTick
	m.transfers.endIdle(now, transferGone)
	m.standingTick(now)
	if m.state == yielded {
		return
	}
	for range expiriesPerTick {
		m.changes = append(m.changes, m.contents.Expired(now)...)
	}
	if m.state == serving && now.Sub(m.beaten) >= heartbeat {
		m.beat(now)
	}
}

// beat says that the master is alive. It says nothing of what is not yet on disk.
func (m *masterSide) beat(now time.Time) {
	m.beaten = now
	m.posts = append(m.posts, post{toClones, m.alive(0)})
}

// pending is what is to be on disk before committed is called.
func (m *masterSide) pending() ([]Change, []Session) { return m.changes, m.sessions.pending() }

// committed tells everybody what has been done since it was last called, and returns all
// posts.
func (m *masterSide) committed() []post {
	m.publish()
	m.answer()
	m.send()
	posts := m.posts
	m.posts = nil
	return posts
}

// publish tells all clones the changes.
func (m *masterSide) publish() {
	for i := range m.changes {
		m.history.add(m.changes[i], m.changes[i].size())
	}
	first := m.version + 1
	m.version += uint64(len(m.changes))
	left, bytes, begin := m.changes, 0, 0
	flush := func(end int) {
		if end > begin && m.state == serving {
			m.posts = append(m.posts, post{toClones, changed{m.epoch, first + uint64(begin), left[begin:end]}})
		}
		begin, bytes = end, 0
	}
	for i := range left {
		size := left[i].size()
		if bytes+size > messageBytes || i-begin == messageItems {
			flush(i)
		}
		bytes += size
	}
	flush(len(left))
	m.changes = nil
}

// answer answers writers.
func (m *masterSide) answer() {
	for _, id := range m.sessions.touched {
		s := m.sessions.byID[id]
		if s.answer && m.state == serving {
			outcomes := append([]outcome(nil), s.outcomes...)
			m.posts = append(m.posts, post{id, done{m.epoch, s.seq, s.known, m.version, s.gap, outcomes}})
		}
		s.dirty, s.newRefusal, s.answer, s.gap = false, false, false, false
	}
	m.sessions.touched, m.sessions.gone = nil, nil
}

// send sends the chunks that there is credit for.
func (m *masterSide) send() {
	for _, clone := range m.due {
		t := m.transfers.byClone[clone]
		if t == nil {
			continue
		}
		for _, next := range t.chunks(m.contents, m.chunkBytes) {
			next.epoch, next.transfer, next.reading, next.version = m.epoch, t.id, t.reading, m.version
			m.posts = append(m.posts, post{clone, next})
		}
	}
	m.due = nil
}

// close gives up what has to be given up.
func (m *masterSide) close() { m.transfers.endAll() }
