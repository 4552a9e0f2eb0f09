package cpuaffinity

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// childEnv makes the test binary a process with several threads instead.
const childEnv = "CPUAFFINITY_TEST_CHILD"

// boundEnv tells a test that its process was bound to these CPUs when it began.
const boundEnv = "CPUAFFINITY_TEST_BOUND"

// childThreads is how many threads of its own the child has at least.
const childThreads = 6

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		beChild()
		return
	}
	os.Exit(m.Run())
}

// beChild starts its threads, says so, and stays until stdin is closed.
func beChild() {
	if mainThreadUsed() {
		fmt.Println("the main thread was used, which cannot end")
		return
	}
	var started sync.WaitGroup
	for range childThreads {
		started.Add(1)
		go func() {
			runtime.LockOSThread()
			started.Done()
			select {}
		}()
	}
	started.Wait()
	fmt.Println("ready")
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// mainThreadUsed has to be called by the main goroutine of a young process: it is on the main thread, and when it
// begins to wait for another goroutine, that one gets the thread.
func mainThreadUsed() bool {
	used := false
	for range 100 {
		onOwnThread(func() { used = used || unix.Gettid() == unix.Getpid() })
	}
	return used
}

// child is a running beChild, started through Pinned.
type child struct {
	cmd *exec.Cmd
	pid int
}

func startPinned(t *testing.T, cpus List, nice int) child {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), childEnv+"=1", "GORACE=atexit_sleep_ms=0")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := Pinned(cpus, nice, cmd.Start); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Wait()
	})
	if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "ready\n" {
		t.Fatalf("the child says %q, %v", line, err)
	}
	return child{cmd, cmd.Process.Pid}
}

// ourCPUs returns the CPUs these tests can play with.
func ourCPUs(t *testing.T) List {
	t.Helper()
	cpus, err := Affinity()
	if err != nil {
		t.Fatal(err)
	}
	return cpus
}

// wantThreads fails the test unless all threads of a process may run on exactly these CPUs.
func wantThreads(t *testing.T, who string, pid int, cpus List, least int) {
	t.Helper()
	check, err := Verify(pid, cpus)
	if err != nil {
		t.Fatal(err)
	}
	if !check.OK || check.Drifted != 0 || check.Threads < least || !check.Have.SameSet(cpus) {
		t.Errorf("%s: %+v, want at least %d threads on %s", who, check, least, cpus)
	}
}

// The tests that look at all threads of this process cannot be parallel to others that call Pinned.

func TestPinned(t *testing.T) {
	all := ourCPUs(t)
	if len(all) < 2 {
		t.Skip("with one CPU everything is pinned to it")
	}
	for _, cpus := range []List{all[:1], all[len(all)-1:], {all[1], all[0]}, nil} {
		t.Run("cpus="+cpus.String(), func(t *testing.T) {
			want := cpus
			if len(cpus) == 0 {
				want = all
			}
			c := startPinned(t, cpus, 0)
			wantThreads(t, "test process", os.Getpid(), all, 1)
			wantThreads(t, "child", c.pid, want, childThreads)

			other := List{all[0], all[1], MaxCPU}
			check, err := Verify(c.pid, other)
			if err != nil || check.OK || check.Drifted != check.Threads {
				t.Errorf("the child is not on %s, but Verify says %+v, %v", other, check, err)
			}
		})
	}
}

func TestPinnedNice(t *testing.T) {
	ours, err := threadNice()
	if err != nil {
		t.Fatal(err)
	}
	cpus := ourCPUs(t)[:1]
	if ours > maxNice-2 {
		t.Skipf("nice value %d leaves no room", ours)
	}
	for _, cpus := range []List{nil, cpus} {
		c := startPinned(t, cpus, ours+2)
		for tid, nice := range niceValues(t, c.pid) {
			if nice != ours+2 {
				t.Errorf("thread %s of the child has nice value %d, want %d", tid, nice, ours+2)
			}
		}
	}
	// Whoever may not raise the thread's priority again has to wait for its end.
	eventually(t, func() error {
		for tid, nice := range niceValues(t, os.Getpid()) {
			if nice != ours {
				return fmt.Errorf("thread %s of the test process has nice value %d, want %d", tid, nice, ours)
			}
		}
		return nil
	})
}

// Only the privileged may be less nice; all others are told, before anything starts.
func TestPinnedNotNice(t *testing.T) {
	ours, err := threadNice()
	if err != nil {
		t.Fatal(err)
	}
	if ours == minNice {
		t.Skip("less nice than this is not possible")
	}
	called := false
	err = Pinned(nil, ours-1, func() error {
		called = true
		if nice, err := threadNice(); nice != ours-1 {
			t.Errorf("nice value %d, %v, want %d", nice, err, ours-1)
		}
		return nil
	})
	denied := errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM)
	if called != (err == nil) || err != nil && !denied {
		t.Errorf("start called: %t, error: %v", called, err)
	}
}

// niceValues reads the nice value of each thread: field 19 of stat, 17 behind the command, which ends at the last ")".
func niceValues(t *testing.T, pid int) map[string]int {
	t.Helper()
	dir := fmt.Sprintf("/proc/%d/task", pid)
	threads, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	values := make(map[string]int)
	for _, thread := range threads {
		stat, err := os.ReadFile(dir + "/" + thread.Name() + "/stat")
		if err != nil {
			continue // it ended
		}
		fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
		if values[thread.Name()], err = strconv.Atoi(fields[16]); err != nil {
			t.Fatal(err)
		}
	}
	if len(values) == 0 {
		t.Fatalf("process %d has no threads", pid)
	}
	return values
}

