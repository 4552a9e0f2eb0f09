package client

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"zctl/nodes/websocket/frame"
)

// patience is how long anything may take on a machine that is busy with other things.
const patience = 60 * time.Second

// seen is what happened, in order.
type seen struct {
	mu    sync.Mutex // guards lines
	lines []string
}

func (s *seen) add(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, fmt.Sprintf(format, args...))
}

func (s *seen) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.lines...)
}

// await waits until just these lines are there.
func (s *seen) await(t *testing.T, want ...string) {
	t.Helper()
	eventually(t, fmt.Sprintf("%q", want), func() bool { return len(s.all()) >= len(want) }, func() string { return fmt.Sprintf("%q", s.all()) })
	if got := s.all(); fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
		t.Fatalf("got  %q\nwant %q", got, want)
	}
}

func eventually(t *testing.T, what string, cond func() bool, got ...func() string) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if cond() {
			return
		}
	}
	for _, f := range got {
		what += ", got " + f()
	}
	t.Fatalf("waited in vain for %s", what)
}

// openLink opens a link that writes down what it tells.
func openLink(t *testing.T, o Options, topics ...string) (*Link, *seen) {
	t.Helper()
	var s seen
	if o.OnError == nil {
		o.OnError = func(e *frame.Error) { s.add("error %v", e) }
	}
	l, err := Open(o, topics, Handler{
		Connected: func(a frame.Ack) { s.add("connected %s %s", a.Endpoint, a.Version) },
		Lost:      func(err error) { s.add("%v", err) },
		Message: func(m Message) {
			ev, err := m.Event()
			if err != nil {
				s.add("%s: %v", m.Topic, err)
				return
			}
			s.add("%s %v", m.Topic, ev)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l, &s
}

// run runs a client until the test ends.
func run(t *testing.T, c *Client) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("the client ended with %v", err)
			}
		case <-time.After(patience):
			t.Error("the client does not end")
		}
	})
}

func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}
