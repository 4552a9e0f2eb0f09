package nodes_test

import (
	"bufio"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"zctl/nodes"
	"zctl/nodes/logstream"
)

// goLoad is a worker that writes records one after the other, and waits when it has to.
type goLoad struct {
	t       *testing.T
	node    *nodes.Node
	leave   func()
	stop    chan struct{}
	stopped chan struct{}
	written int
}

const goSender = "go"

func (r crashRig) goLoad() *goLoad {
	r.t.Helper()
	l := &goLoad{t: r.t, stop: make(chan struct{}), stopped: make(chan struct{})}
	l.node, l.leave = r.worker(nodes.Options{Logs: logstream.Options{Policy: logstream.Block, Records: 50, HWM: 100, Interval: 5 * time.Millisecond}})
	stream, err := nodes.NewStream[checked](l.node, logstream.ID{Stream: "Load::LOG", Path: "load"})
	if err != nil {
		r.t.Fatal(err)
	}
	go func() {
		defer close(l.stopped)
		for {
			select {
			case <-l.stop:
				return
			case <-time.After(time.Millisecond):
			}
			for range 50 {
				if err := stream.Write(newChecked(goSender, uint64(l.written))); err != nil {
					r.t.Error(err)
					return
				}
				l.written++
			}
		}
	}()
	return l
}

// arrives waits until loggers have taken so many records more. How much the test has to
// look at does so not depend on how fast the machine is.
func (l *goLoad) arrives(records uint64) {
	l.t.Helper()
	before := l.node.LogStats().Sent.Records
	for end := time.Now().Add(within); l.node.LogStats().Sent.Records < before+records; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			l.t.Fatalf("%d records were taken: %+v", before, l.node.LogStats())
		}
	}
}

// end ends the load when all of it has arrived, and says how much it was.
func (l *goLoad) end() int {
	l.t.Helper()
	close(l.stop)
	select {
	case <-l.stopped:
	case <-time.After(within):
		l.t.Fatalf("a record is not taken: %+v", l.node.LogStats())
	}
	for end := time.Now().Add(within); l.node.LogStats().Waiting.Records > 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			l.t.Fatalf("records do not arrive: %+v", l.node.LogStats())
		}
	}
	l.leave()
	if s := l.node.LogStats(); s.Dropped.Records > 0 || s.Sent.Records != uint64(l.written) {
		l.t.Errorf("%d written: %+v", l.written, s)
	}
	return l.written
}

// libzmqLoad is a process that sends batches through libzmq.
type libzmqLoad struct {
	t     *testing.T
	cmd   *exec.Cmd
	stdin io.Closer
	out   *bufio.Reader
}

// libzmqRecords make a batch that libzmq does not put into one write with others.
const libzmqRecords = 100

func (r crashRig) libzmqLoad(who string) *libzmqLoad {
	r.t.Helper()
	args := append([]string{"testdata/libzmq_logs.py", who, strconv.Itoa(libzmqRecords), hex.EncodeToString(checkedHeaderBytes())}, r.layout.LogEndpoints()...)
	l := &libzmqLoad{t: r.t, cmd: exec.Command("/usr/bin/python3", args...)}
	l.cmd.Stderr = os.Stderr
	var err error
	if l.stdin, err = l.cmd.StdinPipe(); err != nil {
		r.t.Fatal(err)
	}
	out, err := l.cmd.StdoutPipe()
	if err != nil {
		r.t.Fatal(err)
	}
	l.out = bufio.NewReader(out)
	startMortal(r.t, l.cmd)
	r.t.Cleanup(func() { l.cmd.Process.Kill(); l.cmd.Wait() })
	return l
}

// end ends the load when libzmq has nothing left, and says how many batches it was.
func (l *libzmqLoad) end() int {
	l.t.Helper()
	tooLate := time.AfterFunc(within, func() { l.cmd.Process.Kill() })
	defer tooLate.Stop()
	l.stdin.Close()
	line, _ := l.out.ReadString('\n')
	if err := l.cmd.Wait(); err != nil {
		l.t.Fatalf("libzmq ended: %v", err)
	}
	n, err := strconv.Atoi(line[:max(0, len(line)-1)])
	if err != nil {
		l.t.Fatalf("libzmq said %q", line)
	}
	return n
}

// needLibzmq skips a test where there is none.
func needLibzmq(t *testing.T) {
	t.Helper()
	if err := exec.Command("/usr/bin/python3", "-c", "import zmq").Run(); err != nil {
		t.Skip("no /usr/bin/python3 with zmq (Debian: python3-zmq), so no libzmq to test against")
	}
}

