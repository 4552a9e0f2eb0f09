package zeektest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"zctl/layoutgen"
)

func TestMain(m *testing.M) {
	Hook(Options{})
	os.Exit(m.Run())
}

// recording is a run of the real Zeek 8.1.2.
type recording struct {
	Name     string
	Argv     []string
	Env      map[string]string
	Files    map[string]string
	Layout   bool
	Signals  [][2]float64 // seconds after the start, signal
	Status   [][2]any     `json:"status_file"` // seconds after the start, text
	ExitCode *int         `json:"exit_code"`
	Signal   *int
	Stdout   string
	Stderr   string
}

func recordings(t *testing.T) []recording {
	f, err := os.Open("testdata/zeek-process.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []recording
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var r recording
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

// notImitated needs an interpreter of Zeek's language.
var notImitated = []string{"runtime-error-goes-on", "terminate-itself"}

// TestRecordings runs the stand-in as the real Zeek was run when it was recorded.
func TestRecordings(t *testing.T) {
	t.Parallel()
	all := recordings(t)
	if len(all) < 25 {
		t.Fatalf("only %d recordings", len(all))
	}
	for _, r := range all {
		if slices.Contains(notImitated, r.Name) {
			continue
		}
		t.Run(r.Name, func(t *testing.T) {
			t.Parallel()
			r.replay(t)
		})
	}
}

// bench is where a recording is replayed: on ports of its own.
type bench struct {
	*testing.T
	dir   string
	zeek  string
	ports map[string]string // the recorded ones to ours
}

func newBench(t *testing.T) *bench {
	dir := t.TempDir()
	zeek, err := Install(filepath.Join(dir, "PREFIX"))
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{T: t, dir: filepath.Join(dir, "cwd"), zeek: zeek, ports: map[string]string{}}
	b.write("zeektest.jsonl", "")
	for _, port := range []string{"5555", "5556", "27761", "9991"} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		_, b.ports[port], _ = net.SplitHostPort(l.Addr().String())
		l.Close()
	}
	return b
}

func (b *bench) write(name, text string) {
	b.Helper()
	file := filepath.Join(b.dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		b.Fatal(err)
	}
}

// layout writes one with the ports of the bench. Only one node has a metrics port
// that is looked at.
func (b *bench) layout(node string) {
	var text strings.Builder
	layoutgen.Generator{Loggers: 1, Proxies: 1, Workers: []layoutgen.WorkerGroup{{Count: 2}}, Address: "127.0.0.1", Port: 27760, MetricsAddress: "0.0.0.0", MetricsPort: 9991}.WriteTo(&text)
	layout := regexp.MustCompile(`metrics_port=\d+/tcp`).ReplaceAllString(text.String(), "metrics_port=9991/tcp")
	b.write("cluster-layout.zeek", b.ours(layout))
}

// ours puts our ports and paths where the recorded ones are.
func (b *bench) ours(text string) string {
	for recorded, port := range b.ports {
		text = regexp.MustCompile(`\b`+recorded+`\b`).ReplaceAllString(text, port)
	}
	return strings.ReplaceAll(text, "PREFIX", filepath.Dir(filepath.Dir(b.zeek)))
}

func (b *bench) command(argv []string, env map[string]string) *exec.Cmd {
	c := exec.Command(b.zeek, argv[1:]...)
	c.Args = append(c.Args, "Cluster::Backend::ZeroMQ::listen_xpub_endpoint=tcp://127.0.0.1:"+b.ports["5555"], "Cluster::Backend::ZeroMQ::listen_xsub_endpoint=tcp://127.0.0.1:"+b.ports["5556"])
	c.Dir = b.dir
	c.Env = []string{"PATH=/usr/bin:/bin"}
	for key, value := range env {
		c.Env = append(c.Env, key+"="+value)
	}
	return c
}

func (r recording) replay(t *testing.T) {
	b := newBench(t)
	for name, text := range r.Files {
		b.write(name, text)
	}
	if r.Layout {
		b.layout(r.Env["CLUSTER_NODE"])
	}
	for _, port := range []struct{ suffix, number string }{{"broker-port", "5555"}, {"log-port", "27761"}, {"metrics-port", "9991"}} {
		if strings.HasPrefix(r.Name, port.suffix) {
			l, err := net.Listen("tcp", "127.0.0.1:"+b.ports[port.number])
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
		}
	}
	c := b.command(r.Argv, r.Env)
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if len(r.Signals) > 0 {
		b.awaitStatus("RUNNING [run_loop]\n")
	}
	for _, s := range r.Signals {
		c.Process.Signal(syscall.Signal(s[1]))
		time.Sleep(5 * time.Millisecond)
	}
	last := ""
	if len(r.Status) > 0 {
		last = r.Status[len(r.Status)-1][1].(string)
	}
	if r.Name == "worker-hup" {
		b.awaitStatus(last)
		c.Process.Kill()
	}
	c.Wait()
	status := c.ProcessState.Sys().(syscall.WaitStatus)
	if r.ExitCode != nil && status.ExitStatus() != *r.ExitCode || r.Signal != nil && int(status.Signal()) != *r.Signal {
		t.Errorf("ended with %v, not exit code %v or signal %v", c.ProcessState, value(r.ExitCode), value(r.Signal))
	}
	if got := b.read(".status"); got != last {
		t.Errorf("status is %q at the end, not %q", got, last)
	}
	if got, want := stdout.String(), b.ours(r.Stdout); got != want {
		t.Errorf("stdout %q, not %q", got, want)
	}
	if got, want := plain(stderr.String()), plain(b.ours(r.Stderr)); got != want {
		t.Errorf("stderr:\n%s\nnot:\n%s", got, want)
	}
}

func value(n *int) string {
	if n == nil {
		return "none"
	}
	return strconv.Itoa(*n)
}

// plain is what Zeek says without numbers that nobody could repeat, and without
// the programs of zeekctl that rotation misses.
func plain(text string) string {
	text = regexp.MustCompile(`\d+\.\d{6}`).ReplaceAllString(text, "TIME")
	text = regexp.MustCompile(`\d+ packets received`).ReplaceAllString(text, "N packets received")
	return strings.ReplaceAll(text, "sh: 1: archive-log: not found\n", "")
}

func (b *bench) read(name string) string {
	text, _ := os.ReadFile(filepath.Join(b.dir, name))
	return string(text)
}

func (b *bench) awaitStatus(want string) {
	b.Helper()
	for end := time.Now().Add(20 * time.Second); b.read(".status") != want; time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			b.Fatalf("the status stays %q, and never becomes %q", b.read(".status"), want)
		}
	}
}

