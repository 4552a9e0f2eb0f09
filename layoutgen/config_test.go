package layoutgen

import (
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestDefault pins the embedded default: one manager, logger and proxy, two
// workers, on loopback.
func TestDefault(t *testing.T) {
	t.Parallel()
	c := Default()
	if got, want := strings.Join(c.Layout().Names(), " "), "manager logger-1 proxy-1 worker-1 worker-2"; got != want {
		t.Errorf("nodes %q, want %q", got, want)
	}
	for _, n := range c.Layout().Nodes {
		p := n.Process
		if p.Engine != EngineGo || p.CPUs != CPUsAuto || p.OnShortage != ShortageShare || p.ReadyAfter != time.Second || p.StopTimeout != 30*time.Second {
			t.Errorf("%s: %+v", n.Name, p)
		}
	}
}

// TestEveryKeyHasDefaultOrIsOptional keeps default.toml in step with Config: a
// key without a default must be one whose absence means something, as it does for
// all in [zeromq].
func TestEveryKeyHasDefaultOrIsOptional(t *testing.T) {
	t.Parallel()
	optional := "address args base_dir capabilities command core cpus default_store_dir env group listen metrics_port name names nice node path port prefixes site streams ca_file cert_file ciphers key_file origins token_file include exclude keep post_process umask user worker_args"
	zero := " verify_client strict give_up_after heartbeat nodes cpu_weight memory_max nofile json_include_unset_fields rotation_size expire_after max_size spill check_memory"
	for section, field := range keys(reflect.ValueOf(Default()).Elem()) {
		v := field
		if v.Kind() == reflect.Slice {
			v = v.Index(0)
		}
		if v.Kind() != reflect.Struct {
			continue
		}
		for key, field := range keys(v) {
			if field.IsZero() && section != "zeromq" && !slices.Contains(strings.Fields(optional+zero), key) {
				t.Errorf("%s.%s has no default", section, key)
			}
		}
	}
}

// TestShortage: who asks for CPUs is told when there are not enough, who does
// not shares them.
func TestShortage(t *testing.T) {
	t.Parallel()
	tests := []struct{ doc, want string }{
		{"", "share share share share"},
		{"[manager]\ncpus = '0'", "error share share share"},
		{"[loggers]\ncpus = 'auto'\n[proxies]\ncpus = 'auto'\non_shortage = 'share'", "share error share share"},
		{"[workers]\ncpus = 'auto'", "share share share error"},
		{"[[workers]]\n[[workers]]\ncpus = 'auto'", "share share share share error"},
		{"workers = [{ cpus = 'auto' }, {}]", "share share share error share"},
	}
	for _, test := range tests {
		c, err := Parse("zctl.toml", []byte(test.doc))
		if err != nil {
			t.Errorf("%q: %v", test.doc, err)
			continue
		}
		var got []string
		for _, p := range c.processes() {
			got = append(got, p.OnShortage)
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%q: %v, want %s", test.doc, got, test.want)
		}
	}
}

func TestPaths(t *testing.T) {
	t.Parallel()
	c, err := Parse("/etc/zctl/zctl.toml", []byte("base_dir = 'state'\n[manager]\ncommand = './mynode'\n[proxies]\ncommand = 'mynode'\n[loggers]\ncommand = '/bin/x'"))
	if err != nil {
		t.Fatal(err)
	}
	got := []string{c.BaseDir, c.Manager.Command, c.Proxies.Command, c.Loggers.Command}
	want := []string{"/etc/zctl/state", "/etc/zctl/mynode", "mynode", "/bin/x"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestParseBaseDir(t *testing.T) {
	t.Parallel()
	tests := []struct{ doc, want string }{
		{"base_dir = '/x'\n[workers]\ncount = -1\nnonsense = true", "/x"},
		{"[workers]\ncount = 2", ""},
		{"base_dir = 7", ""},
		{"base_dir = '/x' # here\n[workers]\ncount = \"tw", "/x"},
		{"[workers", ""},
	}
	for _, test := range tests {
		if got, err := ParseBaseDir("zctl.toml", []byte(test.doc)); got != test.want || err != nil {
			t.Errorf("%q: %q, %v; want %q", test.doc, got, err, test.want)
		}
	}
	for _, doc := range []string{"base_dir", "base_dir = \"/x", "base_dir = '/x'\nbase_dir = '/y'", "base_dir = ''", "base_dir = \"\"\n[workers"} {
		if dir, err := ParseBaseDir("zctl.toml", []byte(doc)); err == nil || !strings.HasPrefix(err.Error(), "zctl.toml:") {
			t.Errorf("%q: %q, %v", doc, dir, err)
		}
	}
}

// TestLoad covers files that cannot be read.
func TestLoad(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	big := filepath.Join(dir, "big.toml")
	os.WriteFile(big, nil, 0o644)
	os.Truncate(big, maxFileSize+1)
	for file, want := range map[string]string{
		filepath.Join(dir, "none.toml"): "no such file",
		dir:                             "not a regular file",
		"/dev/zero":                     "not a regular file",
		big:                             "at most",
	} {
		if _, err := Load(file); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", file, err, want)
		}
	}
}

// TestProblem: a check outside this package finds the line of the value.
func TestProblem(t *testing.T) {
	t.Parallel()
	c, err := Parse("zctl.toml", []byte("[[workers]]\n[[workers]]\ncount = 1\n  cpus = '0-x'"))
	if err != nil {
		t.Fatal(err)
	}
	n := c.Layout().Nodes[5]
	got := c.Problem(n.Section+".cpus", "%q is no list", n.Process.CPUs).Error()
	if want := `zctl.toml:4:3: workers.cpus: "0-x" is no list`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := Default().Problem("workers.cpus", "bad").Error(); got != "workers.cpus: bad" {
		t.Errorf("got %s", got)
	}
	if got := c.ProblemAt("workers[1].count", "too %s", "few").Error(); got != "zctl.toml:3:1: too few" {
		t.Errorf("got %s", got)
	}
	if !c.Has("workers[1].cpus") || c.Has("base_dir") || Default().Has("cluster.name") {
		t.Error("Has does not say what the file says")
	}
}

// TestKeyPositions covers what TOML allows between a key and its value.
func TestKeyPositions(t *testing.T) {
	t.Parallel()
	doc := `# [not.a.table]
a = """
b = 1
""" # c = 1
"d e" = { f = [1, { g = '''
''' }], h.i = 2 }
[ t . u ]
  v = [
    # x
    "]", # y
    'z'
  ]
[[w]]
x = 1
[[w]]
x = 2
[w.y]
z = 3
a.b = "\"#"
`
	want := map[string]position{
		"a": {2, 1}, "d e": {5, 1}, "d e.f": {5, 11}, "d e.f[0]": {5, 16}, "d e.f[1]": {5, 19}, "d e.f[1].g": {5, 21},
		"d e.h": {6, 9}, "d e.h.i": {6, 9}, "t.u": {7, 1}, "t.u.v": {8, 3}, "t.u.v[0]": {10, 5}, "t.u.v[1]": {11, 5},
		"w[0]": {13, 1}, "w[0].x": {14, 1}, "w[1]": {15, 1}, "w[1].x": {16, 1}, "w[1].y": {17, 1}, "w[1].y.z": {18, 1},
		"w[1].y.a": {19, 1}, "w[1].y.a.b": {19, 1},
	}
	if got := keyPositions(doc); !maps.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// FuzzParse: no document panics or hangs, and every problem has a place.
func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/config/*.txt")
	for _, file := range files {
		text, _ := os.ReadFile(file)
		_, doc, _ := strings.Cut(string(text), "-- zctl.toml --\n")
		doc, _, _ = strings.Cut(doc, "-- result --\n")
		f.Add(doc)
	}
	f.Add("workers = [{}, 1]")
	f.Add("host = 1\nworkers = 7\ncluster = []")
	f.Fuzz(func(t *testing.T, doc string) {
		c, err := Parse("f.toml", []byte(doc))
		if err == nil {
			if _, err := ParseLayout(c.Layout().Zeek()); err != nil {
				t.Errorf("layout of a good configuration does not parse: %v", err)
			}
			backend, err := ParseBackend(c.Layout().Backend.Zeek())
			if backend.Options != c.Layout().Backend.Options || err != nil {
				t.Errorf("options of a good configuration %+v are read as %+v, %v", c.Layout().Backend.Options, backend.Options, err)
			}
			return
		}
		if !strings.HasPrefix(err.Error(), "f.toml") {
			t.Errorf("error without a file: %v", err)
		}
	})
}
