package tap

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"zctl/nodes/websocket/client"
	"zctl/nodes/websocket/frame"
)

// webSocketServer sends each client what is said, after its subscriptions, and then what
// else comes through the channel that it returns.
func webSocketServer(t *testing.T, first string) (o client.Options, subscribed chan string, more chan string) {
	t.Helper()
	subscribed, more = make(chan string, 10), make(chan string)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer conn.CloseNow()
		_, topics, err := conn.Read(r.Context())
		if err != nil {
			return
		}
		subscribed <- string(topics)
		ctx := conn.CloseRead(context.Background())
		for text := first; conn.Write(ctx, websocket.MessageText, []byte(text)) == nil; {
			select {
			case text = <-more:
			case <-ctx.Done():
				return
			}
			if text == "" {
				return
			}
		}
	}))
	t.Cleanup(server.CloseClientConnections)
	return client.Options{URL: "ws" + strings.TrimPrefix(server.URL, "http")}, subscribed, more
}

func zeekMessage(topic, arg string) string {
	return fmt.Sprintf(`{"type":"data-message","topic":"%s","@data-type":"vector","data":[{"@data-type":"count","data":1},{"@data-type":"count","data":1},{"@data-type":"vector","data":[{"@data-type":"string","data":"ev"},{"@data-type":"vector","data":[%s]}]}]}`, topic, arg)
}

// TestWebSocket: a tap hears what a server passes on, a Zeek's that is no JSON, too;
// it may pause, and comes back when it is thrown out.
func TestWebSocket(t *testing.T) {
	t.Parallel()
	o, subscribed, more := webSocketServer(t, `{"type":"ack","endpoint":"zeromq_manager_h_1_N-websocket-0","version":"8.1.2"}`)
	errs, lost, back := make(chan string, 10), make(chan string, 10), make(chan string, 10)
	o.OnError = func(e *frame.Error) { errs <- e.Error() }
	tap, err := OpenWebSocket(o, Options{
		Prefixes: []string{"zv.", "zeek.cluster.nodeid."},
		Lost:     func(err error) { lost <- err.Error() }, Back: func() { back <- "back" },
	})
	check(t, err)
	t.Cleanup(func() { tap.Close() })
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	check(t, tap.Await(ctx))
	if got := next(t, subscribed); got != `["zv.","zeek.cluster.nodeid"]` {
		t.Errorf("subscribed %s", got)
	}
	more <- zeekMessage("zv.a", `{"@data-type":"real","data":nan},{"@data-type":"string","data":"`+"\x01"+`\v"}`)
	more <- zeekMessage("zeek.cluster.nodeid", "") // nobody asked for that
	more <- `{"type":"error","code":"broker_error","context":"whatever"}`
	more <- zeekMessage("zv.b", `{"@data-type":"money","data":1}`)
	all := take(t, tap, 2)
	if d := all[0].Decode(); d.Err != nil || d.Event.String() != `ev(nan, "\x01\v")` || d.Topic() != "zv.a" || d.Sender() != "" || d.Format() != "broker-json-v1" {
		t.Errorf("heard %s", d.AppendText(nil))
	}
	if text := string(all[1].Decode().AppendText(nil)); !strings.Contains(text, "  -  zv.b  cannot decode event: ") || !strings.Contains(text, "money") {
		t.Errorf("heard %s", text)
	}
	if got := next(t, errs); got != "broker_error: whatever" {
		t.Errorf("the server says %s", got)
	}
	more <- "" // hangs up
	next(t, subscribed)
	if text := next(t, lost) + next(t, back); !strings.HasPrefix(text, "lost ws://") {
		t.Error(text)
	}
	check(t, tap.Pause())
	check(t, tap.Resume())
	next(t, subscribed)
	next(t, back)
	more <- zeekMessage("zv.c", "")
	if got := take(t, tap, 1)[0].Topic(); got != "zv.c" {
		t.Errorf("heard %s", got)
	}
}

// TestWebSocketRefused: a server that does not want a tap says so at once.
func TestWebSocketRefused(t *testing.T) {
	t.Parallel()
	o, _, _ := webSocketServer(t, `{"type":"error","code":"invalid_uri","context":"Invalid URI - use /v1/messages/json"}`)
	tap, err := OpenWebSocket(o, Options{})
	check(t, err)
	defer tap.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var unreachable *UnreachableError
	if err := tap.Await(ctx); ctx.Err() != nil || !errors.As(err, &unreachable) || !strings.Contains(err.Error(), "cannot use "+o.URL+"/v1/messages/json: invalid_uri: ") {
		t.Errorf("%v", err)
	}
	if _, err := OpenWebSocket(client.Options{URL: "http://x"}, Options{}); err == nil {
		t.Error("opened a tap at http://x")
	}
}

func next(t *testing.T, texts <-chan string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	select {
	case text := <-texts:
		return text
	case <-ctx.Done():
		t.Fatal("nothing comes")
		return ""
	}
}
