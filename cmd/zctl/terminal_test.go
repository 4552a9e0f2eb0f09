package main

import (
	"strings"
	"testing"
	"time"

	"zctl/supervisor"
)

func TestClip(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text  string
		width int
		want  string
	}{
		{"abc\nabcdef\n", 4, "abc\nabc…\n"},
		{"abcdef", 0, "abcdef"},
		{"äöü\näöüß", 3, "äöü\näö…"},
		{"", 3, ""},
	} {
		if got := clip(test.text, test.width); got != test.want {
			t.Errorf("%q in %d columns: %q, want %q", test.text, test.width, got, test.want)
		}
	}
}

func TestPlain(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                         "",
		"exited with code 1, äö":   "exited with code 1, äö",
		"\x1b]0;title\a\x1b[2J":    `\x1b]0;title\a\x1b[2J`,
		"a\nb\tc\r":                `a\nb\tc\r`,
		"\u202egpj.exe\u009b":      `\u202egpj.exe\u009b`,
		"no UTF-8: \xff":           `no UTF-8: \ufffd`,
		"backslash \\x1b as it is": `backslash \x1b as it is`,
	} {
		if got := plain(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// TestNarrowStatus shows that a narrow terminal shows all of what is wrong, and
// no line that is longer than it is wide.
func TestNarrowStatus(t *testing.T) {
	t.Parallel()
	message := "exited with code 1 after 9ms; next start in 3.4s; stderr: cannot open eth7: no such device, have eth0, lo"
	s := supervisor.Status{Nodes: []supervisor.NodeStatus{
		{Name: "manager", Type: "manager", State: "ready", PID: 4242},
		{Name: "worker-1", Type: "worker", State: "backoff", Restarts: 4, Message: message},
	}}
	print := func(width int) string {
		var b strings.Builder
		printStatus(&b, s, time.Now(), view{width: width})
		return b.String()
	}
	const narrow = 80
	got := print(narrow)
	for line := range strings.Lines(got) {
		if len(line) > narrow+1 {
			t.Errorf("%q has %d columns", line, len(line)-1)
		}
	}
	if !strings.Contains(strings.Join(strings.Fields(got), " "), message) || strings.Count(got, "\n") != 5 {
		t.Errorf("in %d columns:\n%s", narrow, got)
	}
	if wide := print(300); wide != print(0) || strings.Count(wide, "\n") != 3 {
		t.Errorf("on a wide terminal:\n%s", wide)
	}
}
