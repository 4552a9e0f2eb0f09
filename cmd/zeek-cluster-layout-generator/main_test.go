package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// invocation is a line of testdata/layout.jsonl: a run of Zeek 8.1.2's tool.
type invocation struct {
	ID     string
	Argv0  string
	Args   []string
	Env    map[string]string
	Setup  map[string]string
	Stdout string
	Stderr string
	Exit   int
	Files  map[string]string
}

// zeek9 are the recorded refusals of 8.1 that this tool accepts, because Zeek 9
// does; TestZeek9 says with what result.
var zeek9 = map[string]bool{"x-flag": true, "M-flag": true, "W-named": true}

func recordings(t *testing.T) []invocation {
	t.Helper()
	f, err := os.Open("testdata/layout.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []invocation
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var inv invocation
		if err := json.Unmarshal(lines.Bytes(), &inv); err != nil {
			t.Fatal(err)
		}
		all = append(all, inv)
	}
	if len(all) != 68 {
		t.Fatalf("%d recordings, want 68", len(all))
	}
	return all
}

// TestRecordings does what Zeek's tool was recorded to do.
func TestRecordings(t *testing.T) {
	skipped := 0
	for _, inv := range recordings(t) {
		if zeek9[inv.ID] {
			skipped++
			continue
		}
		t.Run(inv.ID, func(t *testing.T) {
			t.Chdir(t.TempDir()) // -o takes relative paths
			for name, text := range inv.Setup {
				os.MkdirAll(filepath.Dir(name), 0o755)
				if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			_, posix := inv.Env["POSIXLY_CORRECT"]
			var stdout, stderr bytes.Buffer
			exit := run(append([]string{inv.Argv0}, inv.Args...), posix, &stdout, &stderr)
			if exit != inv.Exit || stdout.String() != inv.Stdout || stderr.String() != inv.Stderr {
				t.Errorf("%q: exit %d, stdout %q, stderr %q\nwant exit %d, stdout %q, stderr %q",
					inv.Args, exit, stdout.String(), stderr.String(), inv.Exit, inv.Stdout, inv.Stderr)
			}
			compareFiles(t, inv)
		})
	}
	if skipped != len(zeek9) {
		t.Errorf("%d recordings are Zeek 9's, want %d", skipped, len(zeek9))
	}
}

// compareFiles checks that the run left the recorded files and no others.
func compareFiles(t *testing.T, inv invocation) {
	t.Helper()
	for name, want := range inv.Files {
		if got, err := os.ReadFile(name); err != nil || string(got) != want {
			t.Errorf("%q: file %s is %q (%v), want %q", inv.Args, name, got, err, want)
		}
	}
	filepath.Walk(".", func(path string, info os.FileInfo, _ error) error {
		if _, expected := inv.Files[path]; info.Mode().IsRegular() && !expected && inv.Setup[path] == "" {
			t.Errorf("%q: left a file %s", inv.Args, path)
		}
		return nil
	})
}

// TestZeek9 covers what Zeek 9 added, in the output format of 8.1.
func TestZeek9(t *testing.T) {
	t.Parallel()
	tests := []struct {
		args   string
		names  string // of the nodes, in order; "" if it fails
		stderr string
		lacks  string // not in the output
	}{
		{args: "-W eth0:2,eth1:1", names: "manager logger-1 proxy-1 worker-eth0-1 worker-eth0-2 worker-eth1-1"},
		{args: "-W 1:2|2:2", names: "manager logger-1 proxy-1 worker-1-1 worker-1-2 worker-2-1 worker-2-2"},
		{args: "-x site -W 1", names: "manager site-logger-1 site-proxy-1 site-worker-1"},
		{args: "-x site -W a:1 -L 0 -P 0", names: "manager site-worker-a-1"},
		{args: "-M 0 -W 1", names: "logger-1 proxy-1 worker-1", lacks: "$manager="},
		{args: "-M 0 -L 0 -W 1", names: "proxy-1 worker-1", lacks: "manager_is_logger"},
		{args: "-M 1 -W 1", names: "manager logger-1 proxy-1 worker-1"},
		{args: "-W eth0:0 -P 0", names: "manager logger-1"},
		{args: "-M 2", stderr: "flag -M expects 0 or 1\n"},
		{args: "-W eth0:2,", stderr: "invalid numeric value for W: eth0:2,\n"},
		{args: "-W Eth0:2", stderr: "invalid numeric value for W: Eth0:2\n"},
		{args: "-W eth0:99999999999", stderr: "-W invalid: 'eth0:99999999999'\n"},
	}
	for _, test := range tests {
		args := strings.Fields(test.args)
		for i := range args { // a blank inside one argument
			args[i] = strings.ReplaceAll(args[i], "|", " ")
		}
		var stdout, stderr bytes.Buffer
		exit := run(append([]string{"gen"}, args...), false, &stdout, &stderr)
		var names []string
		for line := range strings.Lines(stdout.String()) {
			if name, _, ok := strings.Cut(strings.TrimPrefix(line, `    ["`), `"] = [$node_type`); ok {
				names = append(names, name)
			}
		}
		if got := strings.Join(names, " "); got != test.names || stderr.String() != test.stderr || (exit == 0) != (test.stderr == "") {
			t.Errorf("%s: exit %d, nodes %q, stderr %q; want nodes %q, stderr %q", test.args, exit, got, stderr.String(), test.names, test.stderr)
		}
		if test.lacks != "" && strings.Contains(stdout.String(), test.lacks) {
			t.Errorf("%s: output contains %q", test.args, test.lacks)
		}
	}
}

// BenchmarkWorkers10000 is a layout of 10,000 workers, arguments to text.
func BenchmarkWorkers10000(b *testing.B) {
	for b.Loop() {
		if exit := run([]string{"gen", "-W", "10000"}, false, io.Discard, io.Discard); exit != 0 {
			b.Fatal("exit", exit)
		}
	}
}
