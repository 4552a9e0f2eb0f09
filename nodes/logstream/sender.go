package logstream

import (
	"cmp"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"zctl/nodes/logstream/spill"
)

// Transport takes batches to loggers. Package nodes makes one of zmq's AckPush, and
// one of a logger's own files.
type Transport interface {
	// Send takes a batch and does not block. It returns ErrAgain when there is no
	// room, and another error for a batch that can never be sent. If it returns nil,
	// done is called once, at any time and from any goroutine: with nil when the
	// batch has arrived, with an error when it has to be sent again.
	Send(payload []byte, done func(error)) error
	// Connected is how many loggers there is a connection to, and how many there
	// should be. With none of them, batches go nowhere, as with Zeek.
	Connected() (connected, loggers int)
	// Close ends all connections. When it returns, every done has been called.
	Close() error
}

var (
	// ErrAgain is a transport's: try again when it is [Sender.Ready].
	ErrAgain = errors.New("cannot send the log batch now: no logger takes it")
	// ErrClosed says that the node has ended.
	ErrClosed = errors.New("cannot log: the node has ended")
	// ErrTimeout says that there was no room for as long as Write may wait.
	ErrTimeout = errors.New("cannot log: no logger took batches for too long; see why the loggers are slow or gone")

	errNoRoom  = errors.New("no logger took them, and memory for them is full")
	errLeft    = errors.New("the node ended before a logger took them")
	errRunning = errors.New("cannot start the sender: it runs, or has ended")
)

// Options of a Sender. Zero values are Zeek's defaults.
type Options struct {
	// Policy is what becomes of batches that there is no room for.
	Policy Policy
	// HWM is how many batches may be in memory: waiting, or with a logger that has
	// not answered yet. Zero or less: 1000 (log_sndhwm).
	HWM int
	// Memory is how many bytes they may have. Zero or less: 64 MiB.
	Memory int
	// Immediate has batches in memory wait only while there is a connection to
	// some logger (Zeek's log_immediate).
	Immediate bool
	// Records is how many records make a batch that is not waited with. Zero or
	// less: 1000 (Log::write_buffer_size).
	Records int
	// Interval is how long records wait for a batch. Zero or less: 1 s
	// (Log::flush_interval).
	Interval time.Duration
	// BlockFor is how long Write may wait, with Block. Zero or less: until the node
	// ends.
	BlockFor time.Duration
	// Linger is how long Close waits for loggers. Zero: 500 ms. Negative: not at
	// all.
	Linger time.Duration
	// Spill is where batches are kept, with that policy.
	Spill spill.Options
}

// maxBatch is how many bytes make a batch that is not waited with, too; a message of
// the bus has 128 MiB at most.
const maxBatch = 4 << 20

func (o Options) withDefaults() Options {
	positive(&o.HWM, 1000)
	positive(&o.Memory, 64<<20)
	positive(&o.Records, 1000)
	positive(&o.Interval, time.Second)
	o.Linger = cmp.Or(o.Linger, 500*time.Millisecond)
	return o
}

func positive[N int | time.Duration](option *N, otherwise N) {
	if *option <= 0 {
		*option = otherwise
	}
}

// Sender sends the batches of all streams of a node. Until it is started they wait in
// memory.
type Sender struct {
	o    Options
	wake chan struct{} // holds a token when there may be something to send
	left chan struct{} // holds a token when there may be room for full batches left in streams
	stop chan struct{} // closed by Close
	all  sync.WaitGroup

	written                   atomic.Uint64 // records
	cutStrings, cutContainers atomic.Uint64
	closing                   atomic.Bool

	mu        sync.Mutex // guards what follows
	transport Transport  // nil: not started
	store     *spill.Store
	streams   []flusher
	queue     []*batch // in order
	size      int      // bytes of queue
	flying    int      // batches with a logger that has not answered
	flySize   int
	seq       uint64
	finished  bool          // Close is done
	room      chan struct{} // closed when there may be room; nil when nobody waits
	refused   bool          // a stream kept a full batch, since there was no room
	stats     Stats
}

// flusher is a stream of whatever record.
type flusher interface {
	flush()
	flushFull()
	counted() (ID, *streamCounts)
}

// batch is a batch on its way.
type batch struct {
	seq     uint64
	records int
	payload []byte
	stored  *spill.Batch // what it is in the store, nil: it is not there
}

// NewSender makes a sender, to be started and closed.
func NewSender(o Options) *Sender {
	return &Sender{
		o:    o.withDefaults(),
		wake: make(chan struct{}, 1), left: make(chan struct{}, 1), stop: make(chan struct{}),
		seq: 1,
	}
}

// Start begins to send. With Spill it opens the directory, and sends first what it
// finds there.
func (s *Sender) Start(t Transport) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.transport != nil || s.closing.Load() {
		return errRunning
	}
	if s.o.Policy == Spill {
		store, err := spill.Open(s.o.Spill)
		if err != nil {
			return err
		}
		s.found(store)
	}
	s.transport = t
	s.all.Go(s.send)
	s.all.Go(s.flushAll)
	return nil
}

// found takes over what an earlier process left: it comes before all that waits.
func (s *Sender) found(store *spill.Store) {
	c := store.Counts()
	s.store, s.stats.Found = store, Counts{c.Records, c.Batches}
	shift := store.NextSeq()
	s.seq += shift
	for _, b := range s.queue {
		b.seq += shift
	}
	if store.Unread() {
		s.spillQueue()
	}
}

// Ready tells the sender that its transport may take something, or that a connection
// came or went. It never blocks.
func (s *Sender) Ready() { token(s.wake) }

func token(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Stats returns the present numbers.
func (s *Sender) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.stats
	now.Written.Records = s.written.Load()
	now.Truncated = Truncated{s.cutStrings.Load(), s.cutContainers.Load()}
	if s.store != nil {
		now.keep(s.store.Counts())
	}
	if s.transport != nil {
		now.Connected, now.Loggers = s.transport.Connected()
	}
	return now
}

// Flush makes batches of what was written so far.
func (s *Sender) Flush() { s.each(flusher.flush) }

func (s *Sender) each(do func(flusher)) {
	s.mu.Lock()
	streams := slices.Clone(s.streams)
	s.mu.Unlock()
	for _, f := range streams {
		do(f)
	}
}

// flushAll flushes until Close. A full batch that found no room does not wait for the
// next flush, only for room.
func (s *Sender) flushAll() {
	every := time.NewTicker(s.o.Interval)
	defer every.Stop()
	for {
		select {
		case <-every.C:
			s.Flush()
		case <-s.left:
			s.each(flusher.flushFull)
		case <-s.stop:
			return
		}
	}
}
