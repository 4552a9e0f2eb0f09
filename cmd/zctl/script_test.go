package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"

	"zctl/cpuaffinity"
	"zctl/supervisor"
	"zctl/supervisor/api"
	"zctl/supervisor/process"
)

func TestMain(m *testing.M) {
	// A test that forgets base_dir stays in its script's directory, as root, too, or fails.
	systemBaseDir = filepath.Join(cmp.Or(os.Getenv("XDG_STATE_HOME"), "/dev/null"), "zctl")
	testscript.Main(m, map[string]func(){"zctl": main, "readywhen": readyWhen, "traffic": trafficNode, "zeek": zeekStandIn, "recordedzeek": recordedZeek, "fetch": fetch})
}

// TestScripts runs testdata/script/*.txtar. In their files ${XPUB}, ${XSUB},
// ${PORT} and ${METRICS} stand for ports that no other script uses; ${FIRSTCPU} and ${LASTCPU} for CPUs that may be used, which are one where there is
// only one; the command expand puts them in. At the end of a script nothing may be left running.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			base := portBlock()
			for name, offset := range map[string]int{
				"XPUB": 0, "XSUB": 1, "PORT": 2, "METRICS": 10, "WORKERMETRICS": 13, // of a cluster
				"XPUBB": 20, "XSUBB": 21, "PORTB": 22, "METRICSB": 30, // of another one
				"PROMETHEUS": 39,
			} {
				e.Setenv(name, strconv.Itoa(base+offset))
			}
			usable, err := cpuaffinity.Affinity()
			if err != nil {
				return err
			}
			e.Setenv("FIRSTCPU", strconv.Itoa(usable[0]))
			e.Setenv("LASTCPU", strconv.Itoa(usable[len(usable)-1]))
			repository, err := filepath.Abs("../..")
			if err != nil {
				return err
			}
			e.Setenv("REPOSITORY", repository)
			e.Setenv("XDG_STATE_HOME", filepath.Join(e.WorkDir, "xdg"))
			dirs := supervisor.Dirs(filepath.Join(e.WorkDir, "state"))
			e.Values["dirs"] = dirs
			e.Defer(func() { cleanUp(e.T(), dirs) })
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"expand": expand, "exits": exits, "await": await, "eventually": keepTrying, "kill9": kill9, "samepid": samePID, "gone": gone, "asuser": asUser,
			"flows": flows, "whole": whole, "ran": ran, "install": install,
			"query": query, "dashboard": dashboard,
		},
		Condition: func(condition string) (bool, error) {
			switch condition {
			case "root":
				return os.Getuid() == 0, nil
			case "memory": // can be limited
				limited := supervisor.Spec{Name: "x", Limits: supervisor.Limits{MemoryMax: 1 << 30, CPUWeight: 1}}
				return supervisor.CheckLimits("/", supervisor.Deployment{Nodes: []supervisor.Spec{limited}}) == nil, nil
			case "cgroup": // can be made
				return supervisor.CheckGroups("/") == nil, nil
			case "net_raw":
				return process.May(unix.CAP_NET_RAW), nil
			}
			return false, fmt.Errorf("unknown condition %q", condition)
		},
		ContinueOnError: true,
	})
}

// block counts the blocks of ports that scripts have taken.
var block atomic.Int32

// portBlock is the first of 40 free ports. They are below those that the kernel
// gives to clients (32768), and not where the tests of package nodes look (from 20000 on).
func portBlock() int {
	for {
		base := 10000 + (os.Getpid()*1000+int(block.Add(1))*40)%9960
		free := true
		for port := base; port < base+40 && free; port++ {
			l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port))
			if free = err == nil; free {
				l.Close()
			}
		}
		if free {
			return base
		}
	}
}

// cleanUp ends what a script left running and complains about it, unless a
// supervisor was there to be told.
func cleanUp(t testscript.T, dirs supervisor.Dirs) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_, err := api.NewClient(dirs).Shutdown(ctx, false, time.Minute, nil)
	if err == nil {
		dirs.AwaitUnlocked(ctx, time.Minute)
	}
	for _, stray := range findAll("ZCTL_BASE_DIR=" + string(dirs)) {
		t.Log("left running: ", stray.Argv)
		unix.Kill(-stray.ID.PID, unix.SIGKILL)
		defer t.FailNow()
	}
}

func dirsOf(ts *testscript.TestScript) supervisor.Dirs {
	return ts.Value("dirs").(supervisor.Dirs)
}

// expand puts variables into files: expand FILE…
func expand(ts *testscript.TestScript, neg bool, files []string) {
	for _, file := range files {
		text := os.Expand(ts.ReadFile(file), func(name string) string {
			if v := ts.Getenv(name); v != "" {
				return v
			}
			return "${" + name + "}"
		})
		ts.Check(os.WriteFile(ts.MkAbs(file), []byte(text), 0o644))
	}
}

