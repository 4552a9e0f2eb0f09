package spill

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// segment is one file of batches.
type segment struct {
	file        *os.File
	first, last uint64 // numbers of batches
	size        int64
	batches     int             // all that are in it
	records     map[uint64]int  // of those that are not done
	taken       map[uint64]bool // of those, the ones handed out
	next        int64           // where to read
}

const (
	prefix = "batches-"
	suffix = ".spill"
)

func segmentPath(dir string, first uint64) string {
	return filepath.Join(dir, fmt.Sprintf("%s%020d%s", prefix, first, suffix))
}

// createSegment makes an empty segment that begins with the batch of that number.
func createSegment(dir string, first uint64) (*segment, error) {
	f, err := os.OpenFile(segmentPath(dir, first), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	if _, err := f.WriteString(magic); err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(f.Name()))
	}
	return newSegment(f, first), nil
}

func newSegment(f *os.File, first uint64) *segment {
	return &segment{
		file: f, first: first, size: int64(len(magic)), next: int64(len(magic)),
		records: map[uint64]int{}, taken: map[uint64]bool{},
	}
}

// openSegment opens a segment that a process left, and cuts off what is behind its
// last whole batch. It is nil if there is none; then the file is gone.
func openSegment(path string) (*segment, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	s := newSegment(f, 0)
	if err := s.scan(f, info.Size()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if s.batches == 0 {
		return nil, s.remove()
	}
	if s.size < info.Size() {
		if err := f.Truncate(s.size); err != nil {
			return nil, errors.Join(err, f.Close())
		}
	}
	return s, nil
}

// scan finds the whole batches of a file of the given size.
func (s *segment) scan(r io.ReaderAt, size int64) error {
	if checkMagic(r) != nil {
		return nil
	}
	for {
		b, next, err := readBatch(r, s.size, size)
		switch {
		case err == io.EOF, errors.Is(err, errTorn), err == nil && s.batches > 0 && b.Seq <= s.last:
			return nil
		case err != nil:
			return err
		}
		s.add(b, next)
	}
}

// add notes a batch that ends at an offset.
func (s *segment) add(b Batch, end int64) {
	if s.batches == 0 {
		s.first = b.Seq
	}
	s.last, s.size = b.Seq, end
	s.batches++
	s.records[b.Seq] = b.Records
}

// write appends a batch, or leaves the segment as it was.
func (s *segment) write(b Batch) error {
	text := appendBatch(nil, b)
	if _, err := s.file.WriteAt(text, s.size); err != nil {
		return errors.Join(err, s.file.Truncate(s.size))
	}
	s.add(b, s.size+int64(len(text)))
	return nil
}

// take reads the next batch that is neither done nor taken; ok is false at the end.
func (s *segment) take() (b Batch, ok bool, err error) {
	for s.next < s.size {
		b, next, err := readBatch(s.file, s.next, s.size)
		if err != nil {
			return Batch{}, false, fmt.Errorf("cannot read %s: %w", s.file.Name(), err)
		}
		s.next = next
		if _, left := s.records[b.Seq]; left && !s.taken[b.Seq] {
			s.taken[b.Seq] = true
			b.in = s
			return b, true, nil
		}
	}
	return Batch{}, false, nil
}

// untake hands out again what was taken and is not done.
func (s *segment) untake() {
	s.next = int64(len(magic))
	clear(s.taken)
}

// forgetTaken leaves what is under way to whoever took it.
func (s *segment) forgetTaken() {
	for seq := range s.taken {
		delete(s.records, seq)
	}
}

// unread is how many batches are neither done nor taken.
func (s *segment) unread() int { return len(s.records) - len(s.taken) }

// compact replaces the file by one with only those batches that are not done.
func (s *segment) compact() error {
	dir := filepath.Dir(s.file.Name())
	text := []byte(magic)
	s.untake()
	for {
		b, ok, err := s.take()
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		text = appendBatch(text, b)
	}
	temp := filepath.Join(dir, "temp")
	if err := os.WriteFile(temp, text, 0o600); err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	return os.Rename(temp, s.file.Name())
}

func (s *segment) remove() error { return errors.Join(s.file.Close(), os.Remove(s.file.Name())) }

// isSegment says whether a file of a directory is a segment.
func isSegment(name string) bool {
	return strings.HasPrefix(name, prefix) && strings.HasSuffix(name, suffix)
}
