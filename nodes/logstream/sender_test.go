package logstream

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"zctl/nodes/logstream/spill"
	"zctl/nodes/logwire"
)

// logger is a transport to one logger, in this process.
type logger struct {
	ready func()
	hwm   int

	mu      sync.Mutex // guards what follows
	up      bool
	holds   bool // answers nothing
	refuses error
	flying  []func(error)
	got     []uint64 // the records, by their number
}

// numbered is a record.
type numbered struct {
	N uint64 `log:"n"`
}

func (l *logger) Send(payload []byte, done func(error)) error {
	l.mu.Lock()
	if l.refuses != nil {
		defer l.mu.Unlock()
		return l.refuses
	}
	if !l.up || len(l.flying) >= l.hwm {
		defer l.mu.Unlock()
		return ErrAgain
	}
	_, r, err := logwire.Parse(payload)
	if err != nil {
		defer l.mu.Unlock()
		return err
	}
	for range r.Records {
		l.got = append(l.got, r.Next().Count)
	}
	if l.holds {
		l.flying = append(l.flying, done)
		l.mu.Unlock()
		return nil
	}
	l.mu.Unlock()
	done(nil)
	return nil
}

func (l *logger) Connected() (int, int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.up {
		return 1, 1
	}
	return 0, 1
}

// set connects, disconnects, holds answers back or gives them.
func (l *logger) set(up, holds bool) {
	l.mu.Lock()
	l.up, l.holds = up, holds
	flying := l.flying
	if up && holds {
		flying = nil
	} else {
		l.flying = nil
	}
	l.mu.Unlock()
	var err error
	if !up {
		err = errors.New("gone")
	}
	for _, done := range flying {
		done(err)
	}
	l.ready()
}

func (l *logger) Close() error {
	l.set(false, false)
	return nil
}

func (l *logger) unanswered() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.flying)
}

func (l *logger) records() []uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.got)
}

// rig is a stream of numbered records on its way to a logger.
type rig struct {
	t *testing.T
	*Sender
	stream *Stream[numbered]
	logger *logger
	next   uint64
}

func newRig(t *testing.T, o Options) *rig {
	t.Helper()
	s := NewSender(o)
	w, err := New[numbered](s, ID{Stream: "N::LOG", Path: "n"})
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t, s, w, &logger{ready: s.Ready, hwm: 1 << 30}, 0}
	t.Cleanup(func() { s.Close() })
	return r
}

func (r *rig) start() *rig {
	r.t.Helper()
	if err := r.Start(r.logger); err != nil {
		r.t.Fatal(err)
	}
	return r
}

func (r *rig) write(n int) {
	r.t.Helper()
	for range n {
		if err := r.stream.Write(numbered{r.next}); err != nil {
			r.t.Fatal(err)
		}
		r.next++
	}
}

// await waits until the logger has so many records.
func (r *rig) await(n int) []uint64 {
	r.t.Helper()
	r.until("records to arrive", func() bool { return len(r.logger.records()) >= n })
	return r.logger.records()
}

// answered waits until the sender knows of so many records that they have arrived, a
// moment after they have.
func (r *rig) answered(n uint64) {
	r.t.Helper()
	r.until("answers", func() bool { return r.Stats().Sent.Records == n })
}

func (r *rig) until(what string, cond func() bool) {
	r.t.Helper()
	for end := time.Now().Add(patience); !cond(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			r.t.Fatalf("waited in vain for %s: %+v", what, r.Stats())
		}
	}
}

// balanced checks that every record is counted.
func (r *rig) balanced() Stats {
	r.t.Helper()
	s := r.Stats()
	if in, out := s.Written.Records+s.Found.Records, s.Sent.Records+s.Dropped.Records+s.Waiting.Records+s.OnDisk.Records; in != out {
		r.t.Errorf("%d records in, %d counted: %+v", in, out, s)
	}
	return s
}

// upTo is the numbers below n.
func upTo(n uint64) []uint64 {
	var all []uint64
	for i := range n {
		all = append(all, i)
	}
	return all
}

