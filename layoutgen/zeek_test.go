package layoutgen

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// TestEngines: a section's own engine counts, then that of the cluster, and a
// command is a program that zctl runs as it is.
func TestEngines(t *testing.T) {
	t.Parallel()
	c, err := Parse("zctl.toml", []byte(`
[cluster]
engine = "zeek"
[loggers]
engine = "go"
[proxies]
command = "mynode"
[[workers]]
[[workers]]
engine = "zeek"
command = "/opt/zeek/bin/zeek"
[node.worker-1-2]
engine = "go"
`))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, n := range c.Layout().Nodes {
		got = append(got, n.Name+" "+n.Process.Engine)
	}
	want := "manager zeek, logger-1 go, proxy-1 go, worker-1-1 zeek, worker-1-2 go, worker-2-1 zeek, worker-2-2 zeek"
	if strings.Join(got, ", ") != want {
		t.Errorf("got %s, want %s", strings.Join(got, ", "), want)
	}
}

// TestOverride: a node's own section says what it says, and nothing else.
func TestOverride(t *testing.T) {
	t.Parallel()
	c, err := Parse("/etc/zctl.toml", []byte(`
[workers]
nice = 3
args = ["a"]
env = { A = "1", B = "2" }
cpus = "0-3"
[node.worker-2]
args = ["b", "c"]
env = { B = "3" }
cpus = "5"
command = "bin/mine"
metrics_prt = 1
[node.manager]
cpus = "7"
on_shortage = "share"
`))
	if err == nil || err.Error() != "/etc/zctl.toml:12:1: unknown key node.worker-2.metrics_prt; did you mean metrics_port?" {
		t.Errorf("error %v", err)
	}
	l := c.Layout()
	one, _ := l.Node("worker-1")
	two, _ := l.Node("worker-2")
	manager, _ := l.Node("manager")
	if p := one.Process; p.Nice != 3 || !slices.Equal(p.Args, []string{"a"}) || p.CPUs != "0-3" || len(one.Own) > 0 || one.SectionOf("cpus") != "workers" {
		t.Errorf("worker-1 is %+v", one)
	}
	p := two.Process
	if p.Nice != 3 || !slices.Equal(p.Args, []string{"b", "c"}) || p.CPUs != "5" || p.OnShortage != ShortageError || p.Command != "/etc/bin/mine" ||
		!maps.Equal(p.Env, map[string]string{"A": "1", "B": "3"}) || two.MetricsPort != one.MetricsPort+1 {
		t.Errorf("worker-2 is %+v", two)
	}
	if two.SectionOf("cpus") != "node.worker-2" || two.SectionOf("nice") != "workers" {
		t.Errorf("sections of worker-2: %s, %s", two.SectionOf("cpus"), two.SectionOf("nice"))
	}
	if manager.Process.OnShortage != ShortageShare {
		t.Errorf("manager is %+v", manager)
	}
}

// TestExpand puts values into texts.
func TestExpand(t *testing.T) {
	t.Parallel()
	c, err := Parse("zctl.toml", []byte(`
[[workers]]
count = 1
[[workers]]
name = "dmz"
interface = "af_packet::eth${worker_index0}-${worker_cpu}"
`))
	if err != nil {
		t.Fatal(err)
	}
	node, _ := c.Layout().Node("worker-dmz-2")
	for text, want := range map[string]string{
		"":                                     "",
		"plain $x {y}":                         "plain $x {y}",
		`\${node} ${node}`:                     "${node} worker-dmz-2",
		"${interface}":                         "af_packet::eth1-${worker_cpu}",
		"${worker_index}${worker_index0}":      "21",
		"${host_worker_index}":                 "3",
		"${host_worker_index0}":                "2",
		"${interface_section_name}":            "dmz",
		"${worker_cpu},${worker_cpu}":          "5,5",
		"${x}":                                 "there is no variable ${x}",
		"${node":                               "${ has no } behind it",
		"${worker_index}${worker_index_0}tail": "there is no variable ${worker_index_0}",
	} {
		got, err := node.Expand(text, "5")
		if err != nil {
			got = err.Error()
		}
		if got != want && (err == nil || !strings.HasPrefix(got, want)) {
			t.Errorf("%q is %q, not %q", text, got, want)
		}
	}
	if _, err := node.Expand("${worker_cpu}", ""); err == nil || !strings.Contains(err.Error(), "worker-dmz-2 is not pinned to a CPU") {
		t.Errorf("without a CPU: %v", err)
	}
	manager, _ := c.Layout().Node("manager")
	if _, err := manager.Expand("${worker_index}", ""); err == nil || !strings.Contains(err.Error(), "manager is none") {
		t.Errorf("for a manager: %v", err)
	}
}

// TestNetworks: in the order of their addresses, whatever the file's.
func TestNetworks(t *testing.T) {
	t.Parallel()
	c, err := Parse("zctl.toml", []byte("[networks]\n\"2001:db8::/32\" = \"six\"\n\"192.0.2.0/24\" = \"\"\n\"10.0.0.0/8\" = \"ten\"\n\"10.0.0.0/16\" = \"less\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(c.LocalNetworks()); got != "[{10.0.0.0/8 ten} {10.0.0.0/16 less} {192.0.2.0/24 } {2001:db8::/32 six}]" {
		t.Error(got)
	}
}

// TestArchiver: it is there for Zeek loggers, and is whoever they are.
func TestArchiver(t *testing.T) {
	t.Parallel()
	for doc, want := range map[string]string{
		"":                             "none",
		"[workers]\nengine = \"zeek\"": "none",
		"[loggers]\nengine = \"zeek\"": "/",
		"[manager]\nengine = \"zeek\"\nuser = \"m\"\n[loggers]\ncount = 0":                                "m/",
		"[cluster]\nengine = \"zeek\"\n[loggers]\nuser = \"l\"\ngroup = \"g\"":                            "l/g",
		"[cluster]\nengine = \"zeek\"\n[loggers]\nuser = \"l\"\ngroup = \"g\"\n[archiver]\nuser = \"me\"": "me/",
	} {
		c, err := Parse("zctl.toml", []byte(doc))
		if err != nil {
			t.Fatal(err)
		}
		got := "none"
		if a := c.Layout().Archiver; a != nil {
			got = a.Process.User + "/" + a.Process.Group
		}
		if got != want {
			t.Errorf("%q: %s, not %s", doc, got, want)
		}
	}
}
