package layoutgen

import (
	"flag"
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