func (r *rig) wantAll(got []uint64) {
	r.t.Helper()
	if !slices.Equal(got, upTo(r.next)) {
		r.t.Errorf("got %d records, want %d in order", len(got), r.next)
	}
}

const small = 20 * time.Millisecond

func TestBatches(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{Records: 10, Interval: small})
	r.write(25) // before there is a logger
	r.start().logger.set(true, false)
	r.wantAll(r.await(25)) // the last five by the interval
	r.write(1)
	r.wantAll(r.await(26))
	r.answered(26)
	if s := r.balanced(); s.Written != (Counts{26, 4}) || s.Sent != (Counts{26, 4}) || s.Connected != 1 || s.Loggers != 1 {
		t.Errorf("%+v", s)
	}
}

func TestDropNewest(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{Records: 10, HWM: 5, Interval: time.Hour, Linger: -1}).start()
	r.write(100)
	if s := r.balanced(); s.Dropped != (Counts{50, 5}) || s.Waiting != (Counts{50, 5}) || !errors.Is(s.Cause, errNoRoom) {
		t.Errorf("%+v", s)
	}
	r.logger.set(true, true) // takes, but does not answer: there is no more room
	r.await(50)
	r.write(10)
	if s := r.balanced(); s.Dropped != (Counts{60, 6}) || s.Waiting != (Counts{50, 5}) {
		t.Errorf("%+v", s)
	}
	r.logger.set(false, false) // it is gone without an answer
	r.logger.set(true, false)
	got := r.await(100)
	if !slices.Equal(got, append(upTo(50), upTo(50)...)) {
		t.Errorf("got %v", got)
	}
	r.answered(50)
	r.logger.set(false, false)
	r.write(15)
	r.Close()
	if s := r.balanced(); s.Dropped != (Counts{75, 8}) || s.Returned != 5 {
		t.Errorf("%+v", s)
	}
	if err := r.stream.Write(numbered{}); err != ErrClosed {
		t.Errorf("got %v, want ErrClosed", err)
	}
}

// What finds no room when the node ends is sent all the same, if a logger takes it in
// time.
func TestBlockSendsTheLastBatch(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{Policy: Block, Records: 10, HWM: 2, Interval: time.Hour, Linger: patience}).start()
	r.logger.set(true, true) // takes, but does not answer: there is no more room
	r.write(29)
	time.AfterFunc(small, func() { r.logger.set(true, false) })
	r.Close()
	if s := r.balanced(); s.Sent != (Counts{29, 3}) || s.Dropped.Records != 0 {
		t.Errorf("%+v", s)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{Records: 100, Memory: 10_000, Interval: time.Hour, Linger: -1}).start()
	r.write(2000) // of 17 bytes
	if s := r.balanced(); s.Waiting.Batches < 4 || s.Waiting.Batches > 6 {
		t.Errorf("%+v", s)
	}
}

func TestImmediate(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{Records: 10, Immediate: true}).start()
	r.write(20)
	if s := r.balanced(); s.Dropped.Records != 20 {
		t.Errorf("%+v", s)
	}
}

func TestNowhere(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{Records: 1})
	if err := r.Start(nobody{}); err != nil {
		t.Fatal(err)
	}
	r.write(10)
	r.until("nothing to happen", func() bool { return r.Stats().Sent.Records == 10 })
	if err := r.Start(nobody{}); err == nil {
		t.Error("started twice")
	}
}

type nobody struct{}

func (nobody) Send([]byte, func(error)) error { panic("there is nobody") }
func (nobody) Connected() (int, int)          { return 0, 0 }
func (nobody) Close() error                   { return nil }

func TestWhatCannotBeSent(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{Records: 1}).start()
	r.logger.refuses = errors.New("too long")
	r.logger.set(true, false)
	r.write(3)
	r.until("losses", func() bool { return r.Stats().Dropped == Counts{3, 3} })
	if s := r.balanced(); s.Cause == nil || s.Cause.Error() != "too long" {
		t.Errorf("%+v", s)
	}
}

