package process

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// fields is /proc/PID/stat behind the name, as the kernel writes it.
func fields(state string, session int, startTicks uint64, exitStatus uint32) string {
	return fmt.Sprintf(" %s 5 77 %d 0 -1 4194560 91 0 0 0 0 0 0 0 20 0 1 0 %d 2596864 229 "+
		"18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 600 700 %d\n",
		state, session, startTicks, exitStatus)
}

// TestParseStat shows that the fields are found behind any name, and that text
// of another form is refused.
func TestParseStat(t *testing.T) {
	t.Parallel()
	running := stat{state: 'S', parent: 5, session: 77, startTicks: 123456, codeStart: 1, envStart: 600, envEnd: 700}
	tests := []struct {
		name, text string
		want       stat
		fails      bool
	}{
		{"plain", "77 (zeek)" + fields("S", 77, 123456, 0), running, false},
		{"spaces", "77 (a b  c)" + fields("S", 77, 123456, 0), running, false},
		{"parentheses", "77 (()) R 1 (()" + fields("S", 77, 123456, 0), running, false},
		{"a whole line", "77 (x)" + fields("Z", 1, 1, 9) + ")" + fields("S", 77, 123456, 0), running, false},
		{"newlines", "77 (\n\n)" + fields("S", 77, 123456, 0), running, false},
		{"no name", "77 ()" + fields("S", 77, 123456, 0), running, false},
		{"more fields than now", "77 (zeek)" + strings.TrimSpace(fields("S", 77, 123456, 0)) + " 1 2 3\n", running, false},
		{"exited", "77 (zeek)" + fields("Z", 77, 1, 42<<8), stat{'Z', 5, 77, 1, 1, 600, 700, 42 << 8}, false},
		{"killed", "77 (zeek)" + fields("X", 77, 1, 9), stat{'X', 5, 77, 1, 1, 600, 700, 9}, false},
		{"being released", "77 (zeek)" + fields("X", -1, 1<<64-1, 0), stat{'X', 5, -1, 1<<64 - 1, 1, 600, 700, 0}, false},

		{"empty", "", stat{}, true},
		{"name only", "77 (zeek)", stat{}, true},
		{"name cut", "77 (zee", stat{}, true},
		{"one field less", "77 (zeek)" + strings.TrimSuffix(fields("S", 77, 123456, 0), " 0\n"), stat{}, true},
		{"no parenthesis", "77 zeek" + fields("S", 77, 123456, 0), stat{}, true},
		{"long state", "77 (zeek)" + fields("SS", 77, 123456, 0), stat{}, true},
		{"parent no number", "77 (zeek)" + strings.Replace(fields("S", 77, 123456, 0), " 5 77 ", " x 77 ", 1), stat{}, true},
		{"session no number", "77 (zeek)" + strings.Replace(fields("S", 77, 123456, 0), " 77 77 ", " 77 x ", 1), stat{}, true},
		{"start no number", "77 (zeek)" + strings.Replace(fields("S", 77, 123456, 0), "123456", "-1", 1), stat{}, true},
		{"start too big", "77 (zeek)" + strings.Replace(fields("S", 77, 123456, 0), "123456", "18446744073709551616", 1), stat{}, true},
		{"environment no number", "77 (zeek)" + strings.Replace(fields("S", 77, 123456, 0), " 600 700", " 600 x", 1), stat{}, true},
		{"status no number", "77 (zeek)" + strings.Replace(fields("S", 77, 123456, 0), " 0\n", " x\n", 1), stat{}, true},
	}
	for _, test := range tests {
		got, err := parseStat([]byte(test.text))
		if (err != nil) != test.fails || err == nil && got != test.want {
			t.Errorf("%s: got %+v, %v", test.name, got, err)
		}
	}
}

