package spill

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"
)

// Options of a Store.
type Options struct {
	// Dir is the directory, made if need be. Only one process may use it.
	Dir string
	// MaxBytes bounds all files together. Zero or less: 1 GiB.
	MaxBytes int64
	// DropOldest makes room by deleting the oldest segment of which nothing is
	// under way. Otherwise the newest batch, the one that comes, is refused.
	DropOldest bool
}

// ErrFull says that a batch was refused because of MaxBytes.
var ErrFull = errors.New("cannot keep the log batch: the spill directory has reached its size; see why no logger takes batches")

// Counts is how much of something there is.
type Counts struct {
	Records, Batches uint64
	Bytes            int64 // of files
}

// Store is the batches of one directory. It is used by one goroutine at a time.
type Store struct {
	o        Options
	lock     *os.File
	segments []*segment // in order
	writing  *segment   // nil: none yet
	bytes    int64
}

// Bounds of a segment: small enough to delete them one by one, and to have few
// batches twice after a crash.
const (
	segmentSize  = 4 << 20
	segmentShare = 8 // of MaxBytes
)

// Open opens a directory with what is left in it.
func Open(o Options) (*Store, error) {
	if o.MaxBytes <= 0 {
		o.MaxBytes = 1 << 30
	}
	s := &Store{o: o}
	if err := s.open(); err != nil {
		return nil, fmt.Errorf("cannot open spill directory %s: %w", o.Dir, err)
	}
	return s, nil
}

func (s *Store) open() (err error) {
	if err := os.MkdirAll(s.o.Dir, 0o700); err != nil {
		return err
	}
	if s.lock, err = os.OpenFile(filepath.Join(s.o.Dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return err
	}
	if err := unix.Flock(int(s.lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return errors.Join(fmt.Errorf("another process uses it: %w; give each node a directory of its own", err), s.lock.Close())
	}
	entries, err := os.ReadDir(s.o.Dir)
	if err != nil {
		return errors.Join(err, s.closeFiles())
	}
	for _, e := range entries {
		if !isSegment(e.Name()) {
			continue
		}
		segment, err := openSegment(filepath.Join(s.o.Dir, e.Name()))
		if err != nil {
			return errors.Join(err, s.closeFiles())
		}
		if segment != nil {
			s.insert(segment)
		}
	}
	return nil
}

func (s *Store) insert(g *segment) {
	at, _ := slices.BinarySearchFunc(s.segments, g.first, func(g *segment, first uint64) int {
		if g.first < first {
			return -1
		}
		return 1
	})
	s.segments = slices.Insert(s.segments, at, g)
	s.bytes += g.size
}

// NextSeq is a number above those of all batches.
func (s *Store) NextSeq() uint64 {
	next := uint64(1)
	for _, g := range s.segments {
		next = max(next, g.last+1)
	}
	return next
}

// Append keeps a batch. dropped is what had to go for it; with ErrFull or another
// error the batch itself was not kept.
func (s *Store) Append(b Batch) (dropped Counts, err error) {
	need := int64(headSize + len(b.Payload) + len(magic))
	for s.bytes+need > s.o.MaxBytes {
		oldest := s.oldestIdle()
		if !s.o.DropOldest || oldest == nil {
			return dropped, ErrFull
		}
		dropped.add(oldest)
		if err := s.remove(oldest); err != nil {
			return dropped, fmt.Errorf("cannot make room for a log batch: %w", err)
		}
	}
	g, err := s.segmentFor(b)
	if err != nil {
		return dropped, fmt.Errorf("cannot keep a log batch: %w", err)
	}
	before := g.size
	if err := g.write(b); err != nil {
		if g.batches == 0 {
			err = errors.Join(err, s.remove(g))
		}
		return dropped, fmt.Errorf("cannot keep a log batch: %w", err)
	}
	s.bytes += g.size - before
	return dropped, nil
}

// oldestIdle is the oldest segment of which nothing is under way.
func (s *Store) oldestIdle() *segment {
	for _, g := range s.segments {
		if len(g.taken) == 0 {
			return g
		}
	}
	return nil
}

// segmentFor is the segment to write a batch to: the last one written to, unless it
// is large or the batch does not come behind it.
func (s *Store) segmentFor(b Batch) (*segment, error) {
	if g := s.writing; g != nil && g.size < min(segmentSize, s.o.MaxBytes/segmentShare) && b.Seq > g.last {
		at := slices.Index(s.segments, g)
		if at == len(s.segments)-1 || b.Seq < s.segments[at+1].first {
			return g, nil
		}
	}
	g, err := createSegment(s.o.Dir, b.Seq)
	if err != nil {
		return nil, err
	}
	s.writing = g
	s.insert(g)
	return g, nil
}

// Unread says whether Take has something.
func (s *Store) Unread() bool {
	return slices.ContainsFunc(s.segments, func(g *segment) bool { return g.unread() > 0 })
}

// Take hands out the next batch; ok is false when all are taken. A segment that
// cannot be read any more is given up, and dropped is what was in it.
func (s *Store) Take() (b Batch, ok bool, dropped Counts, err error) {
	for _, g := range slices.Clone(s.segments) {
		if g.unread() == 0 {
			continue
		}
		b, ok, readErr := g.take()
		if ok {
			return b, true, dropped, err
		}
		if readErr != nil {
			err = readErr
			g.forgetTaken() // they are with whoever took them
			dropped.add(g)
			_ = s.remove(g)
		}
	}
	return Batch{}, false, dropped, err
}

// Done says that a batch that was taken has arrived.
func (s *Store) Done(b Batch) error {
	g := b.in
	delete(g.records, b.Seq)
	delete(g.taken, b.Seq)
	if len(g.records) > 0 || !slices.Contains(s.segments, g) {
		return nil
	}
	if err := s.remove(g); err != nil {
		return fmt.Errorf("cannot delete what has been sent: %w", err)
	}
	return nil
}

// Return has everything that was taken and is not done handed out again.
func (s *Store) Return() {
	for _, g := range s.segments {
		g.untake()
	}
}

// Counts is what is kept.
func (s *Store) Counts() Counts {
	var c Counts
	for _, g := range s.segments {
		c.add(g)
	}
	return c
}

func (c *Counts) add(g *segment) {
	c.Batches += uint64(len(g.records))
	c.Bytes += g.size
	for _, n := range g.records {
		c.Records += uint64(n)
	}
}

func (s *Store) remove(g *segment) error {
	s.segments = slices.DeleteFunc(s.segments, func(other *segment) bool { return other == g })
	s.bytes -= g.size
	if s.writing == g {
		s.writing = nil
	}
	return g.remove()
}

// Close leaves what is not done, and only that, on the disk.
func (s *Store) Close() error {
	var errs []error
	for _, g := range s.segments {
		if len(g.records) < g.batches {
			errs = append(errs, g.compact())
			continue
		}
		errs = append(errs, g.file.Sync())
	}
	return errors.Join(append(errs, s.closeFiles())...)
}

func (s *Store) closeFiles() error {
	var errs []error
	for _, g := range s.segments {
		errs = append(errs, g.file.Close())
	}
	s.segments = nil
	return errors.Join(append(errs, s.lock.Close())...)
}
