package nodes_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"zctl/layoutgen"
	"zctl/nodes"
	"zctl/nodes/logstream"
	"zctl/nodes/logwire"
	"zctl/nodes/store/sqlite"
)

// killedEnv is set in the processes of these tests: to what they are to do.
const killedEnv = "ZCTL_KILLED_NODE"

const within = time.Minute

// loaded is a record of a log that a test fills.
type loaded struct {
	N uint64 `log:"n"`
}

// killedNode is a logger that has written what it has taken, a worker that writes records
// from a number on and tells how many are in its files, or a manager with a store.
func killedNode(role string) error {
	if journal, is := strings.CutPrefix(role, "store "); is {
		return killedMaster(sqlite.JournalMode(journal))
	}
	o := nodes.Options{Name: "logger-1", Layout: layoutgen.LayoutFile, StatsInterval: -1}
	first, isWorker := strings.CutPrefix(role, "worker from ")
	if isWorker {
		o.Name, o.Logs = "worker-1", spilling(".")
	} else {
		file, err := os.OpenFile("load", os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			return err
		}
		o.LogWriter = numbersFile{file}
	}
	n, err := nodes.New(o)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	if isWorker {
		from, err := strconv.ParseUint(first, 10, 64)
		if err != nil {
			return err
		}
		go writeLoad(n, from)
	}
	return n.Run(ctx)
}

// spilling is options with small batches.
func spilling(dir string) logstream.Options {
	o := logstream.Options{Policy: logstream.Spill, Records: 10, Interval: 10 * time.Millisecond}
	o.Spill.Dir = filepath.Join(dir, "spilled")
	return o
}

// writeLoad writes records as long as the process lives.
func writeLoad(n *nodes.Node, from uint64) {
	stream, err := nodes.NewStream[loaded](n, logstream.ID{Stream: "Load::LOG", Path: "load"})
	for ; err == nil; from++ {
		err = stream.Write(loaded{from})
		if from%100 == 0 {
			fmt.Println(n.LogStats().OnDisk.Records)
			time.Sleep(time.Millisecond)
		}
	}
	fmt.Println(err)
}

// numbersFile is a LogWriter that has written what it has taken.
type numbersFile struct{ *os.File }

func (f numbersFile) Write(sender string, batch []byte) error {
	h, r, err := logwire.Parse(batch)
	if err != nil || h.Path != "load" {
		return err
	}
	var text []byte
	for range r.Records {
		text = fmt.Appendln(text, r.Next().Count)
	}
	_, err = f.File.Write(text)
	return err
}

func (f numbersFile) Close(context.Context) error { return f.File.Close() }

// killable is a directory with a layout, for processes to be killed in.
type killable struct {
	t   *testing.T
	dir string
}

