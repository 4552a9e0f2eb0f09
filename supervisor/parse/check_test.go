package parse

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"zctl/layoutgen"
	"zctl/layoutgen/zeek/zeektest"
	"zctl/supervisor"
)

// rig is a cluster of Zeek nodes that is checked by the stand-in for Zeek.
type rig struct {
	*testing.T
	Cluster
	dir, temp string
	limits    Limits
}

// newRig has a manager and three workers, all with the site script local, and the
// site directories a and b.
func newRig(t *testing.T) *rig {
	dir := t.TempDir()
	zeek, err := zeektest.Install(filepath.Join(dir, "zeek"))
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{T: t, dir: dir, temp: filepath.Join(dir, "tmp"), limits: plenty}
	r.Site = []string{filepath.Join(dir, "a"), filepath.Join(dir, "b"), filepath.Join(dir, "missing")}
	var layout strings.Builder
	layoutgen.Generator{Loggers: 1, Proxies: 1, Workers: []layoutgen.WorkerGroup{{Count: 3}}, Address: "127.0.0.1", Port: 27760}.WriteTo(&layout)
	r.Files = map[string]string{"cluster-layout.zeek": layout.String(), "cluster-backend.zeek": "redef Cluster::Backend::ZeroMQ::linger_ms = 500;\n"}
	for _, name := range []string{"manager", "worker-1", "worker-2", "worker-3"} {
		n := zeekNode(name, "-U", ".status", "local", "policy/frameworks/cluster/backend/zeromq", "cluster-backend")
		share := filepath.Join(dir, "zeek/share/zeek")
		n.Env = map[string]string{"ZEEKPATH": share + ":" + share + "/policy", "ZEEKTEST_RECORD": dir}
		n.Argv[0] = zeek
		r.Nodes = append(r.Nodes, n)
	}
	r.write("a/local.zeek", "@load ./lib\n")
	r.write("a/lib/__load__.zeek", "# fine\n")
	r.write("tmp/keep", "")
	return r
}

func (r *rig) write(name, text string) {
	r.Helper()
	file := filepath.Join(r.dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		r.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		r.Fatal(err)
	}
}

func (r *rig) node(name string) *supervisor.Spec {
	i := slices.IndexFunc(r.Nodes, func(n supervisor.Spec) bool { return n.Name == name })
	return &r.Nodes[i]
}

