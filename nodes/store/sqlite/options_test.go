package sqlite

import (
	"context"
	"strings"
	"testing"
)

// TestPath: the rules of create_store.
func TestPath(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", longestName-len(".sqlite"))
	tests := []struct{ path, dir, name, want, err string }{
		{"/p/f.db", "/d", "s", "/p/f.db", ""},
		{"/p/f.db", "", "a/b", "/p/f.db", ""},
		{"", "/d", "known/../hosts", "", `cannot name a file after store "known/../hosts", which has a slash`},
		{"", "/d", "Known::hosts", "/d/Known::hosts.sqlite", ""},
		{"", "", "hosts", "hosts.sqlite", ""},
		{"", "rel/dir/", "hosts", "rel/dir/hosts.sqlite", ""},
		{"", "/d", "..", "/d/...sqlite", ""},
		{"", "/d", "a\x00b", "", "zero byte; set path"},
		{"", "/d", "", "", "cannot name the file of a store without a name; set path"},
		{"", "/d", long, "/d/" + long + ".sqlite", ""},
		{"", "/d", long + "x", "", "of 241 bytes, a name has at most 240; set path"},
	}
	for _, test := range tests {
		got, err := Path(test.path, test.dir, test.name)
		if got != test.want || (err != nil) != (test.err != "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%q, %q, %q: %q, %v", test.path, test.dir, test.name, got, err)
		}
	}
}

// TestOptions: what cannot be is told before a file is touched.
func TestOptions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		o   Options
		err string
	}{
		{Options{Path: "x"}, ""},
		{Options{Path: "x", Synchronous: "EXTRA", JournalMode: "WAL", FailureMode: "DELETE"}, ""},
		{Options{}, "set path"},
		{Options{Path: "a\x00b"}, "zero byte"},
		{Options{Path: "x", Synchronous: "full"}, `cannot use synchronous = "full"; it is one of ["OFF" "NORMAL" "FULL" "EXTRA"]`},
		{Options{Path: "x", JournalMode: "WAL; drop table store"}, "cannot use journal_mode"},
		{Options{Path: "x", FailureMode: "IGNORE"}, "cannot use failure_mode"},
	}
	for _, test := range tests {
		err := test.o.Check()
		if (err != nil) != (test.err != "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%+v: %v", test.o, err)
		}
		if err == nil {
			continue
		}
		if _, opened := Open(context.Background(), test.o); opened == nil || opened.Error() != err.Error() {
			t.Errorf("%+v: Open says %v, Check %v", test.o, opened, err)
		}
	}
}
