package parse

import (
	"math"
	"os"
	"path/filepath"
	"testing"
)

func TestAvailable(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"meminfo": "MemTotal:       16000 kB\nMemAvailable:    8000 kB\n",
		"self":    "0::/a/b\n", "out": "0::/c\n", "v1": "4:memory:/x\n",
		"a/memory.max": "5000\n", "a/memory.current": "1000\n", "a/b/memory.max": "max\n", "a/b/memory.current": "100\n",
	} {
		os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		what      string
		got, want int64
	}{
		{"host", hostMemory(dir + "/meminfo"), 8000 << 10},
		{"unknown host", hostMemory(dir + "/self"), 0},
		{"a limit above", groupMemory(dir, dir+"/self"), 4000},
		{"no limit", groupMemory(dir, dir+"/out"), math.MaxInt64},
		{"no cgroup v2", groupMemory(dir, dir+"/v1"), math.MaxInt64},
	} {
		if test.got != test.want {
			t.Errorf("%s: %d, want %d", test.what, test.got, test.want)
		}
	}
	if Available() <= 0 {
		t.Error("this host has none")
	}
}
