package imports

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"zctl/layoutgen"
)

// seed adds the files of that name in testdata.
func seed(f *testing.F, name string) {
	files, _ := filepath.Glob("testdata/*.txtar")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, part := range txtar.Parse(text).Files {
			if part.Name == name {
				f.Add(string(part.Data))
			}
		}
	}
}

// usable fails if what came out without problems is no good zctl.toml.
func usable(t *testing.T, result Result, err error) {
	if err == nil {
		if _, err := layoutgen.Parse("zctl.toml", []byte(result.Text)); err != nil {
			t.Errorf("cannot load %s: %v", result.Text, err)
		}
		return
	}
	if problems, ok := err.(layoutgen.Problems); !ok || len(problems) == 0 || problems[0].File == "" || result.Text != "" {
		t.Errorf("error %#v", err)
	}
}

func FuzzNodeCfg(f *testing.F) {
	seed(f, "node.cfg")
	for _, r := range recordings(f) {
		f.Add(r.Cfg)
	}
	f.Fuzz(func(t *testing.T, text string) {
		result, err := NodeCfg(Source{"node.cfg", text}, Options{})
		usable(t, result, err)
	})
}

func FuzzZeekctlCfg(f *testing.F) {
	seed(f, "zeekctl.cfg")
	const node = "[manager]\ntype=manager\nhost=localhost\n[proxy]\ntype=proxy\nhost=localhost\n" +
		"[w]\ntype=worker\nhost=localhost\ninterface=zc:eth0\nlb_method=pf_ring\nlb_procs=2\n" +
		"[c]\ntype=worker\nhost=localhost\ninterface=eth0\nlb_method=custom\nlb_procs=1\n"
	f.Fuzz(func(t *testing.T, text string) {
		result, err := NodeCfg(Source{"node.cfg", node}, Options{ZeekctlCfg: &Source{"zeekctl.cfg", text}})
		usable(t, result, err)
	})
}

func FuzzNetworks(f *testing.F) {
	seed(f, "networks.cfg")
	f.Fuzz(func(t *testing.T, text string) {
		result, err := NodeCfg(Source{"node.cfg", "[zeek]\ntype=standalone\nhost=localhost\n"}, Options{Networks: &Source{"networks.cfg", text}})
		usable(t, result, err)
	})
}

func FuzzZeekConf(f *testing.F) {
	seed(f, "zeek.conf")
	f.Fuzz(func(t *testing.T, text string) {
		Kind(text)
		result, err := ZeekConf(Source{"zeek.conf", text}, Options{})
		usable(t, result, err)
	})
}
