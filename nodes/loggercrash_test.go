package nodes_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"zctl/layoutgen"
	"zctl/nodes"
	"zctl/nodes/logwire"
)

// crashEnv is set in the processes that write logs to files in these tests: to their
// names. They rotate often, and do what zctl node does.
const crashEnv = "ZCTL_CRASH_LOGGER"

// crashLogger is a logger until it is told to end, or killed.
func crashLogger(name string) error {
	logs := layoutgen.LogsByHand()
	for key, value := range map[string]string{"rotation_size": "1000000", "flush_interval": "1s", "compression": "gzip"} {
		if err := logs.Set(key, value); err != nil {
			return err
		}
	}
	o := nodes.Options{
		Name: name, Layout: layoutgen.LayoutFile, Dir: name, StatsInterval: -1,
		Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
	o.UseLogs(logs, "archive")
	o.UseMemory(8 << 20)
	n, err := nodes.New(o)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	return n.Run(ctx)
}

// checked is a record that shows when it was torn.
type checked struct {
	Who   string `log:"who"`
	N     uint64 `log:"n"`
	Check string `log:"check"`
}

func newChecked(who string, n uint64) checked {
	word := binary.BigEndian.AppendUint32(nil, uint32(n*2654435761))
	return checked{who, n, strings.Repeat(hex.EncodeToString(word), 8)}
}

// checkedHeader is the header of batches of such records.
var checkedHeader = logwire.Header{
	Stream: "Load::LOG", Writer: "Log::WRITER_ASCII", Filter: "default", Path: "load",
	Fields: []logwire.Field{{Name: "who", Type: logwire.TypeString}, {Name: "n", Type: logwire.TypeCount}, {Name: "check", Type: logwire.TypeString}},
}

// checkedHeaderBytes is it on the wire, without the number of records.
func checkedHeaderBytes() []byte {
	const count = 4
	b := logwire.NewBatch(checkedHeader).Payload()
	return b[:len(b)-count]
}

// crashRig is a layout of loggers that may crash, and what they write.
type crashRig struct {
	killable
	layout *layoutgen.Layout
}

func newCrashRig(t *testing.T, loggers int) crashRig {
	t.Helper()
	r := crashRig{killable: killable{t, t.TempDir()}}
	port := freePort()
	config, err := layoutgen.Parse("", fmt.Appendf(nil, "[cluster]\nport = %d\nmetrics_port = 0\n[broker]\nxpub_port = %d\nxsub_port = %d\n[loggers]\ncount = %d\n[proxies]\ncount = 0\n[workers]\ncount = 1\n", port+2, port, port+1, loggers))
	if err != nil {
		t.Fatal(err)
	}
	r.layout = config.Layout()
	for name, text := range map[string]string{layoutgen.LayoutFile: r.layout.Zeek(), layoutgen.BackendFile: r.layout.Backend.Zeek()} {
		if err := os.WriteFile(filepath.Join(r.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// logger starts a logger. The signal ends it, and end waits until it has ended.
func (r crashRig) logger(name string) (end func(syscall.Signal)) {
	r.t.Helper()
	if err := os.MkdirAll(filepath.Join(r.dir, name), 0o755); err != nil {
		r.t.Fatal(err)
	}
	stderr, err := os.OpenFile(filepath.Join(r.dir, saidFile), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		r.t.Fatal(err)
	}
	defer stderr.Close()
	cmd := exec.Command(os.Args[0])
	cmd.Dir, cmd.Stderr = r.dir, stderr
	cmd.Env = append(os.Environ(), crashEnv+"="+name)
	startMortal(r.t, cmd)
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	over := false
	end = func(s syscall.Signal) {
		r.t.Helper()
		if over {
			return
		}
		over = true
		cmd.Process.Signal(s)
		tooLate := time.AfterFunc(within, func() { cmd.Process.Signal(syscall.SIGQUIT) }) // it says where it hangs
		defer tooLate.Stop()
		err := <-ended
		if s == syscall.SIGTERM && err != nil && !r.archivesLater() {
			r.t.Errorf("%s ended: %v\n%s", name, err, r.said())
		}
	}
	r.t.Cleanup(func() { end(syscall.SIGKILL) })
	return end
}

// saidFile is where all loggers say what happens to them.
const saidFile = "stderr.log"

func (r crashRig) said() string {
	text, _ := os.ReadFile(filepath.Join(r.dir, saidFile))
	return string(text)
}

// archivesLater says whether the last logger ended because of logs that it had no time to
// archive, as on a loaded machine. They wait for the next one, and look finds them.
func (r crashRig) archivesLater() bool {
	lines := strings.Split(strings.TrimSpace(r.said()), "\n")
	return strings.Contains(lines[len(lines)-1], "are archived at the next start")
}

// nothingLost checks that no logger counted a loss.
func (r crashRig) nothingLost() {
	r.t.Helper()
	for _, loss := range []string{"lost", "could not be written"} {
		if said := r.said(); strings.Contains(said, loss) {
			r.t.Errorf("a logger lost something:\n%s", said)
		}
	}
}

// worker starts a node in this process. Its bus is missing, which its logs do not need.
func (r crashRig) worker(o nodes.Options) (n *nodes.Node, stop func()) {
	r.t.Helper()
	o.Name, o.StatsInterval = "worker-1", -1
	o.Cluster.Layout = r.layout
	n, err := nodes.New(o)
	if err != nil {
		r.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- n.Run(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-ended; err != nil {
				r.t.Error(err)
			}
		})
	}
	r.t.Cleanup(stop)
	return n, stop
}

// found is what lies in files: how often each record, by who wrote it.
type found map[string]map[uint64]int

func (f found) total(who string) (n int) {
	for _, times := range f[who] {
		n += times
	}
	return n
}

// look reads all files, live, waiting and archived. Each line has to be whole, but for
// the last of a live log when its logger was killed. Those that vanish meanwhile have
// to be looked for again.
func (r crashRig) look(killed bool) found {
	r.t.Helper()
	for range 100 {
		all := found{}
		err := filepath.WalkDir(r.dir, func(path string, d fs.DirEntry, err error) error {
			name := filepath.Base(path)
			if err != nil || d.IsDir() || !strings.HasPrefix(name, "load") {
				return err
			}
			text, err := readLog(path)
			if err != nil {
				return err
			}
			live := name == "load.log" && strings.HasPrefix(filepath.Base(filepath.Dir(path)), "logger")
			return all.add(text, killed && live)
		})
		switch {
		case err == nil:
			return all
		case !errors.Is(err, fs.ErrNotExist):
			r.t.Fatal(err)
		}
	}
	r.t.Fatal("the files do not come to rest")
	return nil
}

func readLog(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var in io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if in, err = gzip.NewReader(f); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	text, err := io.ReadAll(in)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return text, nil
}

// add counts the records of a log.
func (f found) add(text []byte, mayBeTorn bool) error {
	for line := range bytes.Lines(text) {
		whole, ended := strings.CutSuffix(string(line), "\n")
		switch {
		case !ended && mayBeTorn:
			return nil
		case !ended:
			return fmt.Errorf("a line is torn: %q", line)
		case strings.HasPrefix(whole, "#"):
			continue
		}
		columns := strings.Split(whole, "\t")
		if len(columns) != 3 {
			return fmt.Errorf("a line has %d columns: %q", len(columns), line)
		}
		n, err := strconv.ParseUint(columns[1], 10, 64)
		if err != nil || newChecked(columns[0], n) != (checked{columns[0], n, columns[2]}) {
			return fmt.Errorf("a line is no record: %q", line)
		}
		if f[columns[0]] == nil {
			f[columns[0]] = map[uint64]int{}
		}
		f[columns[0]][n]++
	}
	return nil
}
