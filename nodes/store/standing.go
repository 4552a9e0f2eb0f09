package store

import (
	"strings"
	"time"

	"zctl/nodes/internal/damp"
)

// standing is whether a master is the one. A new one asks, and listens for a while; if
// another one answers it stands back. If there are two nevertheless, since they could not
// hear each other, the later one goes on. Who stood back tries again when the other one has
// not been heard for masterTimeout.
type standing struct {
	epoch uint64
	state masterState
	since time.Time // when it began to listen; zero until it is on the bus
	rival rival
}

type masterState uint8

const (
	claiming masterState = iota // listens
	serving
	yielded // stands back
)

// rival is another master of the same name.
type rival struct {
	epoch uint64
	id    string // of its process
	heard time.Time
	told  damp.Damper
}

// begin begins an epoch: the time, but later than all that are known.
func (s *standing) begin(now time.Time) {
	s.epoch = max(uint64(now.UnixNano()), s.epoch+1, s.rival.epoch+1)
	s.state, s.since = claiming, time.Time{}
}

// joined says that the master is on the bus, and asks whether there is another one.
func (m *masterSide) joined(now time.Time) {
	m.since = now
	m.posts = append(m.posts, post{toMaster, claim{m.epoch}})
}

// rivalClaims: another master asks.
func (m *masterSide) rivalClaims(from string, msg claim, now time.Time) {
	if !plausible(msg.epoch, now) {
		return
	}
	switch m.state {
	case serving:
		m.rivalHeard(from, msg.epoch, now)
		m.posts = append(m.posts, post{toClones, m.alive(msg.epoch)})
	case claiming: // both begin: the earlier one does
		if msg.epoch < m.epoch || msg.epoch == m.epoch && from < m.id {
			m.yield(from, msg.epoch, now)
		}
	}
}

// rivalAlive: another master serves.
func (m *masterSide) rivalAlive(from string, msg alive, now time.Time) {
	if !plausible(msg.epoch, now) {
		return
	}
	switch m.state {
	case claiming:
		if msg.answers == m.epoch {
			m.yield(from, msg.epoch, now)
		}
	case serving:
		if msg.epoch > m.epoch || msg.epoch == m.epoch && from > m.id {
			m.yield(from, msg.epoch, now)
			return
		}
		m.rivalHeard(from, msg.epoch, now)
	case yielded:
		m.rivalHeard(from, msg.epoch, now)
	}
}

func (m *masterSide) rivalHeard(from string, epoch uint64, now time.Time) {
	m.rival.epoch, m.rival.heard = max(m.rival.epoch, epoch), now
	m.rival.id = strings.Clone(from)
	m.rival.told.Do(now, func(more int) {
		m.complaints.add("two nodes are master of the same store; create it on one only", "other", m.rival.id, "suppressed", more)
	})
}

func (m *masterSide) yield(from string, epoch uint64, now time.Time) {
	m.rivalHeard(from, epoch, now)
	m.state = yielded
	m.transfers.endAll()
}

// standingTick lets time pass.
func (m *masterSide) standingTick(now time.Time) {
	switch {
	case m.state == claiming && !m.since.IsZero() && now.Sub(m.since) >= claimTime:
		m.state = serving
		m.beat(now)
	case m.state == yielded && now.Sub(m.rival.heard) >= masterTimeout:
		m.begin(now)
		m.joined(now)
	}
}
