package client

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestRefused: a server that does not want this client ends it, with what to do.
func TestRefused(t *testing.T) {
	t.Parallel()
	failed := func(code, context string) func(*peer) {
		return func(p *peer) {
			p.upgrade()
			p.text(fmt.Sprintf(`{"type":"error","code":%q,%s}`, code, context))
			p.close(1008, "whatever")
		}
	}
	tests := []struct {
		name  string
		serve func(*peer)
		want  string
	}{
		{"path", failed("invalid_uri", `"context":"Invalid URI - use /v1/messages/json"`), "invalid_uri: Invalid URI - use /v1/messages/json"},
		{"old Zeek", failed("invalid_uri", `"message":"Invalid URI - use /v1/messages/json"`), "invalid_uri: Invalid URI - use /v1/messages/json"},
		{"close", func(p *peer) { p.upgrade(); p.close(1008, "go away") }, "the server closed the connection: 1008 go away"},
		{"401", func(p *peer) { p.refuse("401 Unauthorized") }, "the server wants a token that it knows"},
		{"403", func(p *peer) { p.refuse("403 Forbidden") }, "the server does not let us in"},
		{"404", func(p *peer) { p.refuse("404 Not Found") }, "the server answers 404 Not Found; is that a WebSocket server"},
		{"redirect", func(p *peer) { p.refuse("302 Found\r\nLocation: http://127.0.0.1:1/") }, "the server answers 302 Found; is that"},
		{"other server", func(p *peer) { p.refuse("200 OK") }, "the server answers 200 OK; is that a WebSocket server"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			z := newZeek(t)
			l, _ := openLink(t, Options{URL: z.url()})
			test.serve(z.connection())
			select {
			case <-l.Done():
			case <-time.After(patience):
				t.Fatal("the link does not end")
			}
			var no *RefusedError
			if err := l.Err(); !errors.As(err, &no) || !strings.HasPrefix(err.Error(), "cannot use "+z.url()) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %s", err, test.want)
			}
		})
	}
}

// TestRunRefused: a client whose server does not want it ends.
func TestRunRefused(t *testing.T) {
	t.Parallel()
	z := newZeek(t)
	c, err := New(Options{URL: z.url()})
	if err != nil {
		t.Fatal(err)
	}
	ctx := soon(t)
	go func() {
		select {
		case p := <-z.conns:
			p.refuse("401 Unauthorized")
		case <-ctx.Done():
		}
	}()
	var no *RefusedError
	if err := c.Run(ctx); !errors.As(err, &no) || !strings.Contains(err.Error(), "wants a token") {
		t.Errorf("it ends with %v", err)
	}
	if _, is := c.Ack(); is {
		t.Error("it has an acknowledgement")
	}
}

// TestRefusedLater: once a server took us it may change its mind, and do so again.
func TestRefusedLater(t *testing.T) {
	t.Parallel()
	z := newZeek(t)
	_, s := openLink(t, Options{URL: z.url()})
	p, _ := z.acknowledged(0)
	p.close(1001, "Terminating")
	z.connection().refuse("401 Unauthorized")
	z.acknowledged(1)
	eventually(t, "the last connection", func() bool { return len(s.all()) == 4 })
	if all := s.all(); !strings.Contains(all[2], "wants a token") || all[3] != isConnected(1) {
		t.Errorf("got %q", all)
	}
}

// TestNotAcknowledged: a Zeek without a backend never answers (spec: websocket 3).
func TestNotAcknowledged(t *testing.T) {
	t.Parallel()
	z := newZeek(t)
	_, s := openLink(t, Options{URL: z.url(), Timeout: time.Second}, "t")
	z.accept()
	eventually(t, "the loss", func() bool { return len(s.all()) > 0 })
	if got := s.all()[0]; !strings.Contains(got, "the server did not acknowledge the subscriptions within 1s") {
		t.Errorf("got %q", got)
	}
}

// TestOptions: what cannot be is refused at once.
func TestOptions(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		o    Options
		want string
	}{
		{Options{}, `cannot use "" as the URL of a WebSocket server; it is like ws://`},
		{Options{URL: "http://x"}, "it is like ws://"},
		{Options{URL: "ws:///v1"}, "it is like ws://"},
		{Options{URL: "ws://a:b@x"}, "there is a token for that"},
		{Options{URL: "ws://x", ApplicationName: "bad name!"}, "letters, digits and /_-.=:*@"},
		{Options{URL: "ws://x", Token: "a\r\nb"}, "cannot use the token"},
	} {
		if _, err := New(test.o); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: %v, want %q", test.o, err, test.want)
		}
		if _, err := Open(test.o, nil, Handler{}); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: %v, want %q", test.o, err, test.want)
		}
	}
}
