package api

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"zctl/supervisor"
)

// TestSocket shows that the socket is its owner's alone, takes the place of
// whatever a dead supervisor left there, and goes away with the server.
func TestSocket(t *testing.T) {
	t.Parallel()
	dirs := newDirs(t)
	l := listen(t, dirs)
	l.SetUnlinkOnClose(false)
	l.Close()
	f := &fake{status: func() (supervisor.Status, error) { return supervisor.Status{}, nil }}
	for range 2 {
		server, err := Serve(dirs.Socket(), f, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(dirs.Socket()); err != nil || info.Mode() != os.ModeSocket|0o600 {
			t.Errorf("the socket is %v, %v", info.Mode(), err)
		}
		if _, err := NewClient(dirs).Status(t.Context(), nil); err != nil {
			t.Error(err)
		}
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		if info, err := os.Stat(dirs.Socket()); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("after Close: %v, %v", info, err)
		}
	}
}

// TestServeErrors shows what is said of a socket that cannot be.
func TestServeErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	full := filepath.Join(dir, "full", "entry")
	if err := os.MkdirAll(full, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, socket := range []string{
		filepath.Join(dir, "none", "socket"),
		filepath.Join(dir, strings.Repeat("x", 108)),
		filepath.Dir(full),
	} {
		server, err := Serve(socket, &fake{}, slog.New(slog.DiscardHandler))
		if err == nil {
			server.Close()
		}
		if err == nil || !strings.HasPrefix(err.Error(), "cannot open control socket: ") {
			t.Errorf("%s: got %v", socket, err)
		}
	}
}

// TestCloseWaits shows that Close lets an answer under way end, while nobody can
// ask anything more.
func TestCloseWaits(t *testing.T) {
	t.Parallel()
	begun, finish := make(chan struct{}), make(chan struct{})
	want := filled[supervisor.Result]()
	f := &fake{}
	f.do = func(ctx context.Context) (supervisor.Result, error) {
		close(begun)
		<-finish
		f.tell(supervisor.Event{Cause: "the end"})
		return want, ctx.Err()
	}
	s := serveFake(t, f)
	told, ended, closed := make(chan string, 1), make(chan error, 1), make(chan error, 1)
	go func() {
		got, err := s.client.Shutdown(t.Context(), true, time.Minute, func(e supervisor.Event) { told <- e.Cause })
		if err == nil && !reflect.DeepEqual(got, want) {
			err = fmt.Errorf("got %+v", got)
		}
		ended <- err
	}()
	receive(t, "the call", begun)
	go func() { closed <- s.close() }()
	eventually(t, "the socket is gone", func() bool { _, err := os.Stat(s.dirs.Socket()); return err != nil })
	_, err := NewClient(s.dirs).Status(t.Context(), nil)
	wantKind(t, "status of a closing server", err, Unavailable, "")
	select {
	case err := <-closed:
		t.Errorf("Close did not wait: %v", err)
	default:
	}
	close(finish)
	if err := receive(t, "the answer", ended); err != nil {
		t.Error(err)
	}
	if cause := receive(t, "the event", told); cause != "the end" {
		t.Errorf("told %q", cause)
	}
	if err := receive(t, "Close", closed); err != nil {
		t.Error(err)
	}
}

// TestCloseDoesNotWaitForEver shows that Close ends an answer that takes too
// long.
func TestCloseDoesNotWaitForEver(t *testing.T) {
	t.Parallel()
	begun := make(chan struct{})
	f := &fake{do: func(ctx context.Context) (supervisor.Result, error) {
		close(begun)
		<-ctx.Done()
		return supervisor.Result{}, ctx.Err()
	}}
	l := usualLimits
	l.close = 20 * time.Millisecond
	s := serveWithin(t, f, l)
	ended := make(chan error, 1)
	go func() {
		_, err := s.client.Start(t.Context(), nil, time.Minute, nil)
		ended <- err
	}()
	receive(t, "the call", begun)
	if err := s.close(); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Close: %v", err)
	}
	wantKind(t, "start", receive(t, "the end of the call", ended), Unavailable, "")
}

// asOwner makes a request as if it came by the socket from the user who runs
// the supervisor.
func asOwner(r *http.Request) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), peerKey{}, &unix.Ucred{Uid: uint32(os.Geteuid())}))
}

// ask hands a request to the handler of a server.
func ask(s service, method, target, body string) *http.Response {
	w := httptest.NewRecorder()
	ownerOnly(handler(s)).ServeHTTP(w, asOwner(httptest.NewRequest(method, target, strings.NewReader(body))))
	return w.Result()
}

