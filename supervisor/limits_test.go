package supervisor

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"zctl/supervisor/process"
)

func ptr[T any](v T) *T { return &v }

// TestLimitsInDiff shows which limits only a new process can have, and how a change of
// them is said.
func TestLimitsInDiff(t *testing.T) {
	t.Parallel()
	base := sleeper("worker-1")
	if text, err := json.Marshal(base); err != nil || strings.Contains(string(text), "limits") {
		t.Errorf("without limits: %s, %v: all nodes would be restarted by an upgrade", text, err)
	}
	zeek := &User{Name: "zeek", Group: "zeek", User: process.User{UID: 1001, GID: 1001}}
	tests := []struct {
		limits Limits
		want   string
	}{
		{Limits{User: zeek}, "restart  worker-1  (user none -> zeek:zeek)"},
		{Limits{NoFile: 77, Core: ptr(int64(0)), Umask: ptr(0)}, "restart  worker-1  (umask none -> 0000, core none -> 0, nofile none -> 77)"},
		{Limits{Core: ptr(int64(-1))}, "restart  worker-1  (core none -> unlimited)"},
		{Limits{Capabilities: []string{"net_raw", "ipc_lock"}}, "restart  worker-1  (capabilities none -> net_raw,ipc_lock)"},
	}
	for _, test := range tests {
		want := base
		want.Limits = test.limits
		changes := Diff([]Have{{Spec: base, Digest: base.Digest(), Up: true}}, []Spec{want})
		if len(changes) != 1 || changes[0].String() != test.want {
			t.Errorf("%v, want %s", changes, test.want)
		}
		var read Spec
		text, err := json.Marshal(want)
		if err == nil {
			err = json.Unmarshal(text, &read)
		}
		if err != nil || read.Digest() != want.Digest() {
			t.Errorf("as JSON it is another spec: %s, %v", text, err)
		}
	}
}

// TestLimitsChecked: a deployment with limits that nobody can have is refused.
func TestLimitsChecked(t *testing.T) {
	t.Parallel()
	for _, limits := range []Limits{{NoFile: -1}, {MemoryMax: -1}, {CPUWeight: -1}, {Core: ptr(int64(-2))}, {Capabilities: []string{"fly"}}} {
		s := sleeper("worker-1")
		s.Limits = limits
		if err := clusterOf(s).Check("/b"); err == nil {
			t.Errorf("%+v is good", limits)
		}
	}
}

// TestGive shows what becomes a user's with a directory: what is in it, but nothing
// that it only points at, and nothing that has another name as well.
func TestGive(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can give things away")
	}
	outside, dir := t.TempDir(), filepath.Join(t.TempDir(), "worker-1")
	secret := filepath.Join(outside, "secret")
	for _, err := range []error{
		os.MkdirAll(filepath.Join(dir, "sub"), 0o755),
		os.WriteFile(secret, nil, 0o600),
		os.WriteFile(filepath.Join(dir, "sub", "conn.log"), nil, 0o600),
		os.Symlink(secret, filepath.Join(dir, "link")),
		os.Symlink(outside, filepath.Join(dir, "dirlink")),
		os.Link(secret, filepath.Join(dir, "hard")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	u := &User{Name: "u", Group: "g", User: process.User{UID: 64321, GID: 64322}}
	for range 2 {
		if err := u.give(dir); err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]uint32{
			dir: 64321, filepath.Join(dir, "sub"): 64321, filepath.Join(dir, "sub/conn.log"): 64321,
			filepath.Join(dir, "link"): 0, secret: 0, outside: 0,
		} {
			var stat unix.Stat_t
			if err := unix.Lstat(name, &stat); err != nil || stat.Uid != want {
				t.Errorf("%s belongs to %d, want %d (%v)", name, stat.Uid, want, err)
			}
		}
	}
	if err := u.give(filepath.Join(dir, "none")); err == nil || !strings.Contains(err.Error(), "u:g") {
		t.Errorf("what is not there: %v", err)
	}
}
