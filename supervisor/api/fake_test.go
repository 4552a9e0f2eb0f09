package api

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"zctl/supervisor"
)

// patience is how long a test waits for what must happen.
const patience = time.Minute

// eventually waits until something is so.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("after %v still not so: %s", patience, what)
		}
	}
}

// receive takes from a channel, but does not wait for ever.
func receive[T any](t *testing.T, what string, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		t.Fatalf("after %v still waiting for %s", patience, what)
		panic("unreachable")
	}
}

// call is one call of a supervisor.
type call struct {
	verb       string
	patterns   []string
	deployment supervisor.Deployment
	options    supervisor.DeployOptions
	keepNodes  bool
	timeout    time.Duration // of what takes long
}

// fake is a supervisor that notes how it is called and does what the test says.
type fake struct {
	status func() (supervisor.Status, error)
	plan   func() ([]supervisor.Change, error)
	do     func(context.Context) (supervisor.Result, error) // what takes long

	diagnosis supervisor.Diagnosis

	mu        sync.Mutex // guards what follows
	calls     []call
	listeners []*func(supervisor.Event)
}

func (f *fake) note(c call) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, c)
}

// called is every call since the last time.
func (f *fake) called() []call {
	f.mu.Lock()
	defer f.mu.Unlock()
	calls := f.calls
	f.calls = nil
	return calls
}

func (f *fake) Status(patterns []string) (supervisor.Status, error) {
	f.note(call{verb: "status", patterns: patterns})
	return f.status()
}

func (f *fake) Diagnose(node, crash string) (supervisor.Diagnosis, error) {
	f.note(call{verb: "diag", patterns: []string{node, crash}})
	return f.diagnosis, nil
}

func (f *fake) Plan(d supervisor.Deployment, o supervisor.DeployOptions) ([]supervisor.Change, error) {
	f.note(call{verb: "plan", deployment: d, options: o})
	return f.plan()
}

func (f *fake) long(ctx context.Context, c call) (supervisor.Result, error) {
	if deadline, ok := ctx.Deadline(); ok {
		c.timeout = time.Until(deadline)
	}
	f.note(c)
	return f.do(ctx)
}

func (f *fake) Deploy(ctx context.Context, d supervisor.Deployment, o supervisor.DeployOptions) (supervisor.Result, error) {
	return f.long(ctx, call{verb: "deploy", deployment: d, options: o})
}

func (f *fake) Start(ctx context.Context, patterns []string) (supervisor.Result, error) {
	return f.long(ctx, call{verb: "start", patterns: patterns})
}

func (f *fake) Stop(ctx context.Context, patterns []string) (supervisor.Result, error) {
	return f.long(ctx, call{verb: "stop", patterns: patterns})
}

func (f *fake) Restart(ctx context.Context, patterns []string) (supervisor.Result, error) {
	return f.long(ctx, call{verb: "restart", patterns: patterns})
}

func (f *fake) Shutdown(ctx context.Context, keepNodes bool) (supervisor.Result, error) {
	return f.long(ctx, call{verb: "shutdown", keepNodes: keepNodes})
}

func (f *fake) Listen(listener func(supervisor.Event)) (stop func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.listeners = append(f.listeners, &listener)
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.listeners = slices.DeleteFunc(f.listeners, func(l *func(supervisor.Event)) bool { return l == &listener })
	}
}

// tell tells the listeners what happens, as a supervisor does that must not be
// kept waiting.
func (f *fake) tell(e supervisor.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, l := range f.listeners {
		(*l)(e)
	}
}

// listening is how many want to be told.
func (f *fake) listening() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.listeners)
}

// newDirs makes a base directory whose name leaves room for that of a socket.
func newDirs(t *testing.T) supervisor.Dirs {
	t.Helper()
	dir, err := os.MkdirTemp("", "z")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	dirs := supervisor.Dirs(dir)
	if err := dirs.Make(); err != nil {
		t.Fatal(err)
	}
	return dirs
}

// served is a server under test.
type served struct {
	dirs   supervisor.Dirs
	client *Client
	close  func() error // of the server, as often as you like
}

func serveFake(t *testing.T, f *fake) *served {
	t.Helper()
	return serveWithin(t, f, usualLimits)
}

func serveWithin(t *testing.T, f *fake, l limits) *served {
	t.Helper()
	dirs := newDirs(t)
	server, err := serve(dirs.Socket(), service{f, l}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	s := &served{dirs, NewClient(dirs), sync.OnceValue(server.Close)}
	t.Cleanup(func() { s.close() })
	return s
}

// filled is a value of which nothing is zero, and no two parts the same as far
// as their types allow.
func filled[T any]() T {
	var v T
	n := 0
	fill(reflect.ValueOf(&v).Elem(), &n)
	return v
}

func fill(v reflect.Value, n *int) {
	*n++
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprintf("text %d", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(*n))
	case reflect.Float64:
		v.SetFloat(float64(*n) + 0.5)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), n)
		fill(v.Index(1), n)
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, n)
		fill(value, n)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Unix(int64(*n), 123456789).UTC()))
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	default:
		panic("cannot fill a " + v.Type().String())
	}
}
