package sqlite

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"zctl/nodes/event"
	"zctl/nodes/store"
)

// modes is each journal mode with each way to be synchronous.
func modes() []Options {
	var all []Options
	for _, journal := range []JournalMode{JournalDelete, JournalWAL} {
		for _, sync := range []Synchronous{SynchronousOff, SynchronousNormal, SynchronousFull, SynchronousExtra} {
			all = append(all, Options{JournalMode: journal, Synchronous: sync})
		}
	}
	return all
}

func (o Options) name() string { return string(o.JournalMode) + "_" + string(o.Synchronous) }

// at is options with a path.
func (o Options) at(path string) Options {
	o.Path = path
	return o
}

// mustOpen opens a file that is closed at the end of the test.
func mustOpen(t testing.TB, o Options) *Backend {
	t.Helper()
	b, err := Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

func mustWrite(t testing.TB, b *Backend, changes []store.Change, sessions ...store.Session) {
	t.Helper()
	if err := b.Write(context.Background(), changes, sessions); err != nil {
		t.Fatal(err)
	}
}

func mustClose(t testing.TB, b *Backend) {
	t.Helper()
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
}

// contents is what a file holds, as text.
func contents(t testing.TB, b *Backend) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := b.Load(context.Background(), func(key, value event.Value, deadline time.Time) error {
		all[key.String()] = describe(value, deadline)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func describe(value event.Value, deadline time.Time) string {
	if deadline.IsZero() {
		return value.String()
	}
	return value.String() + " until " + deadline.UTC().Format(time.RFC3339Nano)
}

func sessions(t testing.TB, b *Backend) map[string]uint64 {
	t.Helper()
	list, err := b.Sessions()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]uint64{}
	for _, s := range list {
		all[s.Writer] = s.Seq
	}
	return all
}

func put(key string, n uint64) store.Change {
	return store.Change{Kind: store.ChangePut, Key: event.String(key), Value: event.Count(n)}
}

func expectContents(t testing.TB, b *Backend, want map[string]string) {
	t.Helper()
	got := contents(t, b)
	for key := range got {
		if _, ok := want[key]; !ok {
			t.Errorf("the file has %s, which should be gone", key)
		}
	}
	for key, value := range want {
		if had, ok := got[key]; !ok || had != value {
			t.Errorf("the file has %s = %.200s (%t), want %.200s", key, had, ok, value)
		}
	}
}

// TestChanges: each kind of change is there after it was written and after the
// file was opened again, in each mode, and so are sessions.
func TestChanges(t *testing.T) {
	t.Parallel()
	deadline := time.Date(2030, 1, 2, 3, 4, 5, 678901234, time.UTC)
	for _, o := range modes() {
		t.Run(o.name(), func(t *testing.T) {
			t.Parallel()
			o := o.at(filepath.Join(t.TempDir(), "new dir", "a?b%41#;.sqlite"))
			b := mustOpen(t, o)
			until := put("until", 1)
			until.Deadline = deadline
			odd := store.Change{Kind: store.ChangePut, Key: event.List(event.None(), event.String("a\x00\xff")), Value: event.Set()}
			steps := []struct {
				changes  []store.Change
				sessions []store.Session
				want     map[string]string
				writers  map[string]uint64
			}{
				{nil, nil, map[string]string{}, map[string]uint64{}},
				{[]store.Change{put("a", 1), put("b", 2), put("a", 3), until, odd},
					[]store.Session{{Writer: "w", Seq: 4}, {Writer: "\x00\xff", Seq: 1 << 63}},
					map[string]string{"a": "3", "b": "2", "until": "1 until 2030-01-02T03:04:05.678901234Z", odd.Key.String(): "set()"},
					map[string]uint64{"w": 4, "\x00\xff": 1 << 63}},
				{[]store.Change{{Kind: store.ChangeErase, Key: event.String("a")}, {Kind: store.ChangeErase, Key: event.String("no")},
					{Kind: store.ChangeExpire, Key: event.String("until")}}, []store.Session{{Writer: "w", Seq: 9}},
					map[string]string{"b": "2", odd.Key.String(): "set()"}, map[string]uint64{"w": 9, "\x00\xff": 1 << 63}},
				{nil, []store.Session{{Writer: "w"}}, map[string]string{"b": "2", odd.Key.String(): "set()"}, map[string]uint64{"\x00\xff": 1 << 63}},
				{[]store.Change{put("c", 1), {Kind: store.ChangeClear}, until, put("until", 2)}, nil,
					map[string]string{"until": "2"}, map[string]uint64{"\x00\xff": 1 << 63}},
			}
			for i, step := range steps {
				mustWrite(t, b, step.changes, step.sessions...)
				for range 2 {
					expectContents(t, b, step.want)
					if got := sessions(t, b); !maps.Equal(got, step.writers) {
						t.Errorf("step %d: sessions %v, want %v", i, got, step.writers)
					}
					mustClose(t, b)
					b = mustOpen(t, o)
				}
			}
			if _, err := os.Stat(o.Path); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestMode: the file is in the mode that was asked for, also if it was in another.
func TestMode(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "f")
	for _, test := range []struct {
		o                    Options
		journal, synchronous string
	}{
		{Options{}, "delete", "2"},
		{Options{JournalMode: JournalWAL, Synchronous: SynchronousNormal}, "wal", "1"},
		{Options{}, "wal", "2"},
		{Options{JournalMode: JournalDelete, Synchronous: SynchronousExtra}, "delete", "3"},
		{Options{Synchronous: SynchronousOff}, "delete", "0"},
	} {
		b := mustOpen(t, test.o.at(path))
		for pragma, want := range map[string]string{"journal_mode": test.journal, "synchronous": test.synchronous, "locking_mode": "exclusive"} {
			var got string
			if err := b.conn.QueryRowContext(t.Context(), "pragma "+pragma).Scan(&got); err != nil || got != want {
				t.Errorf("%+v: %s is %s, want %s, %v", test.o, pragma, got, want, err)
			}
		}
		mustWrite(t, b, []store.Change{put("k", 1)})
		expectContents(t, b, map[string]string{"k": "1"})
		mustClose(t, b)
	}
}

// TestClosed: what is closed says so, and may be closed again.
func TestClosed(t *testing.T) {
	t.Parallel()
	b := mustOpen(t, Options{Path: filepath.Join(t.TempDir(), "f")})
	mustClose(t, b)
	mustClose(t, b)
	_, err := b.Sessions()
	for _, err := range []error{err, b.Load(t.Context(), ignore), b.Write(t.Context(), []store.Change{put("k", 1)}, nil)} {
		if !errors.Is(err, store.ErrClosed) {
			t.Errorf("error %v", err)
		}
	}
}