// errorIn is the error that a response carries.
func errorIn(t *testing.T, r *http.Response) *Error {
	t.Helper()
	var l line
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(&l); err != nil || l.Error == nil || l.Result != nil || l.Event != nil {
		t.Fatalf("got %+v, %v", l, err)
	}
	if got := r.Header.Get("Content-Type"); got != "application/json" {
		t.Errorf("Content-Type %q", got)
	}
	return l.Error
}

// TestErrorResponses shows the HTTP status of each kind of error.
func TestErrorResponses(t *testing.T) {
	t.Parallel()
	for kind, code := range map[Kind]int{BadRequest: 400, NotAllowed: 403, Unavailable: 503, Failed: 500, TimedOut: 504, "new": 500} {
		want := Error{kind, "message"}
		f := &fake{status: func() (supervisor.Status, error) { return supervisor.Status{}, &want }}
		r := ask(service{f, usualLimits}, "GET", "/v1/status", "")
		if got := errorIn(t, r); *got != want || r.StatusCode != code {
			t.Errorf("%s: got %+v with %d, want %d", kind, got, r.StatusCode, code)
		}
	}
}

// TestBadRequests shows that what makes no sense is refused with the reason, and
// that the supervisor is not bothered with it.
func TestBadRequests(t *testing.T) {
	t.Parallel()
	big := `{"nodes": ["` + strings.Repeat("x", 1000) + `"]}`
	tests := []struct{ name, target, body, want string }{
		{"unknown field", "/v1/start", `{"nodes": [], "node": []}`, `json: unknown field "node"`},
		{"field of another", "/v1/shutdown", `{"nodes": []}`, `json: unknown field "nodes"`},
		{"field unknown to a deployment", "/v1/deploy", `{"deployment": {"nodes": [{"nme": "x"}]}}`, `json: unknown field "nme"`},
		{"field unknown to a plan", "/v1/plan", `{"nodez": []}`, `json: unknown field "nodez"`},
		{"wrong type", "/v1/stop", `{"nodes": "worker-1"}`, "json: cannot unmarshal string into Go struct field Nodes.nodes of type []string"},
		{"not an object", "/v1/stop", `["worker-1"]`, "json: cannot unmarshal array into Go value of type api.Nodes"},
		{"no list of CPUs", "/v1/plan", `{"deployment": {"nodes": [{"cpus": "x"}]}}`, `"x"`},
		{"no JSON", "/v1/restart", `nodes`, "invalid character 'o' in literal null (expecting 'u')"},
		{"cut off", "/v1/restart", `{"nodes": ["worker-1"`, "unexpected EOF"},
		{"two values", "/v1/restart", `{"nodes": ["worker-1"]} {}`, "there is more behind its end"},
		{"garbage behind", "/v1/restart", `{"nodes": ["worker-1"]} x`, "invalid character 'x' looking for beginning of value"},
		{"too large", "/v1/start", big, "http: request body too large"},
		{"too large deployment", "/v1/plan", big, "http: request body too large"},
		{"too large by blanks", "/v1/start", `{"nodes": []}` + strings.Repeat(" ", 1000), "http: request body too large"},
		{"timeout without unit", "/v1/start?timeout=5", `{}`, `time: missing unit in duration "5"`},
		{"no timeout", "/v1/start?timeout=soon", `{}`, `time: invalid duration "soon"`},
		{"timeout of no body", "/v1/shutdown?timeout=s", ``, `time: invalid duration "s"`},
	}
	for _, test := range tests {
		f := &fake{}
		l := usualLimits
		l.body = 1000
		r := ask(service{f, l}, "POST", test.target, test.body)
		got := errorIn(t, r)
		if r.StatusCode != http.StatusBadRequest || got.Kind != BadRequest || !strings.Contains(got.Message, test.want) {
			t.Errorf("%s: got %d, %+v, want %s", test.name, r.StatusCode, got, test.want)
		}
		if calls := f.called(); len(calls) > 0 || f.listening() > 0 {
			t.Errorf("%s: called %+v", test.name, calls)
		}
	}
	if usualLimits.body != 64<<20 {
		t.Errorf("the usual limit is %d bytes", usualLimits.body)
	}
}

// TestTooLarge shows that a client learns so who sends too much, in spite of the
// server's not reading on.
func TestTooLarge(t *testing.T) {
	t.Parallel()
	l := usualLimits
	l.body = 1000
	f := &fake{}
	s := serveWithin(t, f, l)
	d := supervisor.Deployment{Files: map[string]string{"file": strings.Repeat("x", 4<<20)}}
	_, err := s.client.Plan(t.Context(), d, supervisor.DeployOptions{})
	wantKind(t, "plan", err, BadRequest, "cannot understand request: http: request body too large")
	if calls := f.called(); len(calls) > 0 {
		t.Errorf("called %d times", len(calls))
	}
}

