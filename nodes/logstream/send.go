package logstream

import (
	"errors"
	"time"
)

// send hands batches to the transport until Close.
func (s *Sender) send() {
	for {
		for s.sendOne() {
		}
		select {
		case <-s.wake:
		case <-s.stop:
			return
		}
	}
}

// sendOne sends the next batch, if there is one and the transport takes it.
func (s *Sender) sendOne() bool {
	b, nowhere := s.next()
	if b == nil {
		return false
	}
	err := error(nil)
	if nowhere {
		s.settle(b, nil)
	} else {
		err = s.transport.Send(b.payload, func(err error) { s.settle(b, err) })
	}
	if err == nil {
		return true
	}
	return s.unsent(b, err)
}

// next takes the next batch to send: what came back or waits in memory, then what is
// in the files.
func (s *Sender) next() (b *batch, nowhere bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	connected, loggers := s.transport.Connected()
	if connected == 0 && loggers > 0 {
		s.shelve()
		return nil, false
	}
	if len(s.queue) > 0 {
		b = s.dequeue()
	} else if b = s.unspill(); b == nil {
		return nil, false
	}
	s.flying++
	s.flySize += len(b.payload)
	if b.stored == nil {
		s.stats.Waiting.add(b.records)
	}
	return b, loggers == 0
}

// unspill takes a batch from the files, if there is room for it in memory.
func (s *Sender) unspill() *batch {
	if s.store == nil || !s.fits(0) {
		return nil
	}
	kept, ok, dropped, err := s.store.Take()
	s.dropped(dropped, err)
	if !ok {
		return nil
	}
	return &batch{seq: kept.Seq, records: kept.Records, payload: kept.Payload, stored: &kept}
}

// unsent takes back a batch that the transport did not take, and says whether to go
// on with the next one.
func (s *Sender) unsent(b *batch, err error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.landed(b)
	if errors.Is(err, ErrAgain) {
		s.enqueue(b)
		return false
	}
	s.drop(b.records, err)
	s.forget(b)
	return true
}

// settle is told what became of a batch.
func (s *Sender) settle(b *batch, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.landed(b)
	if err != nil {
		s.stats.Returned++
		s.enqueue(b)
		s.Ready()
		return
	}
	s.stats.Sent.add(b.records)
	if b.stored != nil {
		s.stats.Unspilled.add(b.records)
	}
	s.forget(b)
}

// landed takes a batch out of those under way.
func (s *Sender) landed(b *batch) {
	s.flying--
	s.flySize -= len(b.payload)
	if b.stored == nil {
		s.stats.Waiting.sub(b.records)
	}
	s.madeRoom()
}

// forget deletes a batch from the files, if it is there.
func (s *Sender) forget(b *batch) {
	if b.stored != nil && s.store != nil {
		if err := s.store.Done(*b.stored); err != nil {
			s.stats.Cause = err
		}
	}
	if s.store != nil && s.store.Unread() {
		s.Ready() // there is room for more of it
	}
}

// shelve moves what waits in memory to the files, so that it survives us, when there
// is no logger and all that was under way has come back.
func (s *Sender) shelve() {
	if s.store == nil || s.flying > 0 {
		return
	}
	s.spillQueue()
	s.store.Return()
	s.madeRoom()
}

// spillQueue moves the queue to the files.
func (s *Sender) spillQueue() {
	for len(s.queue) > 0 {
		if b := s.dequeue(); b.stored == nil {
			s.spill(b)
		}
	}
}

// Close makes batches of what was written, waits at most Linger for loggers to take
// them, and closes the transport. With Spill, what no logger took is left in files;
// otherwise it is dropped and counted.
func (s *Sender) Close() error {
	if s.closing.Swap(true) {
		return nil
	}
	s.mu.Lock()
	s.madeRoom()
	s.mu.Unlock()
	s.Flush()
	s.await(s.o.Linger)
	close(s.stop)
	s.all.Wait()
	return s.end()
}

// await waits until nothing waits in memory, while there is a logger to wait for.
func (s *Sender) await(grace time.Duration) {
	const look = 2 * time.Millisecond
	for since := time.Now(); time.Since(since) < grace && s.busy(); {
		time.Sleep(look)
	}
}

func (s *Sender) busy() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.transport == nil || s.store != nil && !s.connected() {
		return false
	}
	return s.flying > 0 || len(s.queue) > 0
}

// end closes what is open and settles the rest.
func (s *Sender) end() error {
	var errs []error
	if s.transport != nil {
		errs = append(errs, s.transport.Close())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.transport, s.finished = nil, true
	s.shelve()
	for len(s.queue) > 0 {
		s.drop(s.dequeue().records, errLeft)
	}
	if s.store != nil {
		s.stats.keep(s.store.Counts())
		errs = append(errs, s.store.Close())
		s.store = nil
	}
	return errors.Join(errs...)
}