// TestChecks gives the stand-in what Zeek would refuse, and what it would not.
func TestChecks(t *testing.T) {
	t.Parallel()
	const backend = "policy/frameworks/cluster/backend/zeromq"
	for name, c := range map[string]struct {
		args   string
		files  map[string]string
		env    map[string]string
		stderr string // a part; "" means that -a succeeds
	}{
		"load": {"./a " + backend, map[string]string{"a.zeek": "@load ./d/b\n", "d/b.zeek": "@load c\n"}, nil, "fatal error in ./d/b.zeek, line 1: can't find c"},
		"stub syntax error": {"local " + backend, map[string]string{"local.zeek": "# yes\nSTUB syntax-error\n"}, nil,
			`error in ./local.zeek, line 2: syntax error, at or near "STUB"`},
		"options before backend": {"./a " + backend, map[string]string{"a.zeek": "redef Cluster::Backend::ZeroMQ::linger_ms = 1;\n"}, nil,
			`error in ./a.zeek, line 1: "redef" used but not previously defined`},
		"options after backend": {backend + " ./a", map[string]string{"a.zeek": "redef Cluster::Backend::ZeroMQ::linger_ms = 1;\n"}, nil, ""},
		"path without Zeek":     {"local", nil, map[string]string{"ZEEKPATH": "."}, "can't find base/frameworks/telemetry/options"},
		"no site in path":       {"local", nil, map[string]string{"ZEEKPATH": ".:PREFIX/share/zeek"}, "fatal error: can't find local"},
		"whole path":            {"local misc/loaded-scripts", nil, map[string]string{"ZEEKPATH": ".:PREFIX/share/zeek:PREFIX/share/zeek/policy:PREFIX/share/zeek/site"}, ""},
		"unknown option":        {"-Z", nil, nil, "invalid option -- 'Z'"},
		"told to fail":          {"local", nil, map[string]string{"ZEEKTEST": "error=no good"}, "error in ./local.zeek, line 3: no good"},
		"told nonsense":         {"local", nil, map[string]string{"ZEEKTEST": "jump=high"}, `zeektest: "jump=high": unknown setting`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.layout("manager")
			for name, text := range c.files {
				b.write(name, text)
			}
			env := map[string]string{"CLUSTER_NODE": "manager"}
			for key, value := range c.env {
				env[key] = b.ours(value)
			}
			out, err := b.command(append([]string{"zeek", "-a"}, strings.Fields(c.args)...), env).CombinedOutput()
			if (err == nil) != (c.stderr == "") || !strings.Contains(string(out), c.stderr) {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}

// TestSteering has the stand-in end in each of the ways it can be told to.
func TestSteering(t *testing.T) {
	t.Parallel()
	for settings, want := range map[string]string{
		"crash=1ms":                         "exit status 99", // of the environment
		"crash=1ms\nexit=7":                 "exit status 7",
		"crash=1ms; signal=SEGV":            "signal: segmentation fault",
		"crash=1ms; signal=KILL":            "signal: killed",
		"ready=20ms; crash=60ms; exit=3":    "exit status 3",
		"hang=yes; crash=50ms; exit=4":      "exit status 4",
		"fatal=no; crash=never":             "exit status 1",
		"parse=20ms; crash=10ms; exit=5":    "exit status 5",
		"memory=8; crash=never; error=here": "exit status 1",
	} {
		t.Run(settings, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.write(".zeektest", settings)
			err := b.command([]string{"zeek", "local"}, map[string]string{"ZEEKTEST": "exit=99"}).Run()
			if got := strings.TrimSuffix(fmt.Sprint(err), " (core dumped)"); got != want {
				t.Errorf("ended with %v, not %s", err, want)
			}
		})
	}
}

// TestRuns reads what two starts recorded.
func TestRuns(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	os.Remove(filepath.Join(b.dir, "zeektest.jsonl"))
	for range 2 {
		if out, err := b.command([]string{"zeek", "-a", "local"}, map[string]string{"A": "b=c"}).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	runs, err := Runs(filepath.Join(b.dir, "zeektest.jsonl"))
	if err != nil || len(runs) != 2 {
		t.Fatal(runs, err)
	}
	if r := runs[1]; r.Argv[0] != b.zeek || r.Argv[2] != "local" || r.Env["A"] != "b=c" || r.Cwd != b.dir || r.PID == runs[0].PID {
		t.Errorf("recorded %+v", r)
	}
}

// TestIgnoresTerm sends what is to be ignored.
func TestIgnoresTerm(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.write(".zeektest", "term=ignore")
	c := b.command([]string{"zeek", "-U", ".status", "local"}, nil)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	b.awaitStatus("RUNNING [run_loop]\n")
	c.Process.Signal(syscall.SIGTERM)
	time.Sleep(30 * time.Millisecond)
	if got := b.read(".status"); got != "RUNNING [run_loop]\n" {
		t.Errorf("status is %q", got)
	}
	c.Process.Kill()
	c.Wait()
}

// TestLog: a log is rotated as the scripts say, also what a crash left.
func TestLog(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.layout("logger-1")
	b.write("rotation.zeek", "redef Log::default_rotation_dir = \"queue\";\nredef LogAscii::enable_leftover_log_rotation = T;\n"+
		"@ifdef ( archiver_rotation_format_func )\nredef Log::rotation_format_func = archiver_rotation_format_func;\n@endif\n")
	argv := []string{"zeek", "-U", ".status", "./rotation", "policy/frameworks/cluster/backend/zeromq"}
	env := map[string]string{"CLUSTER_NODE": "logger-1", "ZEEKTEST": "log=conn; ready=0s; crash=150ms; signal=KILL"}
	if err := b.command(argv, env).Run(); err == nil || b.read("conn.log") == "" {
		t.Fatalf("after a crash: %v, %q", err, b.read("conn.log"))
	}
	env["ZEEKTEST"] = "log=conn"
	os.Remove(filepath.Join(b.dir, ".status")) // of the one that was killed
	c := b.command(argv, env)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	b.awaitStatus("RUNNING [run_loop]\n")
	c.Process.Signal(syscall.SIGTERM)
	if err := c.Wait(); err != nil {
		t.Error(err, stderr.String())
	}
	found, _ := filepath.Glob(filepath.Join(b.dir, "queue/conn__2*__2*__.log"))
	if len(found) == 0 || b.read("conn.log") != "" { // two may have the same second
		t.Errorf("rotated are %v, and left is %q", found, b.read("conn.log"))
	}
	if !strings.Contains(stderr.String(), "archive-log: not found") {
		t.Errorf("the missing post-processor is not missed: %s", stderr.String())
	}
}
