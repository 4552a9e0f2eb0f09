package filewatch

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

const patience = time.Minute

// called waits until something was called.
func called(t *testing.T, calls chan string, want string) {
	t.Helper()
	select {
	case got := <-calls:
		if got != want {
			t.Fatalf("called for %q, want %q", got, want)
		}
	case <-time.After(patience):
		t.Fatalf("not called for %q", want)
	}
}

func write(t *testing.T, name string) {
	t.Helper()
	if err := os.WriteFile(name, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestWatch(t *testing.T) {
	t.Parallel()
	var w Watcher
	defer w.Close()
	dir, calls := t.TempDir(), make(chan string, 100)
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	for _, d := range []string{a, b} {
		os.Mkdir(d, 0o755)
		if err := w.Watch(d, ".status", func() { calls <- d }); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(a, "conn.log")) // of no interest
	write(t, filepath.Join(b, ".status"))
	called(t, calls, b)
	write(t, filepath.Join(a, "new"))
	os.Rename(filepath.Join(a, "new"), filepath.Join(a, ".status"))
	called(t, calls, a)

	w.Forget(a)
	write(t, filepath.Join(a, ".status"))
	write(t, filepath.Join(b, ".status"))
	called(t, calls, b)

	// A directory that is removed and made again is another one.
	os.RemoveAll(a)
	os.Mkdir(a, 0o755)
	if err := w.Watch(a, ".status", func() { calls <- "again" }); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(a, ".status"))
	called(t, calls, "again")
}

func TestMissing(t *testing.T) {
	t.Parallel()
	var w Watcher
	defer w.Close()
	if err := w.Watch(filepath.Join(t.TempDir(), "none"), "x", nil); err == nil {
		t.Error("a directory that does not exist can be watched")
	}
}

// TestClosed: nothing is called any more, and a Watcher that was never used can be
// closed, too.
func TestClosed(t *testing.T) {
	t.Parallel()
	var w Watcher
	w.Close()
	dir, called := t.TempDir(), false
	if err := w.Watch(dir, "x", func() { called = true }); err != nil {
		t.Fatal(err)
	}
	w.Close()
	write(t, filepath.Join(dir, "x"))
	w.Close()
	if called {
		t.Error("called after the end")
	}
}
