package store

import (
	"testing"
	"time"

	"zctl/nodes/event"
)

// TestManyExpire: entries that expire all at once go in portions, and all of them.
func TestManyExpire(t *testing.T) {
	t.Parallel()
	contents := &Contents{}
	const n = 3*expiriesPerTick*expiredAtOnce + 1
	for i := range n {
		contents.Follow(Change{Kind: ChangePut, Key: event.Count(uint64(i)), Deadline: noon})
	}
	m := newMasterSide(contents, nil, "m", noon)
	for left, ticks := n, 0; left > 0; ticks++ {
		m.tick(noon)
		changes, _ := m.pending()
		if len(changes) != min(left, expiriesPerTick*expiredAtOnce) {
			t.Fatalf("tick %d: %d of %d expired", ticks, len(changes), left)
		}
		left -= len(changes)
		m.committed()
	}
	if contents.Len() != 0 {
		t.Errorf("%d are left", contents.Len())
	}
}

// TestDue: a clone that asks again and again while nothing can be committed is one that
// asks.
func TestDue(t *testing.T) {
	t.Parallel()
	m := newMasterSide(&Contents{}, nil, "m", noon)
	m.joined(noon)
	m.tick(noon.Add(claimTime))
	for i := range 100 {
		now := noon.Add(claimTime + time.Duration(i)*time.Second)
		m.receive("c", attach{clone: "c/1", epoch: m.epoch, transfer: 1, again: true}, now)
	}
	if len(m.due) != 1 {
		t.Errorf("%d chunks are due", len(m.due))
	}
}
