package store

import (
	"testing"
	"time"

	"zctl/nodes/event"
)

// TestChunkOrder: a chunk is taken only with the version that it was read at, of the reading
// that was begun, and in its turn; otherwise it is asked for again.
func TestChunkOrder(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	epoch := uint64(now.UnixNano())
	put := func(key string, n uint64) []Change {
		return []Change{{Kind: ChangePut, Key: text(key), Value: event.Count(n)}}
	}
	begun := func() *cloneSide {
		c := newCloneSide("c/1", time.Second)
		c.receive("m", alive{epoch: epoch, version: 5, oldest: 1}, now)
		c.receive("m", chunk{epoch: epoch, transfer: c.transfer, reading: 7, version: 5, entries: put("a", 1)}, now)
		return c
	}
	next := func(c *cloneSide) chunk {
		return chunk{epoch: epoch, transfer: c.transfer, reading: 7, number: 1, version: 5, last: true, entries: put("b", 1)}
	}
	for _, c := range []struct {
		name  string
		spoil func(*cloneSide, *chunk)
		taken bool
	}{
		{"as it should be", func(*cloneSide, *chunk) {}, true},
		{"older than a change", func(c *cloneSide, _ *chunk) {
			c.receive("m", changed{epoch, 6, put("b", 2)}, now)
		}, false},
		{"newer than what came", func(_ *cloneSide, next *chunk) { next.version = 6 }, false},
		{"of another reading", func(_ *cloneSide, next *chunk) { next.reading = 6 }, false},
		{"of another transfer", func(_ *cloneSide, next *chunk) { next.transfer-- }, false},
		{"not the next", func(_ *cloneSide, next *chunk) { next.number = 2 }, false},
		{"once more the same", func(_ *cloneSide, next *chunk) { next.number = 0 }, false},
		{"of another epoch", func(_ *cloneSide, next *chunk) { next.epoch++ }, false},
	} {
		side := begun()
		msg := next(side)
		c.spoil(side, &msg)
		side.receive("m", msg, now)
		if side.follows != c.taken {
			t.Errorf("%s: taken: %t", c.name, side.follows)
		}
		if c.taken {
			continue
		}
		side.taken()
		side.tick(now.Add(askAgain))
		asked := false
		for _, p := range side.taken() {
			a, is := p.msg.(attach)
			asked = asked || is && a.number == 1 && a.reading == 7 && a.again
		}
		if !asked {
			t.Errorf("%s: the chunk is not asked for again", c.name)
		}
	}
}