// once checks that records were found exactly once.
func (f found) once(t *testing.T, who string, records int) {
	t.Helper()
	if len(f[who]) != records || f.total(who) != records {
		t.Errorf("%s: %d records in the files, %d different ones, want %d", who, f.total(who), len(f[who]), records)
	}
}

// lost is how many batches of libzmq were not found; the others were found exactly once.
func (f found) lost(t *testing.T, who string, batches int) (lost int) {
	t.Helper()
	for b := range batches {
		n := 0
		for i := range libzmqRecords {
			n += f[who][uint64(b*libzmqRecords+i)]
		}
		switch n {
		case libzmqRecords:
		case 0:
			lost++
		default:
			t.Errorf("%s: batch %d: %d of %d records", who, b, n, libzmqRecords)
		}
	}
	return lost
}

// TestLoggerIsRestartedUnderLoad: loggers that are told to end write all they have
// taken. A node of ours loses nothing by that; of libzmq's, which has no
// acknowledgements, only what a connection was just sending can be lost.
func TestLoggerIsRestartedUnderLoad(t *testing.T) {
	t.Parallel()
	needLibzmq(t)
	r := newCrashRig(t, 1)
	end := r.logger("logger-1")
	load := r.goLoad()
	peers := map[string]*libzmqLoad{"libzmq-a": r.libzmqLoad("libzmq-a"), "libzmq-b": r.libzmqLoad("libzmq-b")}
	const restarts = 4
	for range restarts {
		load.arrives(5000)
		end(syscall.SIGTERM)
		r.look(false) // nothing is torn between
		end = r.logger("logger-1")
	}
	load.arrives(2000)
	batches := map[string]int{}
	for who, peer := range peers {
		batches[who] = peer.end()
	}
	written := load.end()
	end(syscall.SIGTERM)
	r.nothingLost()
	files := r.look(false)
	files.once(t, goSender, written)
	for who, n := range batches {
		lost := files.lost(t, who, n)
		if lost > 2*restarts { // the one that is cut, and the next one, if its beginning was to go with that
			t.Errorf("%s: %d of %d batches are lost by %d restarts", who, lost, n, restarts)
		}
		t.Logf("%s: %d of %d batches lost", who, lost, n)
	}
	t.Logf("%s: %d records", goSender, written)
}

// TestLoggerIsKilledWhileItWrites: whenever a logger is killed, each file consists of
// whole lines, but for the end of the one it was writing; the next logger cuts that
// off and goes on. Nothing of a node of ours is lost: a batch that was not in a file yet
// had not arrived, so it comes again, and what was there without the node having heard
// so is there twice.
func TestLoggerIsKilledWhileItWrites(t *testing.T) {
	t.Parallel()
	r := newCrashRig(t, 1)
	load := r.goLoad()
	had := 0
	for range 6 {
		end := r.logger("logger-1")
		r.until("records to come", func() bool { n := r.look(true).total(goSender); return n > had })
		time.Sleep(time.Duration(rand.Intn(100)) * time.Millisecond)
		end(syscall.SIGKILL)
		r.tear()
		had = r.look(true).total(goSender)
	}
	end := r.logger("logger-1")
	written := load.end()
	end(syscall.SIGTERM)
	files := r.look(false)
	if n := len(files[goSender]); n != written {
		t.Errorf("%d different records of %d", n, written)
	}
	t.Logf("%d records written, %d in files, %d of them twice", written, len(files[goSender]), files.total(goSender)-len(files[goSender]))
}

// tear leaves in the live log, if there is one, what a write would that was cut short,
// which seldom happens by itself.
func (r crashRig) tear() {
	r.t.Helper()
	f, err := os.OpenFile(filepath.Join(r.dir, "logger-1", "load.log"), os.O_APPEND|os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		r.t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(goSender + "\t12"); err != nil {
		r.t.Fatal(err)
	}
}

// TestLoggersShareTheLoad: each of two loggers gets a part; when one ends, the other
// gets all, and nothing is lost.
func TestLoggersShareTheLoad(t *testing.T) {
	t.Parallel()
	r := newCrashRig(t, 2)
	first, second := r.logger("logger-1"), r.logger("logger-2")
	load := r.goLoad()
	for _, name := range []string{"logger-1", "logger-2"} {
		one := crashRig{killable: killable{t, filepath.Join(r.dir, name)}}
		r.until("records in files of "+name, func() bool { return one.look(true).total(goSender) > 1000 })
	}
	first(syscall.SIGTERM)
	load.arrives(2000)
	written := load.end()
	second(syscall.SIGTERM)
	r.nothingLost()
	r.look(false).once(t, goSender, written)
}
