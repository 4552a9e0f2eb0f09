package process

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// tree is a script that begins a child, a grandchild and, with the test binary in
// $1, a process in a group of its own.
const tree = `
	sleep 1000 & echo child $!
	(sleep 1000 & echo grandchild $!; wait) & echo parent $!
	"$1" & echo grouped $!
	wait`

// launchTree launches it and returns the pids of those whom it began, by name.
func launchTree(t *testing.T) (*running, map[string]int) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := sh(tree, "sh", self)
	c.Env = append(c.Env, groupEnv+"=exec sleep 1000")
	r := launch(t, c)
	members := map[string]int{}
	for _, name := range []string{"child", "parent", "grandchild", "grouped"} {
		members[name] = r.pid(name)
	}
	eventually(t, "one has a group of its own", func() bool {
		group, err := unix.Getpgid(members["grouped"])
		return err == nil && group == members["grouped"]
	})
	return r, members
}

// wantMembers checks that a session has exactly these members.
func wantMembers(t *testing.T, p *Process, want ...int) {
	t.Helper()
	members, err := p.Members()
	if err != nil {
		t.Error(err)
	}
	var got []int
	for _, member := range members {
		got = append(got, member.PID)
		if !member.Alive() {
			t.Errorf("member %+v is no living process", member)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("members %v, want %v", got, want)
	}
}

func pids(members map[string]int) []int { return slices.Collect(maps.Values(members)) }

// TestMembers shows that a session has all descendants of its leader, those in
// other groups, too, but not the leader itself and no other session; that it
// stays so when the leader has died; and that KillAll ends them all.
func TestMembers(t *testing.T) {
	t.Parallel()
	launchTree(t) // is another session
	r, members := launchTree(t)
	wantMembers(t, r.Process, pids(members)...)

	if err := r.Signal(unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if got := how(r.wait()); got != killed(unix.SIGKILL) {
		t.Errorf("the leader %v", got)
	}
	wantMembers(t, r.Process, pids(members)...)
	if !r.Leftover() {
		t.Error("nothing is left over")
	}

	if err := r.KillAll(); err != nil {
		t.Error(err)
	}
	eventually(t, "all are dead", func() bool { return !r.MayHaveMembers() })
	if r.Leftover() {
		t.Error("dead processes are left over")
	}
}

// TestKillAll shows that KillAll begins with the leader.
func TestKillAll(t *testing.T) {
	t.Parallel()
	r, _ := launchTree(t)
	if err := r.KillAll(); err != nil {
		t.Error(err)
	}
	if got := how(r.wait()); got != killed(unix.SIGKILL) {
		t.Errorf("the leader %v", got)
	}
	eventually(t, "the members are dead", func() bool { return !r.MayHaveMembers() })
}

// TestLeftoverNone shows that a process that lived and died alone leaves nothing.
func TestLeftoverNone(t *testing.T) {
	t.Parallel()
	r := launch(t, sh("exit 0"))
	r.wait()
	if r.Leftover() {
		t.Error("something is left over")
	}
	wantMembers(t, r.Process)
	if err := r.KillAll(); err != nil {
		t.Error(err)
	}
}

// pair is a script of a leader and a member that tell of each TERM they get, and
// then of the line that they read: the leader's from stdin, the member's from
// the fifo in $1. A signal may end a read of a shell, or not; that there are few
// tries keeps a script from running on for ever if its test is killed.
const pair = `
	trap "echo leader got TERM" TERM
	(
		trap "echo member got TERM" TERM
		echo member up
		for try in 1 2 3; do read line <$1 && break; done
		echo member read $line
	) &
	for try in 1 2 3; do read line && break; done
	echo leader read $line`

// launchPair launches a pair. The function lets the member and then the leader
// read their lines and returns all that they have said. As a shell runs its
// traps before its next command, nothing can be said later.
func launchPair(t *testing.T) (r *running, end func() string) {
	t.Helper()
	in, toLeader := pipe(t)
	fifo, toMember := mkfifo(t, t.TempDir())
	c := sh(pair, "sh", fifo)
	c.Stdin = in
	r = launch(t, c)
	r.await("member up")
	return r, func() string {
		t.Helper()
		say(t, toMember, "on\n")
		r.await("member read on")
		say(t, toLeader, "on\n")
		r.wait()
		return r.output()
	}
}

// TestSignal shows that a signal reaches the process itself and no member of its
// session.
func TestSignal(t *testing.T) {
	t.Parallel()
	r, end := launchPair(t)
	if err := r.Signal(unix.SIGTERM); err != nil {
		t.Error(err)
	}
	r.await("leader got TERM")
	if got, want := end(), "member up\nleader got TERM\nmember read on\nleader read on\n"; got != want {
		t.Errorf("got:\n%s", got)
	}
}

// TestSignalMembers shows that a signal reaches the members and not the process
// itself.
func TestSignalMembers(t *testing.T) {
	t.Parallel()
	r, end := launchPair(t)
	if err := r.SignalMembers(unix.SIGTERM); err != nil {
		t.Error(err)
	}
	r.await("member got TERM")
	if got, want := end(), "member up\nmember got TERM\nmember read on\nleader read on\n"; got != want {
		t.Errorf("got:\n%s", got)
	}
}

// TestSignalAfterEnd shows that a signal to a process that has ended is no
// error, be it a zombie, reaped or waited for, a child or adopted.
func TestSignalAfterEnd(t *testing.T) {
	t.Parallel()
	child := launch(t, sh("exec sleep 1000"))
	kept := leave(t, "read line <$1", sleeps)
	reaped := leave(t, "read line <$1", reaps)
	tests := []struct {
		name  string
		r     *running
		ended func()
	}{
		{"child", child, func() {}},
		{"adopted zombie", kept.adopt(), func() {}},
		{"adopted and reaped", reaped.adopt(), reaped.awaitReaped},
	}
	for _, test := range tests {
		if err := test.r.Signal(unix.SIGKILL); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		eventually(t, "it has ended", func() bool { return !test.r.id.Alive() })
		test.ended()
		if err := test.r.Signal(unix.SIGTERM); err != nil {
			t.Errorf("%s, ended: %v", test.name, err)
		}
		test.r.wait()
		if err := test.r.Signal(unix.SIGTERM); err != nil {
			t.Errorf("%s, waited for: %v", test.name, err)
		}
	}
}

// TestPIDGivenAway shows that a process whose pid is another's now has no
// members, although that other one's session has, and that nobody gets its
// signals.
func TestPIDGivenAway(t *testing.T) {
	t.Parallel()
	r, end := launchPair(t)
	if members, err := r.Members(); len(members) != 1 || err != nil || !r.Leftover() {
		t.Fatalf("the other process has the members %v, %v", members, err)
	}
	for _, ticks := range []uint64{r.id.StartTicks - 1, r.id.StartTicks + 1} {
		was := &Process{id: Identity{r.id.PID, ticks, r.id.BootID}}
		wantMembers(t, was)
		if was.Leftover() {
			t.Error("something is left over")
		}
		if err := errors.Join(was.SignalMembers(unix.SIGTERM), was.id.signal(unix.SIGTERM), was.KillAll()); err != nil {
			t.Error(err)
		}
	}
	if got, want := end(), "member up\nmember read on\nleader read on\n"; got != want {
		t.Errorf("got:\n%s", got)
	}
}

// TestZombiesAreNoMembers shows that dead processes count as nothing, with their
// leader alive and without it. It makes this process the parent of orphans, so
// that none is reaped before it has been looked at, and hence is not parallel.
func TestZombiesAreNoMembers(t *testing.T) {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	defer unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
	fifo, trigger := mkfifo(t, t.TempDir())
	r := launch(t, sh("(read line <$1) & echo zombie $!; exec sleep 1000", "sh", fifo))
	zombie := r.pid("zombie")
	eventually(t, "the leader is a program that never reaps", func() bool {
		return readFile(t, fmt.Sprintf("/proc/%d/comm", r.id.PID)) == "sleep\n"
	})
	say(t, trigger, "\n")
	defer unix.Wait4(zombie, nil, unix.WNOHANG, nil)
	isZombie := func() bool {
		s, err := readStat(zombie)
		return err == nil && s.state == 'Z' && s.session == r.id.PID
	}
	eventually(t, "it is a zombie of the session", isZombie)
	wantMembers(t, r.Process)

	if err := r.Signal(unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	r.wait()
	if !isZombie() || unix.Kill(-r.id.PID, 0) != nil {
		t.Error("it is no zombie of the group any more")
	}
	wantMembers(t, r.Process)
	if r.Leftover() {
		t.Error("a zombie is left over")
	}
}
