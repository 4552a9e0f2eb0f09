package api

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"zctl/supervisor"
)

// TestOwnerOnly shows who may do something: root and the user who runs the
// supervisor, and nobody of whom it is not known who he is.
func TestOwnerOnly(t *testing.T) {
	t.Parallel()
	us := uint32(os.Geteuid())
	tests := []struct {
		name    string
		peer    any
		allowed bool
	}{
		{"us", &unix.Ucred{Uid: us}, true},
		{"root", &unix.Ucred{Uid: 0}, true},
		{"another user", &unix.Ucred{Uid: us + 1}, false},
		{"another user of our group", &unix.Ucred{Uid: us + 1, Gid: uint32(os.Getegid())}, false},
		{"another user of root's group", &unix.Ucred{Uid: us + 1, Gid: 0}, false},
		{"nobody", &unix.Ucred{Uid: 65534, Gid: 65534}, us == 65534},
		{"no credentials", (*unix.Ucred)(nil), false},
		{"no peer", nil, false},
		{"no such thing", "root", false},
	}
	for _, test := range tests {
		for _, call := range []struct{ method, target string }{{"GET", "/v1/status"}, {"POST", "/v1/stop"}, {"GET", "/nothing"}} {
			f := &fake{
				status: func() (supervisor.Status, error) { return supervisor.Status{}, nil },
				do:     func(context.Context) (supervisor.Result, error) { return supervisor.Result{}, nil },
			}
			r := httptest.NewRequest(call.method, call.target, strings.NewReader("{}"))
			if test.peer != nil {
				r = r.WithContext(context.WithValue(r.Context(), peerKey{}, test.peer))
			}
			w := httptest.NewRecorder()
			ownerOnly(handler(service{f, usualLimits})).ServeHTTP(w, r)
			if !test.allowed {
				if got := errorIn(t, w.Result()); got.Kind != NotAllowed || w.Code != 403 {
					t.Errorf("%s, %s: got %d, %+v", test.name, call.target, w.Code, got)
				}
			}
			if called := len(f.called()) > 0; called != (test.allowed && call.target != "/nothing") || test.allowed && w.Code == 403 {
				t.Errorf("%s, %s: got %d, called %t", test.name, call.target, w.Code, called)
			}
		}
	}
}

// strangerEnv makes the test binary a client of the supervisor that it names.
const strangerEnv = "API_TEST_STRANGER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(strangerEnv); dir != "" {
		beStranger(supervisor.Dirs(dir))
		return
	}
	os.Exit(m.Run())
}

// beStranger says how a supervisor answers it.
func beStranger(dirs supervisor.Dirs) {
	for _, name := range []string{"status", "plan", "start"} {
		err := calls[name](NewClient(dirs), context.Background())
		var e *Error
		if errors.As(err, &e) {
			err = fmt.Errorf("%s: %s", e.Kind, e.Message)
		}
		fmt.Printf("%s: %v\n", name, err)
	}
}

// TestStranger shows that another user is refused who can reach the socket, and
// that he cannot reach it in the first place.
func TestStranger(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can be another user")
	}
	f := &fake{
		status: func() (supervisor.Status, error) { return supervisor.Status{}, nil },
		plan:   func() ([]supervisor.Change, error) { return nil, nil },
		do:     func(context.Context) (supervisor.Result, error) { return supervisor.Result{}, nil },
	}
	s := serveFake(t, f)
	asks := func(uid uint32) string {
		cmd := exec.Command("/proc/self/exe")
		cmd.Env = append(os.Environ(), strangerEnv+"="+string(s.dirs), "GORACE=atexit_sleep_ms=0")
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
		cmd.Stderr = os.Stderr
		said, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.ReplaceAll(string(said), string(s.dirs), "DIR")
	}
	open := func(modes map[string]os.FileMode) {
		for name, mode := range modes {
			if err := os.Chmod(filepath.Join(string(s.dirs), name), mode); err != nil {
				t.Fatal(err)
			}
		}
	}
	each := func(answer string) string {
		return strings.ReplaceAll("status: X\nplan: X\nstart: X\n", "X", answer)
	}
	unreachable := each("not allowed: not allowed to reach the supervisor of DIR; run zctl as root or as the owner of that directory")
	refused := each("not allowed: only root and the user who runs the supervisor may control it")

	if got := asks(65534); got != unreachable {
		t.Errorf("as it is:\n%s", got)
	}
	open(map[string]os.FileMode{"": 0o755, "run": 0o755})
	if got := asks(65534); got != unreachable {
		t.Errorf("in an open directory:\n%s", got)
	}
	open(map[string]os.FileMode{"run/zctl.sock": 0o666})
	if got := asks(65534); got != refused {
		t.Errorf("with an open socket:\n%s", got)
	}
	if calls := f.called(); len(calls) > 0 {
		t.Errorf("called %+v", calls)
	}
	if got := asks(0); got != each("<nil>") {
		t.Errorf("as root:\n%s", got)
	}
}
