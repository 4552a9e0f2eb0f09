package process

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestExitString shows how ends are said to people.
func TestExitString(t *testing.T) {
	t.Parallel()
	tests := []struct {
		status unix.WaitStatus // of wait(2)
		want   string
	}{
		{0, "exited with code 0"},
		{1 << 8, "exited with code 1"},
		{42 << 8, "exited with code 42"},
		{255 << 8, "exited with code 255"},
		{9, "killed by SIGKILL"},
		{15, "killed by SIGTERM"},
		{11 | 0x80, "killed by SIGSEGV"}, // and dumped core
		{34, "killed by signal 34"},
	}
	for _, test := range tests {
		if got := exitOf(test.status).String(); got != test.want {
			t.Errorf("status %#x: %q, want %q", test.status, got, test.want)
		}
	}
	if got, want := (Exit{At: time.Now()}).String(), "ended, nobody knows how"; got != want {
		t.Errorf("unknown: %q, want %q", got, want)
	}
}

// ends are the ways to end that Wait must tell apart: by themselves, or by a
// signal of ours.
var ends = []struct {
	script string
	signal unix.Signal // 0: none
	want   Exit
}{
	{"exit 0", 0, exited(0)},
	{"exit 1", 0, exited(1)},
	{"exit 42", 0, exited(42)},
	{"kill -9 $$", 0, killed(unix.SIGKILL)},
	{"exec sleep 1000", unix.SIGKILL, killed(unix.SIGKILL)},
	{"exec sleep 1000", unix.SIGTERM, killed(unix.SIGTERM)},
	{"ulimit -c 0; echo up; exec sleep 1000", unix.SIGSEGV, killed(unix.SIGSEGV)},
}

// TestWait shows that Wait tells how and when a child ended, be it called before
// that or afterwards.
func TestWait(t *testing.T) {
	t.Parallel()
	for _, test := range ends {
		for _, late := range []bool{false, true} {
			t.Run(fmt.Sprintf("%v late=%t", test.want, late), func(t *testing.T) {
				t.Parallel()
				begin := time.Now()
				r := launch(t, sh(test.script))
				if strings.Contains(test.script, "echo up") {
					r.await("up")
				}
				waited := make(chan Exit, 1)
				if !late {
					go func() { waited <- r.wait() }()
				}
				if test.signal != 0 {
					if err := r.Signal(test.signal); err != nil {
						t.Error(err)
					}
				}
				if late {
					eventually(t, "it has ended", func() bool { return !r.id.Alive() })
					waited <- r.wait()
				}
				got := <-waited
				if how(got) != test.want {
					t.Errorf("got %v, want %v", got, test.want)
				}
				if got.Usage == nil || got.Usage.Maxrss <= 0 {
					t.Errorf("used %+v", got.Usage)
				}
				if got.At.Before(begin) || got.At.After(time.Now()) {
					t.Errorf("it ended at %v, but began after %v", got.At, begin)
				}
			})
		}
	}
}

// TestWaitReapedByOthers shows that Wait does not wait for a child that somebody
// else has reaped, and does not make its end up.
func TestWaitReapedByOthers(t *testing.T) {
	t.Parallel()
	r := launch(t, sh("exit 42"))
	if _, err := unix.Wait4(r.id.PID, nil, 0, nil); err != nil {
		t.Fatal(err)
	}
	if got := how(r.wait()); got != (Exit{}) {
		t.Errorf("got %v", got)
	}
}

// TestWaitWithoutPoller shows that Wait works with descriptors that the runtime
// cannot poll, and then waits with a thread.
func TestWaitWithoutPoller(t *testing.T) {
	t.Parallel()
	for _, late := range []bool{false, true} {
		r := launch(t, sh("exec sleep 1000"))
		fd, err := unix.PidfdOpen(r.id.PID, 0)
		if err != nil {
			t.Fatal(err)
		}
		r.pidfd.Close()
		r.pidfd = os.NewFile(uintptr(fd), "blocking pidfd")
		if late {
			unix.Kill(r.id.PID, unix.SIGTERM)
			eventually(t, "it has ended", func() bool { return !r.id.Alive() })
		}
		waited := make(chan Exit, 1)
		go func() { waited <- r.wait() }()
		if !late {
			eventually(t, "Wait waits", func() bool { return waiting("syscall") > 0 })
			unix.Kill(r.id.PID, unix.SIGTERM)
		}
		if got := how(<-waited); got != killed(unix.SIGTERM) {
			t.Errorf("late %t: got %v", late, got)
		}
	}
}

// waiting counts the goroutines that are inside of Wait in the given state.
func waiting(state string) int {
	stacks := make([]byte, 4<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	n := 0
	for stack := range strings.SplitSeq(string(stacks), "\n\n") {
		head, rest, _ := strings.Cut(stack, "\n")
		if strings.Contains(head, "["+state) && strings.Contains(rest, "(*Process).Wait(") {
			n++
		}
	}
	return n
}

// TestWaitIsFree shows that waiting for many processes, children and adopted
// ones, needs neither threads nor CPU time.
func TestWaitIsFree(t *testing.T) {
	const many = 50
	before := threads(t)
	var waits sync.WaitGroup
	for i := range many {
		r := launch(t, sh("exec sleep 1000"))
		if i%2 == 0 {
			p, err := Adopt(r.id)
			if err != nil {
				t.Fatal(err)
			}
			waits.Go(func() { p.Wait() })
		}
		waits.Go(func() { r.exit() })
		defer r.Signal(unix.SIGKILL)
	}
	t.Cleanup(waits.Wait) // the deferred signals end them
	const all = many + many/2
	eventually(t, "all of them wait in the poller", func() bool { return waiting("IO wait") == all })
	if grown := threads(t) - before; grown > many/5 {
		t.Errorf("%d threads more, for %d processes", grown, all)
	}
	used := cpuTime(t)
	time.Sleep(200 * time.Millisecond) // what is measured is that nothing happens
	if used = cpuTime(t) - used; used > 50*time.Millisecond {
		t.Errorf("used %v of CPU time while nothing happened", used)
	}
}

// threads is how many threads this process has.
func threads(t *testing.T) int {
	t.Helper()
	dir, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	return len(dir)
}

func cpuTime(t *testing.T) time.Duration {
	t.Helper()
	var usage unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
