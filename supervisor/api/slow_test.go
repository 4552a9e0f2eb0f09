package api

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"zctl/supervisor"
)

// manyEvents is a supervisor in which more happens during a call than any queue
// or socket takes. told is closed when the supervisor has told it all.
func manyEvents() (f *fake, told chan struct{}, events int) {
	const many = 10 * queuedLines
	told = make(chan struct{})
	f = &fake{}
	f.do = func(context.Context) (supervisor.Result, error) {
		for i := range many {
			f.tell(supervisor.Event{Node: fmt.Sprint(i), Cause: strings.Repeat("x", 1000)})
		}
		close(told)
		return filled[supervisor.Result](), nil
	}
	return f, told, many
}

// TestSlowClient shows that a client that reads nothing for a while keeps nobody
// waiting, and that it then gets the events that there was room for, in order,
// and the result.
func TestSlowClient(t *testing.T) {
	t.Parallel()
	f, told, many := manyEvents()
	s := serveFake(t, f)
	conn := dial(t, s.dirs)
	request(t, conn, "POST", "/v1/start", "{}")
	receive(t, "the supervisor", told)

	r, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	events, last := 0, -1
	for lines := json.NewDecoder(r.Body); ; events++ {
		var l line
		if err := lines.Decode(&l); err != nil {
			t.Fatalf("after %d events: %v", events, err)
		}
		if l.Result != nil {
			break
		}
		n := -1
		if fmt.Sscan(l.Event.Node, &n); n <= last {
			t.Errorf("event %d came after %d", n, last)
		}
		last = n
	}
	if events < queuedLines || events >= many {
		t.Errorf("got %d of %d events", events, many)
	}
}

// TestDeafClient shows that a client that never reads is given up: whether
// events, a result or a status wait for it, it does not keep the server from
// closing.
func TestDeafClient(t *testing.T) {
	t.Parallel()
	l := usualLimits
	l.write = 50 * time.Millisecond
	f, told, _ := manyEvents()
	asked := make(chan struct{}, 1)
	f.status = func() (supervisor.Status, error) {
		asked <- struct{}{}
		return supervisor.Status{Cluster: strings.Repeat("x", 8<<20)}, nil
	}
	s := serveWithin(t, f, l)
	request(t, dial(t, s.dirs), "POST", "/v1/start", "{}")
	receive(t, "the supervisor", told)
	eventually(t, "nobody listens", func() bool { return f.listening() == 0 })
	request(t, dial(t, s.dirs), "GET", "/v1/status", "")
	receive(t, "the status", asked)
	if err := s.close(); err != nil {
		t.Error(err)
	}
}

// TestLongAnswer shows that an answer may take longer than each of its lines.
func TestLongAnswer(t *testing.T) {
	t.Parallel()
	l := usualLimits
	l.read, l.write = time.Second, time.Second
	f := &fake{}
	f.do = func(ctx context.Context) (supervisor.Result, error) {
		for range 3 {
			select {
			case <-time.After(l.write / 2): // the time is what is tested
			case <-ctx.Done():
				return supervisor.Result{}, ctx.Err()
			}
			f.tell(supervisor.Event{Cause: "one"})
		}
		return supervisor.Result{}, nil
	}
	s := serveWithin(t, f, l)
	events := 0
	_, err := s.client.Start(t.Context(), nil, time.Minute, func(supervisor.Event) { events++ })
	if err != nil || events != 3 {
		t.Errorf("got %d events, %v", events, err)
	}
}

// TestMuteClient shows that a client that does not say what it wants is hung up
// on, wherever it stops.
func TestMuteClient(t *testing.T) {
	t.Parallel()
	l := usualLimits
	l.read = 300 * time.Millisecond
	f := &fake{do: func(context.Context) (supervisor.Result, error) { return supervisor.Result{}, nil }}
	s := serveWithin(t, f, l)
	for _, text := range []string{
		"POST /v1/st",
		"POST /v1/start HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
	} {
		conn := dial(t, s.dirs)
		if _, err := io.WriteString(conn, text); err != nil {
			t.Fatal(err)
		}
		if answer, err := io.ReadAll(conn); err != nil {
			t.Errorf("%q: got %q, %v", text, answer, err)
		}
	}
	if calls := f.called(); len(calls) > 0 {
		t.Errorf("called %+v", calls)
	}
}