func TestBlock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Options{Policy: Block, Records: 10, HWM: 2, BlockFor: small, Interval: time.Hour}).start()
		r.write(30)
		if err := r.stream.Write(numbered{99}); err != ErrTimeout {
			t.Errorf("got %v, want ErrTimeout", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := r.stream.WriteContext(ctx, numbered{99}); err != context.Canceled {
			t.Errorf("got %v", err)
		}
		wrote := make(chan error)
		go func() { wrote <- r.stream.WriteContext(t.Context(), numbered{r.next}) }()
		synctest.Wait() // it waits for room
		r.logger.set(true, false)
		if err := <-wrote; err != nil {
			t.Fatal(err)
		}
		r.next++
		r.write(9)
		r.wantAll(r.await(40))
		r.answered(40)
		r.logger.set(false, false)
		r.write(30)
		go func() { wrote <- r.stream.WriteContext(t.Context(), numbered{99}) }()
		synctest.Wait()
		r.Close()
		if err := <-wrote; err != ErrClosed {
			t.Errorf("got %v, want ErrClosed", err)
		}
		if s := r.balanced(); s.Dropped.Records != 30 || s.Written.Records != 70 {
			t.Errorf("%+v", s)
		}
	})
}

func TestFullBatchWaitsOnlyForRoom(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{Policy: Block, Records: 10, HWM: 1, Interval: time.Hour}).start()
	r.write(20)
	r.logger.set(true, false)
	r.wantAll(r.await(20))
}

func TestSpill(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{Policy: Spill, Records: 10, Interval: time.Hour, Spill: spill.Options{Dir: t.TempDir()}}).start()
	r.write(1000)
	if s := r.balanced(); s.OnDisk != (Counts{1000, 100}) || s.Spilled != (Counts{1000, 100}) || s.SpillBytes < 17000 {
		t.Errorf("%+v", s)
	}
	r.logger.set(true, false)
	r.write(1000)
	r.wantAll(r.await(2000))
	r.until("an empty directory", func() bool { return r.Stats().OnDisk == Counts{} })
	if s := r.balanced(); s.Unspilled.Records < 1000 || s.Unspilled != s.Spilled || s.Dropped.Batches > 0 {
		t.Errorf("%+v", s)
	}
}

// What was under way comes before what is in files, however it came back.
func TestSpillKeepsOrder(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{Policy: Spill, Records: 1, HWM: 4, Spill: spill.Options{Dir: t.TempDir()}}).start()
	r.logger.set(true, true)
	r.write(4)
	r.await(4)
	r.write(3) // no room: to files
	r.logger.set(false, false)
	r.until("what was under way to be in files, too", func() bool { return r.Stats().OnDisk.Records == 7 })
	r.write(2)
	r.logger.set(true, true)
	r.await(8)
	r.logger.set(false, false)
	r.until("the same again", func() bool { return r.Stats().OnDisk.Records == 9 && r.Stats().Waiting.Records == 0 })
	r.logger.set(true, false)
	if got := r.await(17); !slices.Equal(got, append(upTo(4), append(upTo(4), upTo(9)...)...)) {
		t.Errorf("got %v", got)
	}
	r.until("an end", func() bool { return r.Stats().OnDisk.Records == 0 })
	r.balanced()
}

// A node that ends leaves what no logger took to the next one.
func TestSpillOutlivesTheNode(t *testing.T) {
	t.Parallel()
	o := Options{Policy: Spill, Records: 10, Interval: time.Hour, Linger: -1, Spill: spill.Options{Dir: t.TempDir()}}
	first := newRig(t, o).start()
	first.write(105)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if s := first.balanced(); s.OnDisk.Records != 105 {
		t.Errorf("%+v", s)
	}
	second := newRig(t, o)
	second.next = first.next
	second.write(20) // before it knows of what is there
	second.start()
	second.write(5)
	second.logger.set(true, false)
	second.await(125)
	second.Flush()
	second.wantAll(second.await(130))
	if s := second.balanced(); s.Found.Records != 105 || s.Dropped.Records > 0 {
		t.Errorf("%+v", s)
	}
	if err := newRig(t, o).Start(second.logger); err == nil || !strings.Contains(err.Error(), "another process uses it") {
		t.Errorf("got %v", err)
	}
}

