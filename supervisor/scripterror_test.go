package supervisor

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// TestScriptErrorRecorded goes through everything that the real Zeek 8.1.2 was
// seen to end with.
func TestScriptErrorRecorded(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"no-layout":             `fatal error in PREFIX/share/zeek/base/frameworks/cluster/__load__.zeek, line 35: can't find cluster-layout`,
		"unknown-node":          `error in PREFIX/share/zeek/base/frameworks/cluster/main.zeek, line 420: 'worker-9' is not a valid node in the Cluster::nodes configuration`,
		"no-backend":            `fatal error in PREFIX/share/zeek/base/frameworks/cluster/main.zeek, line 425: Cluster::node set to 'worker-1', but Cluster::backend is Cluster::CLUSTER_BACKEND_NONE - please select a cluster backend to use.`,
		"syntax-error":          `error in ./bad.zeek, line 4: syntax error, at or near "}"`,
		"unknown-identifier":    `error in ./bad.zeek, line 1: unknown identifier no_such_function, at or near "no_such_function"`,
		"check-bad":             `error in ./bad.zeek, line 1: unknown identifier no_such_function, at or near "no_such_function"`,
		"missing-script":        `fatal error: can't find ./nope.zeek`,
		"runtime-fatal":         `fatal error in ./f.zeek, line 1: stop here`,
		"runtime-error-goes-on": `expression error in ./f.zeek, line 1: no such index (t[1])`,
		"terminate-itself":      `error in ./f.zeek, line 1: not an event (terminate_me())`,
		// Troubles that pass are none: bad-interface, broker-port-in-use and so on.
	}
	text, err := os.ReadFile("testdata/zeek-process.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for line := range strings.Lines(string(text)) {
		var r struct{ Name, Stderr string }
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		if got := scriptError(r.Stderr); got != want[r.Name] {
			t.Errorf("%s: %q, want %q", r.Name, got, want[r.Name])
		}
		if want[r.Name] != "" {
			seen++
		}
	}
	if seen != len(want) {
		t.Errorf("%d of %d are recorded", seen, len(want))
	}
}

func TestScriptError(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{
		"": "",
		"error in /x/interface.zeek, line 2: unknown identifier interface, at or near \"interface\"\n": "error in /x/interface.zeek, line 2: unknown identifier interface, at or near \"interface\"",
		"warning in ./a.zeek, line 1: deprecated (x)\nerror in ./a.zeek, lines 3-5: bad\n":             "error in ./a.zeek, lines 3-5: bad",
		"warning in ./a.zeek, line 1: deprecated (x)\n":                                                "",
		"fatal error: out of memory in new.\n":                                                         "",
		"/usr/bin/zeek: unrecognized option '--frob'\nusage: zeek [options]\n":                         "/usr/bin/zeek: unrecognized option '--frob'",
		"the error in my heart, line 1: love\n":                                                        "",
		"Segmentation fault\n":                                                                         "",
	} {
		if got := scriptError(said); got != want {
			t.Errorf("%q: %q, want %q", said, got, want)
		}
	}
}