func newKillable(t *testing.T) killable {
	t.Helper()
	port := freePort()
	config, err := layoutgen.Parse("", fmt.Appendf(nil,
		"[cluster]\nport = %d\nmetrics_port = 0\n[broker]\nxpub_port = %d\nxsub_port = %d\n[proxies]\ncount = 0\n[workers]\ncount = 1\n", port+2, port, port+1))
	if err != nil {
		t.Fatal(err)
	}
	k := killable{t, t.TempDir()}
	layout := config.Layout()
	for name, text := range map[string]string{layoutgen.LayoutFile: layout.Zeek(), layoutgen.BackendFile: layout.Backend.Zeek()} {
		if err := os.WriteFile(filepath.Join(k.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return k
}

// startMortal starts a process that does not outlive the test, even if this process is
// killed. The kernel takes the thread that made it for its parent, so that has to live
// until then: of others nobody knows when they end.
func startMortal(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	started, over := make(chan error), make(chan struct{})
	t.Cleanup(func() { close(over) })
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	go func() {
		runtime.LockOSThread()
		started <- cmd.Start()
		<-over
	}()
	if err := <-started; err != nil {
		t.Fatal(err)
	}
}

// start starts a process, and returns what it says.
func (k killable) start(role string) (kill func(), lines *bufio.Scanner) {
	k.t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Dir = k.dir
	cmd.Env = append(os.Environ(), killedEnv+"="+role)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		k.t.Fatal(err)
	}
	startMortal(k.t, cmd)
	over := false
	kill = func() {
		if !over {
			over = true
			cmd.Process.Kill()
			cmd.Wait()
		}
	}
	k.t.Cleanup(kill)
	return kill, bufio.NewScanner(out)
}

// numbers is the records that loggers have written.
func (k killable) numbers() (all []uint64) {
	text, _ := os.ReadFile(filepath.Join(k.dir, "load"))
	for line := range bytes.Lines(text) {
		n, err := strconv.ParseUint(strings.TrimSpace(string(line)), 10, 64)
		if err != nil {
			k.t.Errorf("the file has %q", line)
		}
		all = append(all, n)
	}
	return all
}

// missing is how many of the numbers below n no logger has written.
func (k killable) missing(n int) int {
	all := slices.DeleteFunc(k.numbers(), func(number uint64) bool { return number >= uint64(n) })
	slices.Sort(all)
	return n - len(slices.Compact(all))
}

func (k killable) until(what string, cond func() bool) {
	k.t.Helper()
	for end := time.Now().Add(within); !cond(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			k.t.Fatal("waited too long: " + what)
		}
	}
}

// TestLoggerIsKilled: a logger is killed again and again under load; of what it had not
// handled nothing is lost.
func TestLoggerIsKilled(t *testing.T) {
	t.Parallel()
	k := newKillable(t)
	n, err := nodes.New(nodes.Options{Name: "worker-1", Layout: filepath.Join(k.dir, layoutgen.LayoutFile), Logs: spilling(k.dir), StatsInterval: -1})
	if err != nil {
		t.Fatal(err)
	}
	stream, err := nodes.NewStream[loaded](n, logstream.ID{Stream: "Load::LOG", Path: "load"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- n.Run(ctx) }()
	written := 0
	for range 5 {
		kill, _ := k.start("logger")
		before := len(k.numbers())
		k.until("records to come", func() bool {
			for range 200 {
				if err := stream.Write(loaded{uint64(written)}); err != nil {
					t.Fatal(err)
				}
				written++
			}
			return len(k.numbers()) > before+1000
		})
		kill()
	}
	k.start("logger")
	k.until(fmt.Sprintf("all %d records", written), func() bool { return k.missing(written) == 0 })
	k.until("an empty directory", func() bool { s := n.LogStats(); return s.OnDisk.Records+s.Waiting.Records == 0 })
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	s := n.LogStats()
	if s.Dropped.Records > 0 || s.Spilled.Records == 0 || s.Written.Records != s.Sent.Records || int(s.Written.Records) != written {
		t.Errorf("%d written: %+v", written, s)
	}
	t.Logf("%d records, %d of them twice, %d batches sent again", written, len(k.numbers())-written, s.Returned)
}

// TestWorkerIsKilled: what a node had in its files when it was killed is sent by the
// next one, once there is a logger.
func TestWorkerIsKilled(t *testing.T) {
	t.Parallel()
	k := newKillable(t)
	kill, lines := k.start("worker from 0")
	kept := 0
	for kept < 1000 && lines.Scan() {
		n, err := strconv.Atoi(lines.Text())
		if err != nil {
			t.Fatal(lines.Text())
		}
		kept = n
	}
	kill()
	if kept < 1000 {
		t.Fatalf("only %d records in files", kept)
	}
	k.start("logger")
	kill, _ = k.start("worker from 1000000")
	k.until("the new worker's records", func() bool { all := k.numbers(); return len(all) > 0 && all[len(all)-1] >= 1000000 })
	kill()
	var old []uint64
	for _, n := range k.numbers() {
		if n >= 1000000 {
			break
		}
		old = append(old, n)
	}
	if len(old) < kept {
		t.Errorf("%d records in front of the new ones, but %d were in files", len(old), kept)
	}
	for i, n := range old {
		if n != uint64(i) {
			t.Fatalf("record %d is at %d", n, i)
		}
	}
}
