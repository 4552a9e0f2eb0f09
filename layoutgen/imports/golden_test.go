package imports

import (
	"errors"
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"zctl/layoutgen"
)

var update = flag.Bool("update", false, "write the expected output of golden files")

// TestGolden imports testdata/*.txtar: of the files in each what stands in zctl.toml,
// or in problems. -update rewrites those.
func TestGolden(t *testing.T) {
	t.Parallel()
	files, _ := filepath.Glob("testdata/*.txtar")
	if len(files) < 10 {
		t.Fatalf("only %d files", len(files))
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			text, problems := importArchive(t, archive)
			if text != "" {
				if _, err := layoutgen.Parse("zctl.toml", []byte(text)); err != nil {
					t.Errorf("cannot load it: %v", err)
				}
			}
			golden(t, file, archive, map[string]string{"zctl.toml": text, "problems": problems})
		})
	}
}

// importArchive imports the files of an archive.
func importArchive(t *testing.T, archive *txtar.Archive) (text, problems string) {
	o := Options{Prefix: "/opt/zeek", Lookup: func(host string) (netip.Addr, error) {
		if host == "sensor-2.example.org" {
			return netip.MustParseAddr("192.0.2.12"), nil
		}
		return netip.Addr{}, errors.New("no such host")
	}}
	var main *Source
	for _, f := range archive.Files {
		s := &Source{f.Name, string(f.Data)}
		switch f.Name {
		case "zeekctl.cfg":
			o.ZeekctlCfg = s
		case "networks.cfg":
			o.Networks = s
		case "zctl.toml", "problems":
		default:
			main = s
		}
	}
	var result Result
	var err error
	switch kind := Kind(main.Text); kind {
	case KindNodeCfg:
		result, err = NodeCfg(*main, o)
	case KindZeekConf:
		result, err = ZeekConf(*main, o)
	default:
		t.Fatalf("%s is nothing known", main.Name)
	}
	if err != nil {
		problems = err.Error() + "\n"
	}
	return result.Text, problems
}

// golden compares results with those in the archive, and with -update writes them.
func golden(t *testing.T, file string, archive *txtar.Archive, results map[string]string) {
	for _, name := range []string{"zctl.toml", "problems"} {
		want := ""
		for i, f := range archive.Files {
			if f.Name == name {
				want = string(f.Data)
				archive.Files = append(archive.Files[:i:i], archive.Files[i+1:]...)
				break
			}
		}
		if got := results[name]; got != want && !*update {
			t.Errorf("%s is\n%s\nwant\n%s", name, got, want)
		}
		if results[name] != "" {
			archive.Files = append(archive.Files, txtar.File{Name: name, Data: []byte(results[name])})
		}
	}
	if *update {
		if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