// The thread itself is put back, before anybody else can get it.
func TestPinnedPutsBack(t *testing.T) {
	all := ourCPUs(t)
	onOwnThread(func() {
		err := Pinned(all[:1], 0, func() error {
			if got, err := Affinity(); err != nil || !got.SameSet(all[:1]) {
				t.Errorf("start runs on %s, %v, want %s", got, err, all[:1])
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		if got, err := Affinity(); err != nil || !got.SameSet(all) {
			t.Errorf("the thread is left on %s, %v, want %s", got, err, all)
		}
	})
}

// Who was bound before, as by taskset, is so again afterwards.
func TestPinnedBoundOurselves(t *testing.T) {
	ours := ourCPUs(t)
	if want := os.Getenv(boundEnv); want != "" {
		if err := Pinned(ours, 0, func() error { return nil }); err != nil {
			t.Fatal(err)
		}
		if ours.String() != want {
			t.Errorf("bound to %s, want %s", ours, want)
		}
		wantThreads(t, "test process", os.Getpid(), ours, 1)
		return
	}
	if len(ours) < 2 {
		t.Skip("with one CPU everything is bound to it")
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestPinnedBoundOurselves$")
	cmd.Env = append(os.Environ(), boundEnv+"="+ours[:1].String())
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := Pinned(ours[:1], 0, cmd.Start); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("a test process that was bound when it began: %v", err)
	}
}

// Many calls at once, some on threads of their own: nothing is left behind.
func TestPinnedThreads(t *testing.T) {
	all := ourCPUs(t)
	ours, err := threadNice()
	if err != nil {
		t.Fatal(err)
	}
	const calls = 64
	ended := make(chan int, calls)
	var wg sync.WaitGroup
	for i := range calls {
		cpus := List{all[i%len(all)]}
		nice := 0
		if i%4 == 0 && ours < maxNice {
			nice = ours + 1
		}
		wg.Go(func() {
			err := Pinned(cpus, nice, func() error {
				if nice != 0 {
					ended <- unix.Gettid()
				}
				if got, err := Affinity(); err != nil || !got.SameSet(cpus) {
					t.Errorf("start runs on %s, %v, want %s", got, err, cpus)
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	close(ended)
	for tid := range ended {
		eventually(t, func() error {
			if _, err := os.Stat(fmt.Sprintf("/proc/self/task/%d", tid)); err == nil {
				return fmt.Errorf("thread %d is still there", tid)
			}
			return nil
		})
	}
	wantThreads(t, "test process", os.Getpid(), all, 1)
}

func TestPinnedStartError(t *testing.T) {
	cpus := ourCPUs(t)[:1]
	want := errors.New("no such program")
	for _, cpus := range []List{nil, cpus} {
		if err := Pinned(cpus, 0, func() error { return want }); err != want {
			t.Errorf("cpus=%s: got %v, want start's own error", cpus, err)
		}
	}
	err := Pinned(cpus, maxNice, func() error { runtime.Goexit(); return nil })
	if !errors.Is(err, errStartLeft) {
		t.Errorf("start left its goroutine: got %v", err)
	}
}

func TestPinnedRefusals(t *testing.T) {
	cpus := ourCPUs(t)[:1]
	for _, tc := range []struct {
		cpus List
		nice int
		want string
	}{
		{List{MaxCPU}, 0, "cannot bind a thread to CPU 65535: absent, offline, or outside our cpuset: invalid argument"},
		{List{cpus[0], MaxCPU - 1, MaxCPU}, 0, fmt.Sprintf(
			"cannot bind a thread to CPUs %d,65534-65535: the kernel grants only %[1]d: the others are absent, offline, or outside our cpuset", cpus[0])},
		{List{MaxCPU + 1}, 0, "cannot bind a thread to CPU 65536: CPU numbers go from 0 to 65535"},
		{List{-1}, 0, "cannot bind a thread to CPU -1: CPU numbers go from 0 to 65535"},
		{nil, 20, "cannot set nice value 20: nice values go from -20 to 19"},
		{cpus, -21, "cannot set nice value -21: nice values go from -20 to 19"},
	} {
		err := Pinned(tc.cpus, tc.nice, func() error {
			t.Errorf("cpus=%s nice=%d: start was called", tc.cpus, tc.nice)
			return nil
		})
		if err == nil || err.Error() != tc.want {
			t.Errorf("cpus=%s nice=%d:\ngot  %v\nwant %s", tc.cpus, tc.nice, err, tc.want)
		}
	}
	wantThreads(t, "test process", os.Getpid(), ourCPUs(t), 1)
}

// eventually waits for what the kernel does a moment later.
func eventually(t *testing.T, check func() error) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-deadline:
			t.Error(err)
			return
		case <-time.After(time.Millisecond):
		}
	}
}

// BenchmarkPinned starts and awaits /bin/true, with and without pinning.
func BenchmarkPinned(b *testing.B) {
	all, err := Affinity()
	if err != nil {
		b.Fatal(err)
	}
	for name, cpus := range map[string]List{"plain": nil, "pinned": all[len(all)-1:]} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				cmd := exec.Command("/bin/true")
				if err := Pinned(cpus, 0, cmd.Start); err != nil {
					b.Fatal(err)
				}
				if err := cmd.Wait(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
