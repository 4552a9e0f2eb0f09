package process

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestAdopt shows that the exit code or signal of a process that is not our
// child becomes known: whether its parent is gone, never reaps it or reaps it at
// once, and whether we wait before or after its end.
func TestAdopt(t *testing.T) {
	t.Parallel()
	tests := []struct {
		script string
		signal unix.Signal
		want   Exit
	}{
		{"read line <$1; exit 42", 0, exited(42)},
		{"read line <$1; exit 0", 0, exited(0)},
		{"read line <$1", unix.SIGKILL, killed(unix.SIGKILL)},
	}
	for _, test := range tests {
		for _, parent := range []string{dies, sleeps, reaps} {
			for _, late := range []bool{false, true} {
				t.Run(fmt.Sprintf("%v, parent %s, late=%t", test.want, parent, late), func(t *testing.T) {
					t.Parallel()
					o := leave(t, test.script, parent)
					r := o.adopt()
					if r.ID() != o.id {
						t.Errorf("adopted %+v as %+v", o.id, r.ID())
					}
					waited := make(chan Exit, 1)
					if !late {
						go func() { waited <- r.wait() }()
					}
					if test.signal == 0 {
						say(t, o.trigger, "\n")
					} else if err := r.Signal(test.signal); err != nil {
						t.Error(err)
					}
					if late {
						eventually(t, "it has ended", func() bool { return !o.id.Alive() })
						if parent == reaps {
							o.awaitReaped()
						}
						waited <- r.wait()
					}
					got := how(<-waited)
					if got == (Exit{}) && parent != sleeps && !statusOutlivesReaping(t) {
						t.Skip("this kernel forgets the status of what is reaped (before Linux 6.15)")
					}
					if got != test.want {
						t.Errorf("got %v, want %v", got, test.want)
					}
				})
			}
		}
	}
}

// statusOutlivesReaping says whether the kernel tells by a pidfd how a process
// ended that was reaped.
func statusOutlivesReaping(t *testing.T) bool {
	t.Helper()
	r := launch(t, sh("exit 42"))
	fd, err := unix.PidfdOpen(r.id.PID, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	r.wait()
	info := unix.PidfdInfo{Mask: unix.PIDFD_INFO_EXIT}
	return unix.IoctlPidfdInfo(fd, &info) == nil && info.Mask&unix.PIDFD_INFO_EXIT != 0
}

// TestAdoptGone shows that only the very same process can be adopted.
func TestAdoptGone(t *testing.T) {
	wantNothingLeft(t)
	live := launch(t, sh("exec sleep 1000")).id
	zombie := launch(t, sh("exit 0")).id
	eventually(t, "it is a zombie", func() bool { return !zombie.Alive() })
	reaped := launch(t, sh("exit 0"))
	reaped.wait()
	tests := []struct {
		name string
		id   Identity
	}{
		{"zombie", zombie},
		{"reaped", reaped.id},
		{"pid beyond any", Identity{1<<22 + 1, live.StartTicks, live.BootID}},
		{"earlier owner of the pid", Identity{live.PID, live.StartTicks - 1, live.BootID}},
		{"later owner of the pid", Identity{live.PID, live.StartTicks + 1, live.BootID}},
		{"earlier boot", Identity{live.PID, live.StartTicks, "2e2ee4d1-5d8a-4c0f-8b1e-000000000000"}},
		{"no boot", Identity{live.PID, live.StartTicks, ""}},
		{"our group", Identity{0, live.StartTicks, live.BootID}},
		{"a group", Identity{-live.PID, live.StartTicks, live.BootID}},
		{"nothing", Identity{}},
	}
	for _, test := range tests {
		p, err := Adopt(test.id)
		if !errors.Is(err, ErrGone) {
			t.Errorf("%s: got %v, %v", test.name, p, err)
		}
		if test.id.Alive() {
			t.Errorf("%s: alive", test.name)
		}
		if err := test.id.signal(unix.SIGKILL); err != nil {
			t.Errorf("%s: signal: %v", test.name, err)
		}
	}
	if err := live.signal(0); err != nil || !live.Alive() {
		t.Errorf("the process that was asked about is dead (%v)", err)
	}
}

// TestAdoptedExitOfOther shows that the status of a zombie is not taken for that
// of the process which had its pid before.
func TestAdoptedExitOfOther(t *testing.T) {
	t.Parallel()
	earlier := launch(t, sh("exit 42"))
	fd, err := unix.PidfdOpen(earlier.id.PID, 0)
	if err != nil {
		t.Fatal(err)
	}
	earlier.wait()
	zombie := launch(t, sh("exit 7"))
	eventually(t, "it is a zombie", func() bool { return !zombie.id.Alive() })
	p := &Process{
		id:    Identity{zombie.id.PID, zombie.id.StartTicks - 1, zombie.id.BootID},
		pidfd: os.NewFile(uintptr(fd), "pidfd"),
	}
	if got := how(p.Wait()); got != exited(42) && (got != Exit{} || statusOutlivesReaping(t)) {
		t.Errorf("got %v", got)
	}
}

// TestAdoptedSurvivesSignals shows that a signal to ourselves, as the Go runtime
// sends them all the time, does not make an adopted process look dead.
func TestAdoptedSurvivesSignals(t *testing.T) {
	t.Parallel()
	r := launch(t, sh("exec sleep 1000"))
	p, err := Adopt(r.id)
	if err != nil {
		t.Fatal(err)
	}
	defer p.pidfd.Close()
	fd := int(p.pidfd.Fd())
	var thread atomic.Int64
	polled := make(chan struct{})
	go func() {
		defer close(polled)
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		thread.Store(int64(unix.Gettid()))
		for end := time.Now().Add(200 * time.Millisecond); time.Now().Before(end); {
			if exit, ended := p.poll(fd); ended {
				t.Errorf("it runs, but Wait would say that it %v", exit)
				return
			}
		}
	}()
	for {
		select {
		case <-polled:
			return
		default:
			if tid := int(thread.Load()); tid != 0 {
				unix.Tgkill(os.Getpid(), tid, unix.SIGURG)
			}
		}
	}
}

// beStranger adopts the process that the argument names and tells how it ended.
func beStranger(argument string) {
	var pid int
	fmt.Sscan(argument, &pid)
	s, err := readStat(pid)
	if err != nil {
		fmt.Println(err)
		return
	}
	boot, _ := bootID()
	p, err := Adopt(Identity{pid, s.startTicks, boot})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("adopted")
	fmt.Println(how(p.Wait()))
}

// TestAdoptedByStranger shows that nothing is made up about the end of a process
// into which we may not look: of such a zombie the kernel says that its status
// is 0. It is so with a Zeek that has file capabilities and a supervisor that
// has not.
func TestAdoptedByStranger(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can be two users")
	}
	o := leave(t, "read line <$1; exit 42", sleeps)
	cmd := again(t, strangerEnv, fmt.Sprint(o.id.PID))
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	stdout := bufio.NewReader(stdoutOf(t, cmd))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	if said, err := stdout.ReadString('\n'); said != "adopted\n" {
		t.Fatalf("the stranger says %q, %v", said, err)
	}
	say(t, o.trigger, "\n")
	if said, err := stdout.ReadString('\n'); said != (Exit{}).String()+"\n" {
		t.Errorf("the stranger says that the process %q, %v", said, err)
	}
}
