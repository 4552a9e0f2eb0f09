package layoutgen

import (
	"reflect"
	"strings"
	"testing"
)

// everyLog has another value than the default for each key of [logs].
const everyLog = `[logs]
format = "both"
streams = { dns = "tsv", conn = "json" }
include = ["c*", "d,s"]
exclude = ["x"]
flush_interval = "100ms"
json_timestamps = "JSON::TS_MILLIS"
json_include_unset_fields = true
separator = "|\u0001"
set_separator = ";"
empty_field = ""
unset_field = "?"
include_meta = false
meta_prefix = "--"
enable_utf_8 = false
rotation_interval = "0s"
rotation_size = "1GiB"
compression = "zstd"
expire_after = "1.5d"
max_size = 1000000
keep = ["notice"]
post_process = ["echo", "a,b", ""]
`

// TestLogArgs: what a logger is told key by key is what the file says.
func TestLogArgs(t *testing.T) {
	t.Parallel()
	for doc, keys := range map[string]int{"": 1, "[logs]\nrotation_interval = '0s'": 0, everyLog: len(LogKeys()) - 1} {
		c, err := Parse("", []byte(doc))
		if err != nil {
			t.Fatal(err)
		}
		got, seen := LogsByHand(), map[string]bool{}
		for _, arg := range c.Logs.Args() {
			seen[arg.Key] = true
			if err := got.Set(arg.Key, arg.Value); err != nil {
				t.Errorf("%v: %v", arg, err)
			}
		}
		if !reflect.DeepEqual(got, c.Logs) || len(seen) != keys {
			t.Errorf("%s: %d keys of %d, got %+v, want %+v", doc, len(seen), keys, got, c.Logs)
		}
	}
}

func TestLogSetRefuses(t *testing.T) {
	t.Parallel()
	for _, arg := range []LogArg{
		{"quux", "1"}, {"include_meta", "perhaps"}, {"rotation_interval", "1x"}, {"rotation_size", "x"}, {"streams", "conn"},
	} {
		l := LogsByHand()
		if err := l.Set(arg.Key, arg.Value); err == nil {
			t.Errorf("%v was taken: %+v", arg, l)
		}
	}
}

// TestLogProblems: each mistake is one problem, at its place.
func TestLogProblems(t *testing.T) {
	t.Parallel()
	tests := []struct{ line, want string }{
		{`format = "xml"`, `logs.format is "xml"; give "tsv" or "json" or "both"`},
		{`streams = { conn = "xml" }`, `logs.streams.conn is "xml"; give "tsv"`},
		{`streams = { "a/b" = "tsv" }`, `"a/b" is not the name of a log`},
		{`include = ["["]`, `logs.include: "[" is no pattern`},
		{`exclude = [""]`, `logs.exclude: "" is no pattern`},
		{`keep = ["[a"]`, `logs.keep: "[a" is no pattern`},
		{`flush_interval = "0s"`, `logs.flush_interval is 0s; give "10ms" to "1m"`},
		{`rotation_interval = "25h"`, `logs.rotation_interval is 25h0m0s; give "0s" (never)`},
		{`rotation_interval = "-1s"`, `logs.rotation_interval is -1s`},
		{`rotation_size = 5`, `logs.rotation_size is 5B; give 0 (any size) or "64KiB"`},
		{`rotation_size = "5 apples"`, `logs.rotation_size is the string "5 apples"; it must be a size`},
		{`rotation_size = 1.5`, `logs.rotation_size is the number 1.5; it must be a size`},
		{`compression = "xz"`, `logs.compression is "xz"; give "gzip"`},
		{`expire_after = "30m"`, `logs.expire_after is 30m0s; give "0s" (never) or more than rotation_interval (1h0m0s)`},
		{`max_size = -1`, `logs.max_size is -1B`},
		{`post_process = [""]`, `logs.post_process needs the name of a program`},
		{`spill_size = 0`, `logs.spill_size is 0; give a size`},
		{`json_timestamps = "ISO"`, `logs.json_timestamps is "ISO"; give "JSON::TS_EPOCH" or`},
		{`separator = ""`, `logs.separator is empty`},
		{`separator = ","`, `logs.set_separator is ",", as is logs.separator`},
		{`unset_field = "a\nb"`, `logs.unset_field is "a\nb"; it can have no newline`},
		{`meta_prefix = "` + strings.Repeat("#", 65) + `"`, `logs.meta_prefix has 65 bytes; give at most 64`},
		{"[loggers]\nmemory = '1MiB'", `loggers.memory is 1MiB; give "32MiB" or more`},
	}
	for _, test := range tests {
		_, err := Parse("zctl.toml", []byte("[logs]\n"+test.line))
		problems, _ := err.(Problems)
		if len(problems) != 1 || !strings.Contains(problems[0].Message, test.want) || problems[0].Line == 0 {
			t.Errorf("%s: %v, want %s", test.line, err, test.want)
		}
	}
}

func TestSize(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Size{
		"0": 0, "1000": 1000, "128MiB": 128 << 20, "1.5GB": 15e8, "64 KiB": 64 << 10, "7B": 7, "2TB": 2e12, "-1": -1,
	} {
		got, err := ParseSize(text)
		again, err2 := ParseSize(got.String())
		if got != want || again != want || err != nil || err2 != nil {
			t.Errorf("%q: %d (%v, %v), want %d", text, got, err, err2, want)
		}
	}
	for _, text := range []string{"", "MiB", "1.5", "NaN", "1e30GB", "0x10", "1 M", "Inf"} {
		if n, err := ParseSize(text); err == nil {
			t.Errorf("%q was read as %d", text, n)
		}
	}
}