// check is the results as text, a line for each run and behind it what was said,
// without where the test happens. Nothing may be left of it.
func (r *rig) check() string {
	r.Helper()
	results, err := check(r.Context(), r.temp, r.Cluster, r.limits)
	var text strings.Builder
	for _, result := range results {
		word := "good"
		if !result.OK {
			word = "bad"
		}
		text.WriteString(strings.Join(result.Nodes, " ") + ": " + word + "\n" + result.Output)
	}
	if err != nil {
		text.WriteString(err.Error() + "\n")
	}
	if left, _ := os.ReadDir(r.temp); len(left) != 1 {
		r.Errorf("%v is left", left)
	}
	return strings.ReplaceAll(text.String(), r.dir+"/", "")
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		what  string
		setUp func(*rig)
		want  string
	}{
		{"good", func(*rig) {}, "manager: good\nworker-1 worker-2 worker-3: good\n"},
		{"other programs are nobody's business", func(r *rig) {
			r.node("manager").Engine = layoutgen.EngineGo
		}, "worker-1 worker-2 worker-3: good\n"},
		{"every bad one is reported, by where it came from", func(r *rig) {
			r.write("b/aux.zeek", "\nSTUB syntax-error\n")
			r.write("a/lib/__load__.zeek", "event zeek_init() { no_such_function(1); }\n")
			r.node("worker-2").Argv = slices.Insert(r.node("worker-2").Argv, 5, "aux")
			r.node("worker-3").Argv[5] = "./nope.zeek"
		}, `manager: bad
error in a/lib/__load__.zeek, line 1: unknown identifier no_such_function, at or near "no_such_function"
worker-1: bad
error in a/lib/__load__.zeek, line 1: unknown identifier no_such_function, at or near "no_such_function"
worker-2: bad
error in b/aux.zeek, line 2: syntax error, at or near "STUB"
error in a/lib/__load__.zeek, line 1: unknown identifier no_such_function, at or near "no_such_function"
worker-3: bad
fatal error: can't find ./nope.zeek
`},
		{"the first directory with a name wins, whole", func(r *rig) {
			r.write("b/local.zeek", "STUB syntax-error\n")
			r.write("b/lib/sub.zeek", "")
			r.write("a/local.zeek", "@load lib/sub\n")
		}, `manager: bad
fatal error in a/local.zeek, line 1: can't find lib/sub
worker-1 worker-2 worker-3: bad
fatal error in a/local.zeek, line 1: can't find lib/sub
`},
		{"what is generated has no path", func(r *rig) {
			r.Files["cluster-backend.zeek"] = "STUB syntax-error\n"
			r.Nodes = r.Nodes[:1]
		}, "manager: bad\nerror in cluster-backend.zeek, line 1: syntax error, at or near \"STUB\"\n"},
		{"nodes that a script can tell apart", func(r *rig) {
			r.write("a/local.zeek", "@if ( Cluster::node == \"worker-3\" )\n@endif\n")
			r.write("steer/worker-3", "error=not you")
			for i := range r.Nodes {
				r.Nodes[i].Env["ZEEKTEST_DIR"] = filepath.Join(r.dir, "steer")
			}
		}, "manager: good\nworker-1: good\nworker-2: good\nworker-3: bad\nerror in ./local.zeek, line 3: not you\n"},
		{"one that hangs", func(r *rig) {
			r.limits.Timeout = 2 * time.Second
			r.node("worker-2").Env = map[string]string{"ZEEKTEST": "parse=10m", "ZEEKPATH": r.node("manager").Env["ZEEKPATH"]}
		}, "manager: good\nworker-1 worker-3: good\nworker-2: bad\nit had not parsed the scripts after 2s and was killed\n"},
		{"site scripts that cannot be read", func(r *rig) {
			r.Site = []string{filepath.Join(r.dir, "tmp/keep")}
		}, "cannot read site scripts: open tmp/keep: not a directory\n"},
	} {
		t.Run(test.what, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			test.setUp(r)
			if got := r.check(); got != test.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, test.want)
			}
		})
	}
}

// TestHow: Zeek is asked as zeekctl asks it (spec: zeekctl 1.2, check).
func TestHow(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.check()
	runs, err := zeektest.Runs(filepath.Join(r.dir, "worker-1.jsonl"))
	if err != nil || len(runs) != 1 {
		t.Fatal(runs, err)
	}
	run := runs[0]
	if got, want := strings.Join(run.Argv[1:], " "), "-a -i eth1 -U .status local policy/frameworks/cluster/backend/zeromq cluster-backend"; got != want {
		t.Errorf("asked with %s", got)
	}
	path := strings.Split(run.Env["ZEEKPATH"], ":")
	if run.Env["ZEEKCTL_DISABLE_LISTEN"] != "1" || run.Env["ZEEKCTL_CHECK_CONFIG"] != "1" || run.Env["CLUSTER_NODE"] != "worker-1" {
		t.Errorf("environment %v", run.Env)
	}
	if path[0] != run.Cwd || filepath.Base(path[1]) != "site" || !strings.HasSuffix(path[2], "/share/zeek") {
		t.Errorf("in %s, with ZEEKPATH %v", run.Cwd, path)
	}
	for _, name := range []string{"ZCTL_BASE_DIR", "ZCTL_SPEC", "NOTIFY_SOCKET"} {
		if value, ok := run.Env[name]; ok {
			t.Errorf("%s is %s", name, value)
		}
	}
	for _, other := range []string{"worker-2", "worker-3"} {
		if _, err := os.Stat(filepath.Join(r.dir, other+".jsonl")); err == nil {
			t.Errorf("%s was parsed, too", other)
		}
	}
}

func TestInterrupted(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.node("manager").Env = map[string]string{"ZEEKTEST": "parse=10m"}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := check(ctx, r.temp, r.Cluster, plenty); err == nil {
		t.Error("it went on")
	}
	if left, _ := os.ReadDir(r.temp); len(left) != 1 {
		t.Errorf("%v is left", left)
	}
}
