package curve

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// sessions are the two ends of a connection.
func sessions(t testing.TB) (c, s *Session) {
	t.Helper()
	x := newTalk(t, manualKeys(t), manualKeys(t))
	check(t, x.run())
	return x.client.session(), x.server.session()
}

func TestOpenRefusesEveryTamperedByte(t *testing.T) {
	t.Parallel()
	c, s := sessions(t)
	sealed := c.Seal(nil, 0, []byte("body"))
	for i := range sealed {
		fresh := *s
		bad := bytes.Clone(sealed)
		bad[i] ^= 0x80
		if _, err := fresh.Open(nil, bad); err == nil {
			t.Errorf("byte %d changed: opened", i)
		}
	}
	for n := range sealed {
		fresh := *s
		if _, err := fresh.Open(nil, sealed[:n]); err == nil {
			t.Errorf("%d bytes of it: opened", n)
		}
	}
	_, err := s.Open(nil, sealed)
	check(t, err)
}

func TestOpenRefusesWhatComesTwiceOrLate(t *testing.T) {
	t.Parallel()
	c, s := sessions(t)
	one, two := c.Seal(nil, 0, []byte("one")), c.Seal(nil, 0, []byte("two"))
	_, err := s.Open(nil, two)
	check(t, err)
	for _, sealed := range [][]byte{one, two} {
		if _, err := s.Open(nil, sealed); !errors.Is(err, errReplayed) {
			t.Errorf("got %v", err)
		}
	}
	if _, err := c.Open(nil, c.Seal(nil, 0, nil)); !errors.Is(err, errSealed) {
		t.Errorf("one's own frame sent back: got %v", err)
	}
}

func TestOpenRefusesUnknownFlags(t *testing.T) {
	t.Parallel()
	c, s := sessions(t)
	for flags := range 256 {
		got, err := s.Open(nil, c.Seal(nil, byte(flags), []byte("x")))
		if known := flags <= 3; known != (err == nil) || known && string(got) != string(rune(flags))+"x" {
			t.Errorf("flags %#x: got %q, %v", flags, got, err)
		}
	}
}

func TestSealKeepsNoLargeScratch(t *testing.T) {
	t.Parallel()
	c, s := sessions(t)
	big := bytes.Repeat([]byte("x"), 1<<20)
	got, err := s.Open(nil, c.Seal(nil, FlagCommand, big))
	check(t, err)
	if !bytes.Equal(got[1:], big) || got[0] != FlagCommand {
		t.Error("a long frame came out different")
	}
	if cap(c.scratch) > keepScratch {
		t.Errorf("%d bytes are kept", cap(c.scratch))
	}
}

func TestSealAllocatesNothing(t *testing.T) {
	c, s := sessions(t)
	body := []byte(strings.Repeat("x", 1000))
	sealed, opened := make([]byte, 0, 2000), make([]byte, 0, 2000)
	allocs := testing.AllocsPerRun(100, func() {
		var err error
		sealed = c.Seal(sealed[:0], 0, body)
		if opened, err = s.Open(opened[:0], sealed); err != nil {
			t.Fatal(err)
		}
	})
	if allocs > 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func BenchmarkSession(b *testing.B) {
	for _, size := range []int{100, 1000, 100_000} {
		c, s := sessions(b)
		body := make([]byte, size)
		var sealed, opened []byte
		b.Run(fmt.Sprintf("seal-%d", size), func(b *testing.B) {
			b.SetBytes(int64(size))
			for b.Loop() {
				sealed = c.Seal(sealed[:0], 0, body)
			}
		})
		b.Run(fmt.Sprintf("both-%d", size), func(b *testing.B) {
			b.SetBytes(int64(size))
			for b.Loop() {
				sealed = c.Seal(sealed[:0], 0, body)
				var err error
				if opened, err = s.Open(opened[:0], sealed); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
