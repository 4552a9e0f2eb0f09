package imports

import (
	"bufio"
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"zctl/layoutgen"
)

// recording is what ZeekControl made of a node.cfg.
type recording struct {
	Name   string
	Cfg    string `json:"node_cfg"`
	Nodes  string `json:"nodes_stdout"`
	Errors string `json:"nodes_stderr"`
	Layout *struct{ File, Text string }
}

func recordings(t testing.TB) []recording {
	f, err := os.Open("../testdata/zeekctl.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []recording
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r recording
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

// refusals is what we say where ZeekControl refused.
var refusals = map[string]string{
	"bad-no-manager":   "node.cfg: no manager is defined",
	"bad-two-managers": "node.cfg:4:1: only one manager can be defined",
	"bad-type":         `node.cfg:2:1: node x: unknown type "sensor"`,
	"bad-no-type":      "node.cfg:1:1: no type is given for node x",
	"bad-no-host":      "node.cfg:1:1: no host is given for node zeek",
	"bad-lb-procs":     "node.cfg:11:1: no load balancing method is given for node worker-1",
	"bad-no-section":   "node.cfg:1:1: there is no section header",
}

// TestRecorded imports every node.cfg that ZeekControl was recorded with. What it
// accepted yields its layout, what it refused is refused.
func TestRecorded(t *testing.T) {
	t.Parallel()
	accepted, refused := 0, 0
	for _, r := range recordings(t) {
		result, err := NodeCfg(Source{"node.cfg", r.Cfg}, Options{})
		if r.Errors != "" {
			refused++
			want := refusals[r.Name]
			if err == nil || want == "" || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: error %v, want %q", r.Name, err, want)
			}
			continue
		}
		accepted++
		if err != nil {
			t.Errorf("%s: %v", r.Name, err)
			continue
		}
		config, err := layoutgen.Parse("zctl.toml", []byte(result.Text))
		if err != nil {
			t.Errorf("%s: %v", r.Name, err)
			continue
		}
		compareNodes(t, r, config)
		if r.Layout.File == layoutgen.LayoutFile {
			compareLayouts(t, r, config.Layout())
		}
	}
	if accepted < 7 || refused != len(refusals) {
		t.Errorf("%d accepted, %d refused", accepted, refused)
	}
}

// compareLayouts compares what stands in the layout files.
func compareLayouts(t *testing.T, r recording, got *layoutgen.Layout) {
	want, err := layoutgen.ParseLayout(r.Layout.Text)
	if err != nil {
		t.Fatal(err)
	}
	if got.ManagerIsLogger != want.ManagerIsLogger {
		t.Errorf("%s: manager_is_logger %v, want %v", r.Name, got.ManagerIsLogger, want.ManagerIsLogger)
	}
	if len(got.Nodes) != len(want.Nodes) {
		t.Errorf("%s: nodes %v, want %v", r.Name, got.Names(), want.Names())
		return
	}
	for i, w := range want.Nodes {
		g := got.Nodes[i]
		if g.Name != w.Name || g.Type != w.Type || g.Address != w.Address || g.Port != w.Port || g.MetricsPort != w.MetricsPort ||
			w.Manager != "" && g.Manager != w.Manager {
			t.Errorf("%s: node %+v\nwant %+v", r.Name, g, w)
		}
	}
	if b := got.Backend; b.ListenXPub != "tcp://127.0.0.1:27760" || b.ListenXSub != "tcp://127.0.0.1:27761" {
		t.Errorf("%s: broker at %s and %s", r.Name, b.ListenXPub, b.ListenXSub)
	}
}

var nodeLine = regexp.MustCompile(`(?m)^ *([^ ]+) - (addr=.*)$`)

// compareNodes compares interfaces, CPUs and variables with what zeekctl nodes printed.
func compareNodes(t *testing.T, r recording, config *layoutgen.Config) {
	lines := nodeLine.FindAllStringSubmatch(r.Nodes, -1)
	if len(lines) == 0 {
		t.Errorf("%s: no nodes in the recording", r.Name)
	}
	layout := config.Layout()
	for _, line := range lines {
		node, found := layout.Node(line[1])
		if !found {
			t.Errorf("%s: there is no node %s; there are %v", r.Name, line[1], layout.Names())
			continue
		}
		if got, want := node.Interface, field(line[2], "interface"); got != want {
			t.Errorf("%s: %s reads %q, want %q", r.Name, node.Name, got, want)
		}
		want := field(line[2], "pin_cpus")
		if got := cpuOfNode(layout, node); got != want {
			t.Errorf("%s: %s is pinned to %q, want %q", r.Name, node.Name, got, want)
		}
		for _, pair := range strings.Split(field(line[2], "env_vars"), ",") {
			if name, value, found := strings.Cut(pair, "="); found && node.Process.Env[name] != value {
				t.Errorf("%s: %s has %v, want %s", r.Name, node.Name, node.Process.Env, pair)
			}
		}
	}
}

// field is a value of a line of zeekctl nodes, which may have blanks in it.
func field(line, key string) string {
	m := regexp.MustCompile(` ` + key + `=(.*?)(?: [a-z_]+=|$)`).FindStringSubmatch(line)
	if m == nil {
		return ""
	}
	return strings.TrimSpace(m[1])
}

// cpuOfNode is what a node is pinned to: its own list, or of a section's the CPU of its
// number, as package cpuaffinity hands them out; "" if it is not pinned.
func cpuOfNode(layout *layoutgen.Layout, node layoutgen.Node) string {
	if node.Process.CPUs == layoutgen.CPUsNone {
		return ""
	}
	list := strings.Split(node.Process.CPUs, ",")
	if node.Type != layoutgen.TypeWorker || slices.Contains(node.Own, "cpus") {
		return node.Process.CPUs
	}
	return list[(node.Worker.Index-1)%len(list)]
}

// TestMixedPins: zeekctl's rules of pins, for those that a list can say and those that
// none can (spec: zeekctl 2.1, 7.1 21).
func TestMixedPins(t *testing.T) {
	t.Parallel()
	const head = "[manager]\ntype=manager\nhost=localhost\n[p]\ntype=proxy\nhost=localhost\n"
	worker := func(i int, rest string) string {
		return "[w-" + strconv.Itoa(i) + "]\ntype=worker\nhost=localhost\ninterface=eth0\n" + rest + "\n"
	}
	tests := []struct{ cfg, want string }{
		{worker(1, "lb_method=custom\nlb_procs=4\npin_cpus=0,1,2"), "0 1 2 0"},
		{worker(1, "lb_method=custom\nlb_procs=2\npin_cpus=5, 4 ,3,2"), "5 4"},
		{worker(1, "lb_method=custom\nlb_procs=3\npin_cpus=1,1,2"), "1 1 2"},
		{worker(1, "lb_method=custom\nlb_procs=4\npin_cpus=1,1"), "1 1 1 1"},
		{worker(1, "pin_cpus=7,8") + worker(2, "pin_cpus=9") + worker(3, ""), "7 9 "},
		{worker(1, "pin_cpus=3") + worker(2, "pin_cpus=3"), "3 3"},
	}
	for _, test := range tests {
		result, err := NodeCfg(Source{"node.cfg", head + test.cfg}, Options{})
		if err != nil {
			t.Errorf("%s: %v", test.cfg, err)
			continue
		}
		config, _ := layoutgen.Parse("", []byte(result.Text))
		var got []string
		layout := config.Layout()
		for _, n := range layout.Nodes {
			if n.Type == layoutgen.TypeWorker {
				got = append(got, cpuOfNode(layout, n))
				if n.Process.CPUs != "none" && strings.Contains(test.want, "3 3") && n.Process.OnShortage != "share" {
					t.Errorf("%s: %s does not share", test.cfg, n.Name)
				}
			}
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("pins %q, want %q\n%s", got, test.want, result.Text)
		}
	}
}
