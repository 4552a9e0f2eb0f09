package zmq

import (
	"bytes"
	"io"
	"slices"
	"sync"
	"testing"
)

// pongsIn counts what would be written.
func pongsIn(t *testing.T, control []byte) int {
	t.Helper()
	in := newReader(bytes.NewReader(control), 1000)
	for n := 0; ; n++ {
		if _, err := in.next(); err == io.EOF {
			return n
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// Messages arrive in any order; a PING is answered when all before it have.
func TestReceiptsInAnyOrder(t *testing.T) {
	t.Parallel()
	c := &conn{out: newOutq(Options{}.withDefaults())}
	r := &receipts{conn: c}
	answered := func() int { return pongsIn(t, c.out.control) }
	check(t, r.ping(nil))
	if answered() != 1 {
		t.Fatal("the first PING is not answered")
	}
	m := []*receipt{r.message(), r.message()}
	check(t, r.ping(nil))
	m = append(m, r.message())
	check(t, r.ping(nil))
	m = append(m, r.message())
	for step, want := range []struct{ arrives, answered int }{{2, 1}, {0, 1}, {1, 3}, {3, 3}} {
		if r.arrived(m[want.arrives]); answered() != want.answered {
			t.Errorf("step %d: %d answers, want %d", step, answered(), want.answered)
		}
	}
	check(t, r.ping(nil))
	if answered() != 4 || len(r.asked) != 0 {
		t.Errorf("%d answers, %d wait", answered(), len(r.asked))
	}
}

// A peer that asks again and again about messages that do not arrive costs no memory, and learns of them in the end.
func TestReceiptsAreBounded(t *testing.T) {
	t.Parallel()
	c := &conn{out: newOutq(Options{}.withDefaults())}
	r := &receipts{conn: c}
	var all []*receipt
	const n = 3 * mostAsked
	for range n {
		all = append(all, r.message())
		check(t, r.ping(nil))
	}
	if len(r.asked) > mostAsked {
		t.Errorf("%d wait", len(r.asked))
	}
	slices.Reverse(all)
	for _, one := range all {
		r.arrived(one)
	}
	if got := pongsIn(t, c.out.control); got != mostAsked+1 || r.unanswered() != 0 {
		t.Errorf("%d answers, %d wait", got, r.unanswered())
	}
}

// What a handler says late, from several goroutines, arrives all the same; what it never says does not.
func TestAckPushWaitsForArrival(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var held []Delivery
	pull, err := BindPullLater("tcp://127.0.0.1:0", Options{}, func(d Delivery) {
		mu.Lock()
		defer mu.Unlock()
		if !d.Asked() {
			t.Error("nobody asks")
		}
		held = append(held, d)
		d.Done()
	})
	check(t, err)
	s := startAckSender(t, Options{SndHWM: 100}, pull.Endpoint())
	eventually(t, "a connection", func() bool { n, _ := s.Connected(); return n == 1 })
	for n := range uint64(100) {
		s.send(n, 100)
	}
	eventually(t, "all to be handled", func() bool { mu.Lock(); defer mu.Unlock(); return len(held) == 100 })
	var all sync.WaitGroup
	for _, d := range held[10:] {
		all.Go(d.Arrived)
	}
	all.Wait()
	s.mu.Lock()
	if s.arrived > 0 {
		t.Errorf("%d arrived, the first did not", s.arrived)
	}
	s.mu.Unlock()
	closed := make(chan struct{})
	go func() { defer close(closed); pull.Close() }() // waits for the rest
	for _, d := range held[:10] {
		d.Arrived()
	}
	<-closed
	eventually(t, "all to arrive", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return s.arrived == 100 })
}
