package process

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// predecessorEnv makes the test binary a predecessor instead: a program that
// starts a process and leaves it to somebody else.
const predecessorEnv = "PROCESS_TEST_PREDECESSOR"

// What a predecessor does about the process once it has started it.
const (
	dies   = "dies"   // the process becomes init's
	sleeps = "sleeps" // it stays the parent and never reaps, as a lazy init does
	reaps  = "reaps"  // it reaps at once, and says so
)

// strangerEnv makes the test binary adopt a process and tell how it ended.
const strangerEnv = "PROCESS_TEST_STRANGER"

// groupEnv makes the test binary a shell script that leads a process group in the
// session of its parent, as those do that a shell begins for people.
const groupEnv = "PROCESS_TEST_GROUP"

func TestMain(m *testing.M) {
	switch {
	case os.Getenv(predecessorEnv) != "":
		bePredecessor(os.Getenv(predecessorEnv))
	case os.Getenv(strangerEnv) != "":
		beStranger(os.Getenv(strangerEnv))
	case os.Getenv(initEnv) != "":
		beInit(os.Getenv(initEnv))
	case os.Getenv(groupEnv) != "":
		beGroup(os.Getenv(groupEnv))
	default:
		os.Exit(m.Run())
	}
}

// bePredecessor reads a command from stdin, starts it and says who it is.
func bePredecessor(then string) {
	var c Command
	in := json.NewDecoder(os.Stdin)
	if err := in.Decode(&c); err != nil {
		fmt.Println(err)
		return
	}
	p, err := Start(c)
	if err != nil {
		fmt.Println(err)
		return
	}
	json.NewEncoder(os.Stdout).Encode(p.ID())
	switch then {
	case sleeps:
		io.Copy(io.Discard, os.Stdin)
	case reaps:
		p.Wait()
		fmt.Println("reaped")
		io.Copy(io.Discard, os.Stdin)
	}
}

func beGroup(script string) {
	err := unix.Setpgid(0, 0)
	if err == nil {
		err = unix.Exec("/bin/sh", sh(script).Argv, sh(script).Env)
	}
	fmt.Println(err)
}

// again is a command that runs the test binary in another role.
func again(t *testing.T, role, argument string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), role+"="+argument, "GORACE=atexit_sleep_ms=0")
	cmd.Stderr = os.Stderr
	return cmd
}

// stdoutOf is where a command's output can be read, though not waited for for
// ever.
func stdoutOf(t *testing.T, cmd *exec.Cmd) io.Reader {
	t.Helper()
	stdout, err := cmd.StdoutPipe()
	if err == nil {
		err = stdout.(*os.File).SetReadDeadline(time.Now().Add(patience))
	}
	if err != nil {
		t.Fatal(err)
	}
	return stdout
}

// orphan is a process that a predecessor made.
type orphan struct {
	t       *testing.T
	id      Identity
	command Command
	told    *bufio.Reader // what the predecessor says
	trigger *os.File      // a line written here is the orphan's $1 to read
}

// leave has a predecessor start a script, and do with it what then says. The
// script finds a fifo in $1.
func leave(t *testing.T, script, then string) *orphan {
	t.Helper()
	dir := t.TempDir()
	fifo, trigger := mkfifo(t, dir)
	o := &orphan{t: t, command: inDir(sh(script, "sh", fifo), dir), trigger: trigger}

	cmd := again(t, predecessorEnv, then)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout := stdoutOf(t, cmd)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	end := func() { stdin.Close(); cmd.Wait() }
	o.told = bufio.NewReader(stdout)
	text, err := json.Marshal(o.command)
	if err == nil {
		_, err = stdin.Write(text)
	}
	if err != nil {
		end()
		t.Fatal(err)
	}
	line, err := o.told.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &o.id)
	}
	if err != nil {
		end()
		t.Fatalf("the predecessor says %q: %v", line, err)
	}
	if then == dies {
		end()
		eventually(t, "the process has another parent", func() bool { return parentOf(t, o.id.PID) != cmd.Process.Pid })
	}
	t.Cleanup(func() {
		o.remove()
		if then != dies {
			end()
		}
	})
	return o
}

// mkfifo makes a fifo and opens it for writing; that never blocks.
func mkfifo(t *testing.T, dir string) (path string, write *os.File) {
	t.Helper()
	path = filepath.Join(dir, "fifo")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	write, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { write.Close() })
	return path, write
}

// remove kills the orphan and its session.
func (o *orphan) remove() {
	o.t.Helper()
	session := &Process{id: o.id}
	eventually(o.t, "the orphan is gone", func() bool {
		o.id.signal(unix.SIGKILL)
		session.SignalMembers(unix.SIGKILL)
		return !o.id.Alive() && !session.MayHaveMembers()
	})
}

// adopt is Adopt that must work.
func (o *orphan) adopt() *running {
	o.t.Helper()
	p, err := Adopt(o.id)
	if err != nil {
		o.t.Fatal(err)
	}
	return manage(o.t, p, o.command)
}

// awaitReaped waits until a predecessor that reaps has done so.
func (o *orphan) awaitReaped() {
	o.t.Helper()
	if said, err := o.told.ReadString('\n'); said != "reaped\n" {
		o.t.Fatalf("the predecessor says %q, %v", said, err)
	}
}

// parentOf is the parent of a process, 0 if there is no process.
func parentOf(t *testing.T, pid int) (parent int) {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		fmt.Sscanf(line, "PPid: %d", &parent)
	}
	return parent
}
