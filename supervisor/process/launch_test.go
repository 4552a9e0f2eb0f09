package process

import (
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// patience is how long a test waits for what must happen.
const patience = time.Minute

// eventually waits until something is so.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("after %v still not so: %s", patience, what)
		}
	}
}

// sh is the command that runs a shell script.
func sh(script string, args ...string) Command {
	return Command{Argv: append([]string{"/bin/sh", "-c", script}, args...), Env: []string{path}}
}

// path is all that most commands need of the environment.
var path = "PATH=" + os.Getenv("PATH")

// program is the path of a program that every system has.
func program(t *testing.T, name string) string {
	t.Helper()
	file, err := exec.LookPath(name)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// running is a process that ends with its test, and all its session with it.
type running struct {
	*Process
	t       *testing.T
	command Command
	exit    func() Exit // Wait, which must not be called twice
}

// launch starts a process. Unless the command says otherwise it has a directory
// and output files of its own.
func launch(t *testing.T, c Command) *running {
	t.Helper()
	c = inDir(c, t.TempDir())
	p, err := Start(c)
	if err != nil {
		t.Fatal(err)
	}
	return manage(t, p, c)
}

// inDir gives a command the directory and output files that it does not have.
func inDir(c Command, dir string) Command {
	c.Dir = cmp.Or(c.Dir, dir)
	c.Stdout = cmp.Or(c.Stdout, filepath.Join(dir, "out"))
	c.Stderr = cmp.Or(c.Stderr, filepath.Join(dir, "err"))
	return c
}

func manage(t *testing.T, p *Process, c Command) *running {
	r := &running{Process: p, t: t, command: c, exit: sync.OnceValue(p.Wait)}
	t.Cleanup(r.remove)
	return r
}

// remove kills the whole session and makes sure that it is gone.
func (r *running) remove() {
	r.t.Helper()
	if err := r.KillAll(); err != nil {
		r.t.Error(err)
	}
	r.wait()
	eventually(r.t, "the session is empty", func() bool {
		r.KillAll()
		return !r.MayHaveMembers()
	})
}

// wait is Wait, but not for ever.
func (r *running) wait() Exit {
	r.t.Helper()
	ended := make(chan Exit, 1)
	go func() { ended <- r.exit() }()
	select {
	case e := <-ended:
		return e
	case <-time.After(patience):
		r.t.Fatalf("Wait for process %d does not return", r.id.PID)
		return Exit{}
	}
}

// output is what the process has written to stdout so far.
func (r *running) output() string {
	r.t.Helper()
	return readFile(r.t, r.command.Stdout)
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// await waits until the process has written a line.
func (r *running) await(line string) {
	r.t.Helper()
	eventually(r.t, "the process says "+line, func() bool {
		return strings.Contains("\n"+r.output(), "\n"+line+"\n")
	})
}

// pid is the number in a line "name NUMBER" that the process writes.
func (r *running) pid(name string) (pid int) {
	r.t.Helper()
	eventually(r.t, "the process tells the pid of "+name, func() bool {
		for line := range strings.Lines(r.output()) {
			key, value, _ := strings.Cut(line, " ")
			if number, ended := strings.CutSuffix(value, "\n"); key == name && ended {
				pid, _ = strconv.Atoi(number)
			}
		}
		return pid > 0
	})
	return pid
}

// pipe is a pipe for a stdin; it is closed with the test.
func pipe(t *testing.T) (read, write *os.File) {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { read.Close(); write.Close() })
	return read, write
}

func say(t *testing.T, to *os.File, text string) {
	t.Helper()
	if _, err := to.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

// how is an end without its time.
func how(e Exit) Exit {
	e.At, e.Usage = time.Time{}, nil
	return e
}

// exited and killed are the two ways to end.
func exited(code int) Exit        { return Exit{Known: true, Code: code} }
func killed(sig unix.Signal) Exit { return Exit{Known: true, Signal: sig} }

// wantNothingLeft makes the test fail if it leaks file descriptors, or children,
// dead or alive. It is for tests that are not parallel to others.
func wantNothingLeft(t *testing.T) {
	t.Helper()
	warmUp(t)
	before := openFiles(t)
	t.Cleanup(func() {
		if pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil); err != unix.ECHILD {
			t.Errorf("there are children left: wait returned %d, %v", pid, err)
		}
		if after := openFiles(t); len(after) != len(before) {
			t.Errorf("open files before: %q\nand after: %q", before, after)
		}
	})
}

// warmUp makes the Go runtime open the descriptors that it keeps for itself.
func warmUp(t *testing.T) {
	t.Helper()
	p, err := Start(Command{Argv: []string{"/bin/sh", "-c", "exit 0"}})
	if err != nil {
		t.Fatal(err)
	}
	p.Wait()
}

// openFiles is what the descriptors of this process lead to.
func openFiles(t *testing.T) []string {
	t.Helper()
	dir, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, fd := range dir {
		file, err := os.Readlink("/proc/self/fd/" + fd.Name())
		if err == nil { // else it is the one that we read the directory with
			files = append(files, fd.Name()+" "+file)
		}
	}
	return files
}

// linkOf is where a link in /proc/PID leads, like cwd or fd/1.
func linkOf(t *testing.T, pid int, file string) string {
	t.Helper()
	target, err := os.Readlink("/proc/" + strconv.Itoa(pid) + "/" + file)
	if err != nil {
		t.Fatal(err)
	}
	return target
}
