package supervisor

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zctl/layoutgen"
)

// TestCurrent: logs/current leads to the live files of all loggers, however many there
// are, and to those of no others.
func TestCurrent(t *testing.T) {
	t.Parallel()
	d := Dirs(t.TempDir())
	if err := d.Make(); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ loggers, want string }{
		{"", "manager.log"},
		{"logger-1", "logger-1.log"},
		{"logger-1 logger-2 logger-3", "logger-1/logger-1.log logger-2/logger-2.log logger-3/logger-3.log"},
		{"logger-2 logger-3", "logger-2/logger-2.log logger-3/logger-3.log"},
		{"logger-3", "logger-3.log"},
	} {
		nodes := []Spec{{Name: "worker-1", Type: layoutgen.TypeWorker}, {Name: "manager", Type: layoutgen.TypeManager}}
		for _, name := range strings.Fields(test.loggers) {
			nodes = append(nodes, Spec{Name: name, Type: layoutgen.TypeLogger})
		}
		for _, n := range nodes {
			os.MkdirAll(d.Node(n.Name), 0o755)
			os.WriteFile(filepath.Join(d.Node(n.Name), n.Name+".log"), nil, 0o644)
		}
		for range 2 {
			if err := d.linkCurrent(nodes); err != nil {
				t.Fatal(err)
			}
		}
		current := filepath.Join(d.Logs(), "current")
		var got []string
		for _, pattern := range []string{"*.log", "*/*.log"} {
			found, _ := filepath.Glob(filepath.Join(current, pattern))
			got = append(got, found...)
		}
		if text := strings.ReplaceAll(strings.Join(got, " "), current+"/", ""); text != test.want {
			t.Errorf("with %q: %s, want %s", test.loggers, text, test.want)
		}
	}
}

// TestCurrentStaysInLogs: who owns logs/ cannot have links made, or removed, elsewhere.
func TestCurrentStaysInLogs(t *testing.T) {
	t.Parallel()
	d, outside := Dirs(t.TempDir()), t.TempDir()
	precious := filepath.Join(outside, "precious")
	for _, err := range []error{
		d.Make(), os.Symlink("target", precious), os.Symlink(outside, filepath.Join(d.Logs(), currentSeveral)),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	err := d.linkCurrent([]Spec{{Name: "logger-1", Type: layoutgen.TypeLogger}, {Name: "logger-2", Type: layoutgen.TypeLogger}})
	if err == nil || !strings.HasPrefix(err.Error(), "cannot link the directories of the loggers: ") {
		t.Errorf("got %v", err)
	}
	if entries, err := os.ReadDir(outside); err != nil || len(entries) != 1 || entries[0].Name() != "precious" {
		t.Errorf("outside: %v, %v", entries, err)
	}
}