// TestUnknownCalls shows that there is nothing at other paths or for other
// methods.
func TestUnknownCalls(t *testing.T) {
	t.Parallel()
	tests := []struct {
		method, target string
		want           int
	}{
		{"GET", "/", 404},
		{"GET", "/v1", 404},
		{"GET", "/v1/nothing", 404},
		{"GET", "/v2/status", 404},
		{"POST", "/v1/status/", 404},
		{"POST", "/v1/status", 405},
		{"DELETE", "/v1/status", 405},
		{"GET", "/v1/plan", 405},
		{"GET", "/v1/deploy", 405},
		{"GET", "/v1/start", 405},
		{"PUT", "/v1/stop", 405},
		{"GET", "/v1/restart", 405},
		{"GET", "/v1/shutdown", 405},
	}
	for _, test := range tests {
		f := &fake{}
		r := ask(service{f, usualLimits}, test.method, test.target, "{}")
		if calls := f.called(); r.StatusCode != test.want || len(calls) > 0 {
			t.Errorf("%s %s: got %d, want %d; called %+v", test.method, test.target, r.StatusCode, test.want, calls)
		}
	}
}

// TestDefaults shows what a request means that says nothing: all nodes, and a
// sensible timeout.
func TestDefaults(t *testing.T) {
	t.Parallel()
	f := &fake{do: func(context.Context) (supervisor.Result, error) { return supervisor.Result{}, nil }}
	for _, body := range []string{"", "{}", `{"nodes": []}`} {
		r := ask(service{f, usualLimits}, "POST", "/v1/start", body)
		calls := f.called()
		if r.StatusCode != 200 || len(calls) != 1 || len(calls[0].patterns) > 0 {
			t.Errorf("%q: got %d, called %+v", body, r.StatusCode, calls)
			continue
		}
		const usual = 5 * time.Minute
		if got := calls[0].timeout; got > usual || got < usual-patience {
			t.Errorf("%q: timeout %v", body, got)
		}
	}
}