// exits runs a command and checks its exit code: exits CODE COMMAND…
func exits(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	code := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
}

// scriptPatience is how long a script waits for what must happen.
const scriptPatience = time.Minute

// keepTrying runs a command until it succeeds: eventually COMMAND…
func keepTrying(ts *testscript.TestScript, neg bool, args []string) {
	for end := time.Now().Add(scriptPatience); ts.Exec(args[0], args[1:]...) != nil; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			ts.Fatalf("in %v never: %q", scriptPatience, args)
		}
	}
}

// look is the status, by the script's own supervisor.
func look(ts *testscript.TestScript) (supervisor.Status, error) {
	return api.NewClient(dirsOf(ts)).Status(context.Background(), nil)
}

// await waits until a regular expression matches the status of a node, or of
// every node, as JSON: await NODE|all REGEXP
func await(ts *testscript.TestScript, neg bool, args []string) {
	re, err := regexp.Compile(args[1])
	ts.Check(err)
	var missing []byte
	for end := time.Now().Add(scriptPatience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		s, err := look(ts)
		if err != nil {
			missing = []byte(err.Error())
			continue
		}
		missing = []byte("not there")
		for _, n := range s.Nodes {
			if args[0] != "all" && n.Name != args[0] {
				continue
			}
			text, err := json.Marshal(n)
			ts.Check(err)
			if !re.Match(text) {
				missing = text
				break
			}
			missing = nil
		}
		if missing == nil {
			return
		}
	}
	ts.Fatalf("%s never matched %s: %s", args[0], args[1], missing)
}

// pidOf is the pid of a node, or of the supervisor.
func pidOf(ts *testscript.TestScript, name string) int {
	s, err := look(ts)
	ts.Check(err)
	if name == "supervisor" {
		return s.Supervisor.PID
	}
	for _, n := range s.Nodes {
		if n.Name == name && n.PID != 0 {
			return n.PID
		}
	}
	ts.Fatalf("no process of %s", name)
	return 0
}

// kill9 kills a node or the supervisor, and waits until it is gone. The pid
// stays in $pid_NODE: kill9 NODE|supervisor
func kill9(ts *testscript.TestScript, neg bool, args []string) {
	for _, name := range args {
		pid := pidOf(ts, name)
		ts.Check(unix.Kill(pid, unix.SIGKILL))
		awaitGone(ts, pid)
	}
}

func awaitGone(ts *testscript.TestScript, pid int) {
	for end := time.Now().Add(scriptPatience); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil || strings.Contains(string(text), ") Z ") {
			return
		}
	}
	ts.Fatalf("process %d does not end", pid)
}

// samepid notes the pids of nodes, and the next time checks that they are the
// same (or, with !, that none is): samepid NODE…
func samePID(ts *testscript.TestScript, neg bool, names []string) {
	for _, name := range names {
		pid := strconv.Itoa(pidOf(ts, name))
		key := "PID_" + name
		if old := ts.Getenv(key); old != "" && (old == pid) == neg {
			ts.Fatalf("%s: pid %s, was %s", name, pid, old)
		}
		ts.Setenv(key, pid)
	}
}

// gone checks that no process of the cluster is left, and that nobody listens
// on its ports.
func gone(ts *testscript.TestScript, neg bool, args []string) {
	for _, stray := range findAll("ZCTL_BASE_DIR=" + string(dirsOf(ts))) {
		ts.Fatalf("left running: %v", stray.Argv)
	}
	for _, name := range []string{"XPUB", "XSUB", "PORT"} {
		l, err := net.Listen("tcp", "127.0.0.1:"+ts.Getenv(name))
		ts.Check(err)
		l.Close()
	}
	if sockets, _ := filepath.Glob(filepath.Join(string(dirsOf(ts)), "run/notify/*")); len(sockets) > 0 {
		ts.Fatalf("sockets left: %v", sockets)
	}
	if _, err := os.Stat(dirsOf(ts).Socket()); err == nil {
		ts.Fatalf("the control socket is left")
	}
}

// asuser runs a command as an unprivileged user, if the script runs as root:
// asuser CODE COMMAND…
func asUser(ts *testscript.TestScript, neg bool, args []string) {
	if os.Getuid() == 0 {
		args = append([]string{args[0], "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"}, args[1:]...)
	}
	exits(ts, neg, args)
}

// findAll is process.Find in a test, where /proc can be read.
func findAll(entry string) []process.Found {
	found, err := process.Find(entry)
	if err != nil {
		panic(err)
	}
	return found
}