// What the files have no room for is counted.
func TestSpillIsFull(t *testing.T) {
	t.Parallel()
	for _, oldest := range []bool{false, true} {
		r := newRig(t, Options{Policy: Spill, Records: 10, Interval: time.Hour, Spill: spill.Options{Dir: t.TempDir(), MaxBytes: 10_000, DropOldest: oldest}}).start()
		r.write(1000)
		s := r.balanced()
		if s.Dropped.Records == 0 || s.SpillBytes > 10_000 || !errors.Is(s.Cause, spill.ErrFull) {
			t.Errorf("%+v", s)
		}
		r.logger.set(true, false)
		got := r.await(int(1000 - s.Dropped.Records))
		if !slices.IsSorted(got) || (got[0] == 0) == oldest || (got[len(got)-1] == 999) != oldest {
			t.Errorf("oldest %v: from %d to %d", oldest, got[0], got[len(got)-1])
		}
		r.until("an end", func() bool { return r.Stats().OnDisk.Records == 0 })
		r.balanced()
	}
}

// A logger that comes and goes, and writers that do not care: with files nothing is
// lost, without exactly what is counted.
func TestChaos(t *testing.T) {
	t.Parallel()
	for _, policy := range []Policy{DropNewest, Block, Spill} {
		t.Run(policy.String(), func(t *testing.T) {
			t.Parallel()
			const writers, each = 4, 5000
			r := newRig(t, Options{Policy: policy, Records: 10, HWM: 20, Interval: 5 * time.Millisecond, Spill: spill.Options{Dir: t.TempDir(), MaxBytes: 64 << 20}})
			r.logger.hwm = 7
			r.start().logger.set(true, true)
			var all, writing sync.WaitGroup
			for i := range uint64(writers) {
				writing.Go(func() {
					for n := range uint64(each) {
						if err := r.stream.Write(numbered{i*each + n}); err != nil {
							t.Error(err)
						}
						if n%100 == 0 {
							time.Sleep(time.Millisecond)
						}
					}
				})
			}
			// Whatever chance does later, something comes back and, without files, is lost.
			r.until("a logger that has enough", func() bool {
				return r.logger.unanswered() == 7 && (policy != DropNewest || r.Stats().Dropped.Records > 0)
			})
			r.logger.set(false, true)
			stop := make(chan struct{})
			all.Go(func() {
				for {
					select {
					case <-stop:
						return
					case <-time.After(time.Duration(rand.IntN(2000)) * time.Microsecond):
						r.logger.set(rand.IntN(3) > 0, rand.IntN(2) > 0)
					}
				}
			})
			writing.Wait()
			close(stop)
			all.Wait()
			r.logger.set(true, false)
			r.until("an end", func() bool {
				r.Flush() // with Block, what finds no room stays with the stream
				s := r.Stats()
				return s.Written.Records == s.Sent.Records+s.Dropped.Records
			})
			s := r.balanced()
			got := r.logger.records()
			slices.Sort(got)
			got = slices.Compact(got)
			if uint64(len(got)) != writers*each-s.Dropped.Records || s.Written.Records != writers*each || s.Returned == 0 {
				t.Errorf("%d arrived: %+v", len(got), s)
			}
			if (s.Dropped.Records > 0) != (policy == DropNewest) {
				t.Errorf("dropped %+v: %v", s.Dropped, s.Cause)
			}
		})
	}
}

func TestPolicies(t *testing.T) {
	t.Parallel()
	for _, p := range []Policy{DropNewest, Block, Spill} {
		if got, err := ParsePolicy(p.String()); got != p || err != nil {
			t.Errorf("%v: %v, %v", p, got, err)
		}
	}
	if _, err := ParsePolicy("keep"); err == nil || !strings.Contains(err.Error(), "drop, block or spill") {
		t.Errorf("got %v", err)
	}
}