// dial connects to a server as a program that is not ours.
func dial(t *testing.T, dirs supervisor.Dirs) net.Conn {
	t.Helper()
	conn, err := net.Dial("unix", dirs.Socket())
	if err == nil {
		err = conn.SetDeadline(time.Now().Add(patience))
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// request writes an HTTP request as curl does.
func request(t *testing.T, conn net.Conn, method, target, body string) {
	t.Helper()
	head := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: localhost\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n", method, target)
	if body != "" {
		head += fmt.Sprintf("Content-Length: %d\r\nContent-Type: application/x-www-form-urlencoded\r\n", len(body))
	}
	if _, err := io.WriteString(conn, head+"\r\n"+body); err != nil {
		t.Fatal(err)
	}
}

// response reads the answer to a request.
func response(t *testing.T, from *bufio.Reader) (r *http.Response, body string) {
	t.Helper()
	r, err := http.ReadResponse(from, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r, string(text)
}

// TestCurl shows that the package comment is all that a program needs to know
// that is not ours, down to the keys, and with several requests on a connection.
func TestCurl(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	code := 42
	f := &fake{status: func() (supervisor.Status, error) {
		return supervisor.Status{
			Cluster:    "zeek",
			Supervisor: supervisor.SupervisorStatus{PID: 7, Version: "1", BaseDir: "/b", StartedAt: at, OnExit: "keep"},
			Nodes: []supervisor.NodeStatus{{
				Name: "worker-1", State: "ready", PID: 8, LastExit: &supervisor.ExitInfo{Code: &code, At: at}, CPUPercent: 0.5,
			}},
		}, nil
	}}
	f.do = func(context.Context) (supervisor.Result, error) {
		f.tell(supervisor.Event{Time: at, Node: "worker-1", From: "stopped", To: "starting", Cause: "start"})
		return supervisor.Result{Nodes: []supervisor.NodeResult{{Name: "worker-1", State: "ready", OK: true}}}, nil
	}
	f.plan = func() ([]supervisor.Change, error) { return nil, supervisor.Deployment{}.Check("/b") }
	s := serveFake(t, f)
	conn := dial(t, s.dirs)
	answers := bufio.NewReader(conn)
	tests := []struct {
		method, target, body string
		code                 int
		contentType, want    string
		called               call
	}{
		{
			"GET", "/v1/status?node=worker-*&node=manager", "", 200, "application/json",
			`{"cluster":"zeek","supervisor":{"pid":7,"version":"1","base_dir":"/b","started_at":"2026-01-02T03:04:05Z",` +
				`"on_supervisor_exit":"keep","message":"","metrics":"","generation":"","rolling":null},"nodes":[{"name":"worker-1","type":"","engine":"","host":"",` +
				`"state":"ready","pid":8,"started_at":null,"restarts":0,"last_exit":{"code":42,"signal":null,` +
				`"at":"2026-01-02T03:04:05Z"},"wanted":false,"outdated":false,"ready_seconds":null,"exits":null,"cpus":{"want":"","have":"","ok":false},"limits":null,"peers":null,"rss_bytes":0,` +
				`"cpu_percent":0.5,"cpu_seconds":0,"interface":"","port":0,"metrics_port":0,"metrics_at":"","generation":"","message":""}]}` + "\n",
			call{verb: "status", patterns: []string{"worker-*", "manager"}},
		},
		{
			"POST", "/v1/start?timeout=90s", `{"nodes": ["workers"]}`, 200, "application/x-ndjson",
			`{"event":{"time":"2026-01-02T03:04:05Z","node":"worker-1","from":"stopped","to":"starting","cause":"start"}}` + "\n" +
				`{"result":{"nodes":[{"name":"worker-1","state":"ready","ok":true,"message":""}],"timed_out":false}}` + "\n",
			call{verb: "start", patterns: []string{"workers"}},
		},
		{
			"POST", "/v1/shutdown", `{"keep_nodes": true}`, 200, "application/x-ndjson",
			`{"event":{"time":"2026-01-02T03:04:05Z","node":"worker-1","from":"stopped","to":"starting","cause":"start"}}` + "\n" +
				`{"result":{"nodes":[{"name":"worker-1","state":"ready","ok":true,"message":""}],"timed_out":false}}` + "\n",
			call{verb: "shutdown", keepNodes: true},
		},
		{
			"POST", "/v1/plan", `{}`, 400, "application/json",
			`{"error":{"kind":"bad request","message":"there are no nodes in it; zctl shutdown stops all nodes"}}` + "\n",
			call{verb: "plan"},
		},
		{"GET", "/v1/status", "", 200, "application/json", "", call{verb: "status"}},
	}
	for _, test := range tests {
		request(t, conn, test.method, test.target, test.body)
		r, body := response(t, answers)
		if r.StatusCode != test.code || r.Header.Get("Content-Type") != test.contentType || test.want != "" && body != test.want {
			t.Errorf("%s: got %d, %s\n%s\nwant %d, %s\n%s", test.target,
				r.StatusCode, r.Header.Get("Content-Type"), body, test.code, test.contentType, test.want)
		}
		calls := f.called()
		for i := range calls {
			calls[i].timeout = 0
		}
		if !reflect.DeepEqual(calls, []call{test.called}) {
			t.Errorf("%s: called %+v, want %+v", test.target, calls, test.called)
		}
	}
}

// TestEventsComeAtOnce shows that an event is on its way while the call goes on.
func TestEventsComeAtOnce(t *testing.T) {
	t.Parallel()
	heard := make(chan struct{})
	f := &fake{}
	f.do = func(ctx context.Context) (supervisor.Result, error) {
		f.tell(supervisor.Event{Cause: "one"})
		select {
		case <-heard:
			return supervisor.Result{}, nil
		case <-ctx.Done():
			return supervisor.Result{}, ctx.Err()
		}
	}
	s := serveFake(t, f)
	if _, err := s.client.Start(t.Context(), nil, patience, func(supervisor.Event) { close(heard) }); err != nil {
		t.Error(err)
	}
}

// TestClientGoesAway shows that a supervisor learns that nobody waits for the
// result any more.
func TestClientGoesAway(t *testing.T) {
	t.Parallel()
	begun, ended := make(chan struct{}), make(chan error, 1)
	f := &fake{do: func(ctx context.Context) (supervisor.Result, error) {
		close(begun)
		<-ctx.Done()
		ended <- ctx.Err()
		return supervisor.Result{}, ctx.Err()
	}}
	s := serveFake(t, f)
	conn := dial(t, s.dirs)
	request(t, conn, "POST", "/v1/start", "{}")
	receive(t, "the call", begun)
	conn.Close()
	if err := receive(t, "the end of the call", ended); !errors.Is(err, context.Canceled) {
		t.Errorf("ended by %v", err)
	}
}
