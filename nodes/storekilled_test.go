package nodes_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"zctl/layoutgen"
	"zctl/nodes"
	"zctl/nodes/event"
	"zctl/nodes/store"
	"zctl/nodes/store/sqlite"
)

// killedMaster is a manager that is the master of a store in a file, and is the broker, too.
// It says when it serves.
func killedMaster(journal sqlite.JournalMode) error {
	n, err := nodes.New(nodes.Options{
		Name: "manager", Layout: layoutgen.LayoutFile, StatsInterval: -1,
		Stores: nodes.StoreOptions{Stores: map[string]nodes.StoreInfo{"s": {SQLite: sqlite.Options{JournalMode: journal}}}},
	})
	if err != nil {
		return err
	}
	s, err := nodes.CreateStore(n, "s", true)
	if err != nil {
		return err
	}
	go func() {
		if s.WaitReady(context.Background()) == nil {
			fmt.Println("ready")
		}
	}()
	return n.Run(context.Background())
}

// TestMasterIsKilled: a master is killed again and again while a clone writes. What was
// acknowledged is there, and every write was applied once, also those that were under way.
func TestMasterIsKilled(t *testing.T) {
	t.Parallel()
	for _, journal := range []sqlite.JournalMode{sqlite.JournalWAL, sqlite.JournalDelete} {
		t.Run(string(journal), func(t *testing.T) {
			t.Parallel()
			k := newKillable(t)
			n, err := nodes.New(nodes.Options{Name: "worker-1", Layout: filepath.Join(k.dir, layoutgen.LayoutFile), Dir: k.dir, StatsInterval: -1})
			if err != nil {
				t.Fatal(err)
			}
			s, err := nodes.CreateStore(n, "s", true)
			if err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithCancel(context.Background())
			ended := make(chan error, 1)
			go func() { ended <- n.Run(ctx) }()
			var writes []*store.Write
			resolved := func() (n int) {
				for _, w := range writes {
					select {
					case <-w.Done():
						n++
					default:
					}
				}
				return n
			}
			key := event.String("sum")
			for range 3 {
				kill, lines := k.start("store " + string(journal))
				if !lines.Scan() {
					t.Fatal("the master does not serve")
				}
				before := resolved()
				k.until("writes to be acknowledged", func() bool {
					for range 100 {
						writes = append(writes, s.Increment(key, event.Count(1)))
					}
					return resolved() > before+500
				})
				kill()
				acknowledged := uint64(resolved())
				if sum, err := s.Get(key); err != nil || sum.Compare(event.Count(acknowledged)) < 0 {
					t.Fatalf("%d writes were acknowledged, the copy has %v: %v", acknowledged, sum, err)
				}
			}
			k.start("store " + string(journal))
			patient, cancel := context.WithTimeout(ctx, within)
			defer cancel()
			for i, w := range writes {
				if err := w.Wait(patient); err != nil {
					t.Fatalf("write %d of %d: %v", i, len(writes), err)
				}
			}
			if sum, err := s.Get(key); err != nil || !sum.Equal(event.Count(uint64(len(writes)))) {
				t.Errorf("%d writes, the copy has %v: %v", len(writes), sum, err)
			}
			t.Logf("%d writes, %+v", len(writes), s.Stats())
			stop()
			select {
			case err := <-ended:
				if err != nil {
					t.Error(err)
				}
			case <-time.After(within):
				t.Error("the node does not end")
			}
		})
	}
}
