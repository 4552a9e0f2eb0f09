package api

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"zctl/supervisor"
)

// calls is a call of either sort, as a client makes it that does not care for
// the answer.
var calls = map[string]func(*Client, context.Context) error{
	"status": func(c *Client, ctx context.Context) error { _, err := c.Status(ctx, nil); return err },
	"plan": func(c *Client, ctx context.Context) error {
		_, err := c.Plan(ctx, supervisor.Deployment{}, supervisor.DeployOptions{})
		return err
	},
	"start": func(c *Client, ctx context.Context) error {
		_, err := c.Start(ctx, nil, time.Minute, nil)
		return err
	},
}

// wantKind checks the kind of an error and, if it has to be known, its message.
func wantKind(t *testing.T, what string, err error, kind Kind, message string) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || e.Kind != kind || message != "" && e.Message != message {
		t.Errorf("%s: got %#v, want %s: %s", what, err, kind, message)
	}
}

// TestNobodyThere shows what a client says of a supervisor that does not run,
// with the socket that a killed one leaves behind and without.
func TestNobodyThere(t *testing.T) {
	t.Parallel()
	dirs := newDirs(t)
	for name, call := range calls {
		wantKind(t, name, call(NewClient(dirs), t.Context()), Unavailable,
			"cannot reach the supervisor of "+string(dirs)+": connect: no such file or directory")
	}
	l := listen(t, dirs)
	l.SetUnlinkOnClose(false)
	l.Close()
	for name, call := range calls {
		wantKind(t, name, call(NewClient(dirs), t.Context()), Unavailable,
			"cannot reach the supervisor of "+string(dirs)+": connect: connection refused")
	}
}

func listen(t *testing.T, dirs supervisor.Dirs) *net.UnixListener {
	t.Helper()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: dirs.Socket(), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// impostor answers every request with the same text and hangs up, or with
// nothing at all and stays.
func impostor(t *testing.T, answer string) *Client {
	t.Helper()
	dirs := newDirs(t)
	l := listen(t, dirs)
	over := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			r, err := http.ReadRequest(bufio.NewReader(conn))
			if err == nil {
				io.Copy(io.Discard, r.Body)
			}
			if answer == silence {
				<-over
			} else {
				io.WriteString(conn, strings.ReplaceAll(answer, "\n", "\r\n"))
			}
			conn.Close()
		}
	}()
	t.Cleanup(func() {
		close(over)
		l.Close()
		<-done
	})
	return NewClient(dirs)
}

const silence = "silence"

// TestDiesWhileAnswering shows that a supervisor that ends, or goes mad, at any
// point of an answer is noticed.
func TestDiesWhileAnswering(t *testing.T) {
	t.Parallel()
	const ended = "the supervisor of DIR ended before it could answer"
	tests := []struct{ name, answer, message string }{
		{"before its answer", "", ended},
		{"in the head", "HTTP/1.1 200 OK\nContent-Le", ""},
		{"before the body", "HTTP/1.1 200 OK\nContent-Length: 100\n\n", ended},
		{"in the body", "HTTP/1.1 200 OK\nContent-Length: 100\n\n{\"event\": {\"cause\"", ended},
		{"in a chunk", "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n1c\n{\"event\": {", ended},
		{"without a result", "HTTP/1.1 200 OK\nContent-Length: 0\n\n", ended},
		{"no JSON", "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", ""},
		{"no HTTP", "hello\n", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client := impostor(t, test.answer)
			for name, call := range calls {
				// Anew for each: it hangs up without saying so.
				err := call(NewClient(client.dirs), t.Context())
				wantKind(t, name, err, Unavailable, strings.ReplaceAll(test.message, "DIR", string(client.dirs)))
			}
		})
	}
}

// TestEventsBeforeDeath shows that what a supervisor says before it dies is not
// lost.
func TestEventsBeforeDeath(t *testing.T) {
	t.Parallel()
	client := impostor(t, "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n1b\n{\"event\": {\"cause\": \"one\"}}\n")
	var told []string
	_, err := client.Start(t.Context(), nil, time.Minute, func(e supervisor.Event) { told = append(told, e.Cause) })
	wantKind(t, "start", err, Unavailable, "the supervisor of "+string(client.dirs)+" ended before it could answer")
	if len(told) != 1 || told[0] != "one" {
		t.Errorf("told %q", told)
	}
}

