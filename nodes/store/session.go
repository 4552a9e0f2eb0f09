package store

import (
	"slices"
	"strings"
	"time"
)

// What a master remembers of its writers at most.
const (
	maxSessions = 10000
	maxOutcomes = 1 << 14 // of one writer; more than a writer sends without an answer
	allOutcomes = 1 << 20
	// sessionIdle is after how long without a word a writer may be forgotten, if there
	// is no room: no clone tries a write again for that long.
	sessionIdle = 10 * time.Minute
)

// session is what a master remembers of a writer.
type session struct {
	seq, known uint64 // of the last operation; outcomes are known of those after
	outcomes   []outcome
	settled    uint64 // the writer has heard of those before
	refused    uint64 // last one that was not simply fine
	used       time.Time
	wrote      bool // so that it is kept on disk
	dirty      bool // not yet kept as it is
	newRefusal bool // nor is refused
	answer     bool // is to be answered
	gap        bool // something before what came last is missing
}

// sessions is the writers of a master.
type sessions struct {
	byID     map[string]*session
	outcomes int      // of all
	touched  []string // ids of those that are dirty or to be answered
	gone     []string // ids of those that are still on disk, but forgotten
}

// refusals is behind the id of a writer under which it is kept which of its operations was
// the last that was not simply fine. Of those after it nothing has to be remembered for it to
// be known, after a restart, what came of them.
const refusals = "!"

// load takes what was on disk.
func (ss *sessions) load(all []Session, now time.Time) {
	ss.byID = make(map[string]*session, len(all))
	for _, s := range all {
		if s.Seq > 0 && s.Seq < maxNumber && !strings.HasSuffix(s.Writer, refusals) {
			ss.byID[strings.Clone(s.Writer)] = &session{seq: s.Seq, used: now, wrote: true}
		}
	}
	for _, s := range all {
		id, is := strings.CutSuffix(s.Writer, refusals)
		if writer := ss.byID[id]; is && writer != nil {
			writer.known = min(s.Seq, writer.seq)
		}
	}
}

// open is the session of a writer who will not repeat operations before settled; nil if
// there is no room for one more.
func (ss *sessions) open(id string, settled uint64, now time.Time) *session {
	s := ss.byID[id]
	if s == nil {
		if len(ss.byID) >= maxSessions && !ss.forgetOne(now) {
			return nil
		}
		s = &session{}
		ss.byID[strings.Clone(id)] = s
	}
	if settled > s.seq+1 {
		s.seq = settled - 1
		s.known = s.seq
	}
	ss.settle(s, settled)
	s.used = now
	return s
}

// forgetOne forgets a writer who never wrote or has been silent for long, and says
// whether there was one.
func (ss *sessions) forgetOne(now time.Time) bool {
	var oldest string
	for id, s := range ss.byID {
		if s.wrote && now.Sub(s.used) < sessionIdle || s.answer || s.dirty {
			continue
		}
		if oldest == "" || s.used.Before(ss.byID[oldest].used) {
			oldest = id
		}
	}
	if oldest == "" {
		return false
	}
	if ss.byID[oldest].wrote {
		ss.gone = append(ss.gone, oldest)
	}
	ss.outcomes -= len(ss.byID[oldest].outcomes)
	delete(ss.byID, oldest)
	return true
}

// touch notes that something is to be done for a session.
func (ss *sessions) touch(id string, s *session) {
	if !s.answer && !s.dirty {
		ss.touched = append(ss.touched, strings.Clone(id))
	}
	s.answer = true
}

// settle forgets the outcomes that a writer has heard of.
func (ss *sessions) settle(s *session, settled uint64) {
	if settled <= s.settled {
		return
	}
	s.settled = settled
	n, _ := slices.BinarySearchFunc(s.outcomes, settled, func(o outcome, seq uint64) int {
		if o.seq < seq {
			return -1
		}
		return 1
	})
	ss.outcomes -= n
	s.outcomes = slices.Delete(s.outcomes, 0, n)
}

// note remembers what came of an operation. Where there is no room, nobody will know.
func (ss *sessions) note(s *session, seq uint64, c code) {
	if c == codeFine {
		return
	}
	s.refused, s.newRefusal = seq, true
	if len(s.outcomes) >= maxOutcomes || ss.outcomes >= allOutcomes {
		s.known = seq
		return
	}
	s.outcomes = append(s.outcomes, outcome{seq, c})
	ss.outcomes++
}

// pending is the sessions that are to be kept on disk, or not any longer.
func (ss *sessions) pending() []Session {
	var all []Session
	for _, id := range ss.gone {
		all = append(all, Session{Writer: id}, Session{Writer: id + refusals})
	}
	for _, id := range ss.touched {
		s := ss.byID[id]
		if s.dirty {
			all = append(all, Session{Writer: id, Seq: s.seq})
		}
		if s.newRefusal {
			all = append(all, Session{Writer: id + refusals, Seq: s.refused})
		}
	}
	return all
}
