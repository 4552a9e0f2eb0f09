package spill

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func open(t *testing.T, o Options) *Store {
	t.Helper()
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func payload(seq uint64) []byte {
	return bytes.Repeat(fmt.Appendf(nil, "batch %d ", seq), int(seq%7))
}

func fill(t *testing.T, s *Store, seqs ...uint64) {
	t.Helper()
	for _, seq := range seqs {
		if _, err := s.Append(Batch{Seq: seq, Records: int(seq) + 1, Payload: payload(seq)}); err != nil {
			t.Fatal(err)
		}
	}
}

// drain takes everything and checks that it is whole.
func drain(t *testing.T, s *Store) (seqs []uint64, taken []Batch) {
	t.Helper()
	for {
		b, ok, _, err := s.Take()
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return seqs, taken
		}
		if b.Records != int(b.Seq)+1 || !bytes.Equal(b.Payload, payload(b.Seq)) {
			t.Errorf("batch %d is not what it was", b.Seq)
		}
		seqs, taken = append(seqs, b.Seq), append(taken, b)
	}
}

func wantSeqs(t *testing.T, got []uint64, want ...uint64) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got batches %v, want %v", got, want)
	}
}

func done(t *testing.T, s *Store, batches ...Batch) {
	t.Helper()
	for _, b := range batches {
		if err := s.Done(b); err != nil {
			t.Error(err)
		}
	}
}

// segments is how many files there are.
func segments(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, prefix+"*"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestInOrder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, Options{Dir: dir})
	fill(t, s, 5, 6, 7, 1, 2, 8, 3) // older ones came back meanwhile
	seqs, taken := drain(t, s)
	wantSeqs(t, seqs, 1, 2, 3, 5, 6, 7, 8)
	if s.Unread() || s.Counts().Batches != 7 || s.Counts().Records != 1+2+3+5+6+7+8+7 {
		t.Errorf("%+v", s.Counts())
	}
	done(t, s, taken[1], taken[3])
	s.Return()
	fill(t, s, 9)
	seqs, taken = drain(t, s)
	wantSeqs(t, seqs, 1, 3, 6, 7, 8, 9)
	done(t, s, taken...)
	if c := s.Counts(); c != (Counts{}) || len(segments(t, dir)) > 0 || s.bytes != 0 {
		t.Errorf("%+v is left in %v", c, segments(t, dir))
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// Whoever is killed leaves everything that was not done, and no segment that was.
func TestAfterKill(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	killed := open(t, Options{Dir: dir, MaxBytes: 8 * 400}) // segments of 400 bytes
	for seq := range uint64(40) {
		fill(t, killed, seq+1)
	}
	files := segments(t, dir)
	_, taken := drain(t, killed)
	done(t, killed, taken[:30]...)
	last := files[len(files)-1]
	killed.closeFiles() // the kernel does that for it

	f, err := os.OpenFile(last, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	half := appendBatch(nil, Batch{Seq: 41, Payload: []byte("cut off")})
	f.Write(half[:len(half)-1])
	f.Close()
	s := open(t, Options{Dir: dir})
	defer s.Close()
	if next := s.NextSeq(); next != 41 {
		t.Errorf("next number %d", next)
	}
	fill(t, s, 41)
	seqs, _ := drain(t, s)
	if seqs[0] > 31 || seqs[0] < 20 || int(seqs[len(seqs)-1]-seqs[0])+1 != len(seqs) || seqs[len(seqs)-1] != 41 {
		t.Errorf("got %v", seqs)
	}
}

// Close leaves nothing that was done.
func TestAfterClose(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, Options{Dir: dir})
	fill(t, s, 1, 2, 3, 4)
	_, taken := drain(t, s)
	done(t, s, taken[0], taken[2])
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, Options{Dir: dir})
	defer s.Close()
	seqs, _ := drain(t, s)
	wantSeqs(t, seqs, 2, 4)
}

func TestBounds(t *testing.T) {
	t.Parallel()
	const most = 4000
	for _, oldest := range []bool{false, true} {
		s := open(t, Options{Dir: t.TempDir(), MaxBytes: most, DropOldest: oldest})
		defer s.Close()
		kept, refused, dropped := 0, 0, Counts{}
		for seq := range uint64(1000) {
			d, err := s.Append(Batch{Seq: seq + 1, Records: 10, Payload: payload(6)})
			switch {
			case err == nil:
				kept++
			case errors.Is(err, ErrFull):
				refused++
			default:
				t.Fatal(err)
			}
			dropped.Batches += d.Batches
			dropped.Records += d.Records
			if b := s.Counts().Bytes; b > most || b != s.bytes {
				t.Fatalf("%d bytes, %d counted", b, s.bytes)
			}
		}
		if got := s.Counts(); uint64(kept) != got.Batches+dropped.Batches || dropped.Records != 10*dropped.Batches {
			t.Errorf("kept %d, dropped %+v, have %+v", kept, dropped, got)
		}
		b, _, _, err := s.Take()
		if err != nil || (refused > 0) == oldest || (b.Seq == 1) == oldest {
			t.Errorf("oldest %v: refused %d, the first is %d, %v", oldest, refused, b.Seq, err)
		}
	}
}

func TestOneProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, Options{Dir: dir})
	if _, err := Open(Options{Dir: dir}); err == nil || !strings.Contains(err.Error(), "give each node a directory") {
		t.Errorf("got %v", err)
	}
	s.Close()
	if _, err := Open(Options{Dir: filepath.Join(dir, "lock", "x")}); err == nil {
		t.Error("a directory within a file was opened")
	}
	s = open(t, Options{Dir: dir})
	s.Close()
}

// A damaged batch ends its segment, not the others.
func TestDamage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, Options{Dir: dir})
	fill(t, s, 10, 11, 12, 1, 2)
	s.Close()
	file := segmentPath(dir, 10)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text[len(magic)+headSize+len(payload(10))+headSize] ^= 1 // in batch 11
	os.WriteFile(file, text, 0o600)
	os.WriteFile(segmentPath(dir, 3), []byte("something else"), 0o600)
	s = open(t, Options{Dir: dir})
	defer s.Close()
	seqs, _ := drain(t, s)
	wantSeqs(t, seqs, 1, 2, 10)
}

// FuzzSegment: whatever a file holds, what is read from it is what was written.
func FuzzSegment(f *testing.F) {
	good := appendBatch(appendBatch([]byte(magic), Batch{Seq: 1, Records: 2, Payload: []byte("x")}), Batch{Seq: 2})
	f.Add(good)
	f.Add(good[:len(good)-1])
	f.Add([]byte(magic + "\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, file []byte) {
		s := newSegment(nil, 0)
		r := bytes.NewReader(file)
		if err := s.scan(r, int64(len(file))); err != nil {
			t.Fatal(err)
		}
		again := []byte(magic)
		for at := int64(len(magic)); at < s.size; {
			b, next, err := readBatch(r, at, s.size)
			if err != nil {
				t.Fatal(err)
			}
			again, at = appendBatch(again, b), next
		}
		if s.batches > 0 && !bytes.Equal(again, file[:s.size]) {
			t.Error("what was read is not what is there")
		}
	})
}