// TestStrangeAnswers shows what becomes of answers that another version may
// give: an error that is none of ours, and lines that we do not know.
func TestStrangeAnswers(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"hello", "", "{}", `{"error": null}`, `{"result": {}}`} {
		client := impostor(t, "HTTP/1.1 418 I'm a teapot\nConnection: close\n\n"+body)
		for name, call := range calls {
			wantKind(t, name+" answered with "+body, call(client, t.Context()), Failed, "the supervisor answers 418 I'm a teapot")
		}
	}
	const lines = `{"news": 1} {"event": {"cause": "one", "more": 2}} {"result": {"timed_out": true, "more": 3}}`
	client := impostor(t, "HTTP/1.1 200 OK\nConnection: close\n\n"+lines)
	result, err := client.Start(t.Context(), nil, time.Minute, nil)
	if err != nil || !result.TimedOut {
		t.Errorf("got %+v, %v", result, err)
	}
}

// TestTimedOut shows that no call waits for ever for a supervisor that says
// nothing: not longer than the caller wants, and not longer than is sensible.
func TestTimedOut(t *testing.T) {
	t.Parallel()
	const short = 20 * time.Millisecond
	for name, call := range calls {
		client := impostor(t, silence)
		message := "the supervisor of " + string(client.dirs) + " does not answer in time"
		ctx, cancel := context.WithTimeout(t.Context(), short)
		defer cancel()
		wantKind(t, name+" of a caller in a hurry", call(client, ctx), TimedOut, message)

		client.lookTimeout = short
		client.grace = short - time.Minute // what calls has as timeout
		wantKind(t, name+" of a patient caller", call(client, t.Context()), TimedOut, message)
	}
	if c := NewClient("/"); c.lookTimeout != lookTimeout || c.grace != grace {
		t.Errorf("a client waits for %v and %v", c.lookTimeout, c.grace)
	}
}

// TestTimedOutWhileAnswering shows the same for one that has begun to answer.
func TestTimedOutWhileAnswering(t *testing.T) {
	t.Parallel()
	f := &fake{}
	f.do = func(ctx context.Context) (supervisor.Result, error) {
		f.tell(supervisor.Event{Cause: "one"})
		<-ctx.Done()
		return supervisor.Result{}, ctx.Err()
	}
	s := serveFake(t, f)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	s.client.grace = -time.Minute
	_, err := s.client.Start(ctx, nil, time.Minute+50*time.Millisecond, func(supervisor.Event) {})
	wantKind(t, "start", err, TimedOut, "")
}

// TestCanceled shows that a caller who gives up gets context.Canceled, and that
// the supervisor learns of it.
func TestCanceled(t *testing.T) {
	t.Parallel()
	for _, speaks := range []bool{false, true} {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		begun, ended := make(chan struct{}), make(chan error, 1)
		f := &fake{}
		f.do = func(ctx context.Context) (supervisor.Result, error) {
			if speaks {
				f.tell(supervisor.Event{Cause: "one"})
			} else {
				cancel()
			}
			close(begun)
			<-ctx.Done()
			ended <- ctx.Err()
			return supervisor.Result{}, ctx.Err()
		}
		s := serveFake(t, f)
		_, err := s.client.Start(ctx, nil, time.Minute, func(supervisor.Event) { cancel() })
		if err != context.Canceled {
			t.Errorf("speaks %t: got %v", speaks, err)
		}
		receive(t, "the call", begun)
		if err := receive(t, "the supervisor to learn of it", ended); !errors.Is(err, context.Canceled) {
			t.Errorf("speaks %t: the supervisor is told %v", speaks, err)
		}
	}

	ctx, cancel := context.WithCancel(t.Context())
	stay := make(chan struct{})
	defer close(stay)
	f := &fake{status: func() (supervisor.Status, error) { cancel(); <-stay; return supervisor.Status{}, nil }}
	if _, err := serveFake(t, f).client.Status(ctx, nil); err != context.Canceled {
		t.Errorf("status: got %v", err)
	}
}