// FuzzParseStat shows that no text makes parseStat panic, and that no name makes
// it see anything but the fields behind it.
func FuzzParseStat(f *testing.F) {
	f.Add([]byte("zeek"), byte('S'), 77, uint64(123456), uint32(0))
	f.Add([]byte(") Z 1 1 1 ("), byte('Z'), -1, uint64(1<<64-1), uint32(42<<8))
	f.Add([]byte("77 (zeek)"+fields("S", 77, 123456, 0)), byte('R'), 1, uint64(0), uint32(9))
	f.Add([]byte("77 (zeek) S 1"), byte('('), 0, uint64(1), uint32(11|0x80))
	f.Fuzz(func(t *testing.T, name []byte, state byte, session int, ticks uint64, status uint32) {
		parseStat(name)
		if state <= ' ' || state > '~' || state == ')' {
			state = 'R'
		}
		want := stat{state, 5, session, ticks, 1, 600, 700, unix.WaitStatus(status)}
		text := append(append([]byte("1 ("), name...), ')')
		got, err := parseStat(append(text, fields(string(state), session, ticks, status)...))
		if err != nil || got != want {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
	})
}

// TestHostileName shows that a process whose name looks like what follows it is
// not mistaken for a dead one of another session.
func TestHostileName(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), ") Z 1 1 1\n (")
	syscall.ForkLock.RLock() // a child that has it open for writing would keep us from running it
	err := os.WriteFile(file, []byte("#!/bin/sh\nread line\n"), 0o755)
	syscall.ForkLock.RUnlock()
	if err != nil {
		t.Fatal(err)
	}
	in, out := pipe(t)
	r := launch(t, Command{Argv: []string{file}, Stdin: in})
	if text := readFile(t, fmt.Sprintf("/proc/%d/stat", r.id.PID)); !strings.Contains(text, "() Z 1 1 1\n (") {
		t.Errorf("the name is not in %q", text)
	}
	s, err := readStat(r.id.PID)
	if err != nil || s.dead() || s.session != r.id.PID || !r.id.Alive() {
		t.Errorf("%+v, %v; alive: %t", s, err, r.id.Alive())
	}
	say(t, out, "\n")
	r.wait()
	if r.id.Alive() {
		t.Error("alive after its end")
	}
}

// TestAlive shows that a process is alive until it has ended, reaped or not.
func TestAlive(t *testing.T) {
	t.Parallel()
	r := launch(t, sh("exec sleep 1000"))
	if !r.id.Alive() {
		t.Error("not alive")
	}
	if err := unix.Kill(r.id.PID, unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is stopped", func() bool { s, err := readStat(r.id.PID); return err == nil && s.state == 'T' })
	if !r.id.Alive() {
		t.Error("not alive while stopped")
	}
	r.Signal(unix.SIGKILL)
	eventually(t, "it is a zombie", func() bool { s, err := readStat(r.id.PID); return err == nil && s.state == 'Z' })
	if r.id.Alive() {
		t.Error("alive as a zombie")
	}
	r.wait()
	if r.id.Alive() {
		t.Error("alive after it was reaped")
	}
}

// TestStartedAt shows that the start of a process is known as a time.
func TestStartedAt(t *testing.T) {
	t.Parallel()
	const exact = 50 * time.Millisecond
	before := time.Now()
	r := launch(t, sh("exec sleep 1000"))
	after := time.Now()
	got := r.id.StartedAt()
	for range 10 { // one clock is read after the other, and later it is if we have to wait between
		if again := r.id.StartedAt(); again.Before(got) {
			got = again
		}
	}
	if got.Before(before.Add(-exact)) || got.After(after.Add(exact)) {
		t.Errorf("started at %v, want between %v and %v", got, before, after)
	}
	earlier := Identity{PID: r.id.PID, StartTicks: r.id.StartTicks - 10*ticksPerSecond}
	if got := r.id.StartedAt().Sub(earlier.StartedAt()).Round(time.Second); got != 10*time.Second {
		t.Errorf("a process that is 10 s older was started %v before", got)
	}
}
