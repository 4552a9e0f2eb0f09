package sqlite

import (
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"zctl/nodes/event"
	"zctl/nodes/store"
)

// TestModel: a master's contents with random operations, and the file of its
// changes, opened again and again, are the same.
func TestModel(t *testing.T) {
	t.Parallel()
	o := Options{Path: filepath.Join(t.TempDir(), "f"), Synchronous: SynchronousOff}
	r := rand.New(rand.NewPCG(1, 2))
	var master store.Contents
	now := time.Unix(1_700_000_000, 1)
	for range 20 {
		b := mustOpen(t, o)
		for range 5 {
			var changes []store.Change
			for range r.IntN(60) {
				now = now.Add(time.Duration(r.IntN(1e9)))
				made, _, _ := master.Apply(randomOp(r), now) // some do not go together
				changes = append(changes, made...)
			}
			changes = append(changes, master.Expired(now)...)
			mustWrite(t, b, changes)
		}
		want := map[string]string{}
		for key, e := range master.All() {
			want[key.String()] = describe(e.Value, e.Deadline)
		}
		expectContents(t, b, want)
		mustClose(t, b)
	}
	if master.Len() == 0 {
		t.Error("nothing left to compare")
	}
}

func randomOp(r *rand.Rand) store.Op {
	keys := []event.Value{event.String("a"), event.String("b"), event.Count(1), event.Integer(1), event.List(event.Count(1), event.String("x")), event.None()}
	values := []event.Value{event.Count(1), event.Integer(-1), event.Real(0.5), event.String("s"), event.Timespan(time.Second), event.Timestamp(time.Unix(1, 2)), event.None()}
	op := store.Op{
		Kind:  store.OpKind(1 + r.IntN(int(store.OpClear))),
		Key:   keys[r.IntN(len(keys))],
		Index: values[r.IntN(len(values))],
		Value: values[r.IntN(len(values))],
	}
	if op.Kind == store.OpClear && r.IntN(20) > 0 {
		op.Kind = store.OpPut
	}
	if r.IntN(3) == 0 {
		op.Expiry = time.Duration(r.IntN(20e9))
	}
	return op
}
