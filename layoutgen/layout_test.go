package layoutgen

import (
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the expected output of golden files")

// TestConfig runs testdata/config/*.txt: prose, a configuration, and the layout
// and broker it makes or the problems it has. -update rewrites the results.
func TestConfig(t *testing.T) {
	t.Parallel()
	files, _ := filepath.Glob("testdata/config/*.txt")
	if len(files) < 8 {
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
			got := outcome(Parse("zctl.toml", []byte(doc)))
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

func outcome(c *Config, err error) string {
	if err != nil {
		return err.Error() + "\n"
	}
	l := c.Layout()
	return l.Zeek() + "\n" + l.Backend.Zeek()
}

// TestEncrypts: what is encrypted is what was asked for, or what leaves a host.
func TestEncrypts(t *testing.T) {
	t.Parallel()
	for doc, want := range map[string]bool{
		"": false, "[cluster]\naddress = \"10.0.0.1\"": false,
		"[broker]\ncurve = \"auto\"": false, "[broker]\ncurve = \"on\"": true, "[broker]\ncurve = \"off\"": false,
	} {
		c, err := Parse("", []byte(doc))
		if err != nil {
			t.Fatal(err)
		}
		if c.Encrypts() != want {
			t.Errorf("%q: got %v", doc, !want)
		}
	}
	l := Default().Layout()
	if l.SeveralAddresses() || (&Layout{}).SeveralAddresses() {
		t.Error("one address, or none, is said to be several")
	}
	l.Nodes[3].Address = netip.MustParseAddr("127.0.0.2")
	if !l.SeveralAddresses() {
		t.Error("two addresses are not said to be several")
	}
}
