package logstream

import (
	"slices"

	"zctl/nodes/logstream/spill"
)

// submit takes a batch. It returns false, and has not taken it, only if there is no
// room and the policy is to wait. In the end nobody waits: the last batch of a stream
// is taken over the limit, so that Close can still send it.
func (s *Sender) submit(records int, payload []byte) (taken bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.finished {
		return false, ErrClosed
	}
	b := &batch{seq: s.seq, records: records, payload: payload}
	switch fits := s.fits(len(payload)); {
	case s.o.Policy == Block && !fits && !s.closing.Load():
		s.refused = true
		return false, nil
	case s.o.Policy == Block, fits && !s.spilling():
		s.enqueue(b)
		s.Ready()
	case s.store != nil:
		s.spill(b)
	default:
		s.drop(records, errNoRoom)
	}
	s.seq++
	s.stats.Written.Batches++
	return true, nil
}

// fits says whether there is room in memory. One batch fits whatever its size.
func (s *Sender) fits(size int) bool {
	if s.o.Immediate && s.transport != nil && !s.connected() {
		return false
	}
	batches := len(s.queue) + s.flying
	return batches == 0 || batches < s.o.HWM && s.size+s.flySize+size <= s.o.Memory
}

// spilling says that what comes goes to files: to stand behind what is there, or
// since there is nobody to send it to.
func (s *Sender) spilling() bool {
	return s.store != nil && (s.store.Unread() || !s.connected())
}

// connected says whether a batch has somewhere to go, if only nowhere.
func (s *Sender) connected() bool {
	connected, loggers := s.transport.Connected()
	return connected > 0 || loggers == 0
}

// enqueue puts a batch into the queue where its number belongs.
func (s *Sender) enqueue(b *batch) {
	at := len(s.queue)
	for at > 0 && s.queue[at-1].seq > b.seq {
		at--
	}
	s.queue = slices.Insert(s.queue, at, b)
	s.size += len(b.payload)
	if b.stored == nil {
		s.stats.Waiting.add(b.records)
	}
}

// dequeue takes the first batch out of the queue.
func (s *Sender) dequeue() *batch {
	b := s.queue[0]
	s.queue[0] = nil
	s.queue = s.queue[1:]
	s.size -= len(b.payload)
	if b.stored == nil {
		s.stats.Waiting.sub(b.records)
	}
	return b
}

// spill writes a batch to the files.
func (s *Sender) spill(b *batch) {
	dropped, err := s.store.Append(spill.Batch{Seq: b.seq, Records: b.records, Payload: b.payload})
	s.dropped(dropped, spill.ErrFull)
	if err != nil {
		s.drop(b.records, err)
		return
	}
	s.stats.Spilled.add(b.records)
	s.Ready()
}

// drop counts a batch that is lost.
func (s *Sender) drop(records int, cause error) {
	s.stats.Dropped.add(records)
	s.stats.Lost.add(uint64(records), cause)
	s.stats.Cause = cause
}

func (s *Sender) dropped(c spill.Counts, cause error) {
	if c.Batches > 0 {
		s.stats.Dropped.Records += c.Records
		s.stats.Dropped.Batches += c.Batches
		s.stats.Lost.add(c.Records, cause)
		s.stats.Cause = cause
	}
}

// waiter returns a channel that is closed when submit is worth another try.
func (s *Sender) waiter() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.room == nil {
		s.room = make(chan struct{})
	}
	return s.room
}

// madeRoom tells those who wait for room.
func (s *Sender) madeRoom() {
	if s.refused {
		s.refused = false
		token(s.left)
	}
	if s.room != nil {
		close(s.room)
		s.room = nil
	}
}
