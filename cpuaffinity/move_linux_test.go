package cpuaffinity

import (
	"errors"
	"io/fs"
	"testing"

	"golang.org/x/sys/unix"
)

// TestMove: a process that runs is moved with all its threads, those it makes
// meanwhile included.
func TestMove(t *testing.T) {
	usable, err := Affinity()
	if err != nil {
		t.Fatal(err)
	}
	if len(usable) < 2 {
		t.Skip("needs two CPUs")
	}
	c := startPinned(t, usable[:1], 0)
	for _, cpus := range []List{usable[1:2], usable, usable[:1]} {
		if err := Move(c.pid, cpus); err != nil {
			t.Fatal(err)
		}
		check, err := Verify(c.pid, cpus)
		if err != nil || !check.OK || check.Threads <= childThreads {
			t.Errorf("moved to %v: %+v, %v", cpus, check, err)
		}
	}
	if err := Move(c.pid, nil); err != nil {
		t.Errorf("nowhere in particular: %v", err)
	}
	if err := Move(c.pid, List{MaxCPU}); !errors.Is(err, unix.EINVAL) {
		t.Errorf("to a CPU that is not there: %v", err)
	}
	if err := Move(c.pid, List{-1}); err == nil {
		t.Error("to CPU -1")
	}
	if err := Move(1<<22+1, usable); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a process that is not there: %v", err)
	}
}
