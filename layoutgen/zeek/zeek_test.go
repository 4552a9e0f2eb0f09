package zeek

import (
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"zctl/layoutgen"
)

var update = flag.Bool("update", false, "write the expected output of golden files")

// TestGolden runs testdata/*.txt: prose with the version of Zeek in its first line, a
// configuration, and how its Zeek nodes are started. -update rewrites the results.
func TestGolden(t *testing.T) {
	t.Parallel()
	files, _ := filepath.Glob("testdata/*.txt")
	if len(files) < 6 {
		t.Fatalf("found %d golden files", len(files))
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			const begin, result = "-- zctl.toml --\n", "-- result --\n"
			prose, rest, ok := strings.Cut(string(text), begin)
			if !ok {
				t.Fatalf("no line %q", begin)
			}
			doc, want, _ := strings.Cut(rest, result)
			first, _, _ := strings.Cut(prose, "\n")
			got := outcome(t, first, doc)
			if *update {
				os.WriteFile(file, []byte(prose+begin+doc+result+got), 0o644)
				return
			}
			if got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

func outcome(t *testing.T, version, doc string) string {
	v, err := ParseVersion(version)
	if err != nil {
		t.Fatal(err)
	}
	config, err := layoutgen.Parse("/etc/zctl.toml", []byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	config.BaseDir = "/var/lib/zctl"
	layout := config.Layout()
	c := New(config, layout)
	var b strings.Builder
	for i, node := range layout.Nodes {
		if node.Process.Engine != layoutgen.EngineZeek {
			continue
		}
		cpu := ""
		if node.Process.CPUs != layoutgen.CPUsAuto {
			cpu = string(rune('0' + i))
		}
		args, err := c.Args(node, v, cpu)
		if err != nil {
			b.WriteString(node.Name + ": " + err.Error() + "\n")
			continue
		}
		b.WriteString(node.Name + ": zeek " + strings.Join(args, " ") + "\n")
		for _, s := range c.Settings(node, v) {
			b.WriteString("\t" + s + "\n")
		}
	}
	files := c.Files()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		b.WriteString("== " + name + "\n" + strings.TrimPrefix(files[name], header))
	}
	return b.String()
}

func TestVersion(t *testing.T) {
	t.Parallel()
	for output, want := range map[string]string{
		"/opt/zeek/bin/zeek version 8.1.2\n":          "8.1.2",
		"PREFIX/bin/zeek version 9.0.0-rc1":           "9.0.0-rc1",
		"zeek version 8.2.0-dev.123-debug\n":          "8.2.0-dev.123-debug",
		"warning: x\n/a b/zeek version 8.0\n":         "8.0",
		"zeek 8.1.2":                                  "",
		"":                                            "",
		"zeek version eight":                          "",
		"zeek version 99999999999999999999.1\n":       "",
		"Usage: this version 1 of a thing is no Zeek": "",
	} {
		v, err := ParseVersion(output)
		if v.Text != want || (err == nil) != (want != "") {
			t.Errorf("%q is %q, %v; want %q", output, v.Text, err, want)
		}
	}
	for version, want := range map[string]string{
		"7.2.1 plain": "need Zeek 8.0", "8.0.0 plain": "", "8.1.2 plain": "", "8.1.2 encrypted": "from 8.2 on",
		"8.2.0 encrypted": "", "9.0.0-rc1 encrypted": "", "10.0.1 encrypted": "",
	} {
		text, bus, _ := strings.Cut(version, " ")
		v, err := ParseVersion("zeek version " + text)
		if err != nil {
			t.Fatal(err)
		}
		err = v.Check(bus == "encrypted")
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", version, err, want)
		}
	}
}

// TestFanoutIDs: devices never share an id, and another one changes none.
func TestFanoutIDs(t *testing.T) {
	t.Parallel()
	layout := &layoutgen.Layout{Name: "c"}
	add := func(iface string) {
		layout.Nodes = append(layout.Nodes, layoutgen.Node{Interface: iface, Process: layoutgen.Process{Engine: layoutgen.EngineZeek}})
	}
	add("eth0")
	add("af_packet::eth0")
	add("af_packet::eth0")
	add("af_packet::eth1")
	before := fanoutIDs("/base", layout)
	if len(before) != 2 || before["eth0"] == before["eth1"] {
		t.Fatal(before)
	}
	for i := range 2000 { // of 65535: some meet
		add("af_packet::x" + strings.Repeat("y", i%40) + string(rune('a'+i/40)))
	}
	after := fanoutIDs("/base", layout)
	ids := map[int]bool{}
	for device, id := range after {
		if id < 1 || id > 65535 || id == zeekFanoutID || ids[id] {
			t.Errorf("%s has id %d", device, id)
		}
		ids[id] = true
	}
	if after["eth0"] != before["eth0"] || after["eth1"] != before["eth1"] {
		t.Error("other devices changed the ids of the first ones")
	}
	if other := fanoutIDs("/other", layout); other["eth0"] == before["eth0"] {
		t.Error("another cluster has the same id")
	}
}

// TestEnv: a configured ZEEKPATH comes before Zeek's own scripts.
func TestEnv(t *testing.T) {
	t.Parallel()
	config := layoutgen.Default()
	c := New(config, config.Layout())
	node := layoutgen.Node{}
	own := "/opt/zeek/share/zeek:/opt/zeek/share/zeek/policy:/opt/zeek/share/zeek/site:/opt/zeek/share/zeek/builtin-plugins"
	if got := c.Env(node, "/opt/zeek")["ZEEKPATH"]; got != own {
		t.Error(got)
	}
	node.Process.Env = map[string]string{"ZEEKPATH": "/mine", "A": "b"}
	if env := c.Env(node, "/opt/zeek"); env["ZEEKPATH"] != "/mine:"+own || env["A"] != "b" || node.Process.Env["ZEEKPATH"] != "/mine" {
		t.Error(env, node.Process.Env)
	}
}
