package zmq

import "testing"

func TestInboxIsBounded(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ hwm, size, fits int }{
		"by items": {hwm: 3, size: 1, fits: 3},
		"by bytes": {hwm: 100, size: 600, fits: 2},
	} {
		b := newInbox[int](Options{RcvHWM: c.hwm, MaxMessage: 1000}.withDefaults())
		put := make(chan int, 100)
		ended := make(chan bool)
		go func() {
			for i := 0; b.put(i, c.size); i++ {
				put <- i
			}
			ended <- true
		}()
		eventually(t, name, func() bool { return len(put) == c.fits })
		if got := b.take(nil); len(got) != c.fits {
			t.Errorf("%s: took %d items, want %d", name, len(got), c.fits)
		}
		eventually(t, name+" again", func() bool { return len(put) == 2*c.fits })
		b.close()
		<-ended
		if got := len(b.take(nil)); got != c.fits {
			t.Errorf("%s: %d items left, want %d", name, got, c.fits)
		}
	}
}

func TestInboxDrain(t *testing.T) {
	t.Parallel()
	b := newInbox[int](Options{}.withDefaults())
	for i := range 100 {
		b.put(i, 1)
	}
	b.close()
	if b.put(100, 1) {
		t.Error("a closed inbox takes more")
	}
	next := 0
	b.drain(func(i int) {
		if i != next {
			t.Errorf("got %d, want %d", i, next)
		}
		next++
	})
	if next != 100 {
		t.Errorf("handled %d of 100", next)
	}
}
