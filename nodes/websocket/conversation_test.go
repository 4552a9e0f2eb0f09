package websocket_test

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"zctl/nodes/event"
	"zctl/nodes/websocket"
)

// conversation is what a client and a real Zeek 8.1.2 said to each other.
type conversation struct {
	Name, Path string
	Headers    map[string]string
	Frames     []struct {
		Dir, Data string
		Binary    bool
	}
	Close *struct {
		Code   int
		Reason string
	}
}

func conversations(t testing.TB) (all []conversation) {
	t.Helper()
	data, err := os.ReadFile("testdata/websocket.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		var c conversation
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	if len(all) < 23 {
		t.Fatalf("there are %d conversations", len(all))
	}
	return all
}

// declared is the events of the scripts that ran in the recordings' Zeek.
var declared = websocket.Events{
	"WSV::ping": {reflect.TypeFor[string](), reflect.TypeFor[uint64]()},
	"WSV::all": {
		reflect.TypeFor[bool](), reflect.TypeFor[int64](), reflect.TypeFor[uint64](), reflect.TypeFor[float64](),
		reflect.TypeFor[time.Time](), reflect.TypeFor[time.Duration](), reflect.TypeFor[string](),
		reflect.TypeFor[event.Port](), reflect.TypeFor[event.Value](), reflect.TypeFor[event.Value](),
		reflect.TypeFor[event.Enum](), reflect.TypeFor[map[string]struct{}](), reflect.TypeFor[map[string]uint64](),
		reflect.TypeFor[[]uint64](),
	},
}

// Every conversation gives the same frames, ids aside, with Zeek's strictness. Where
// the recording's client had not read the error of a connection that was closed at
// once, the error comes (spec: websocket 8).
func TestConversations(t *testing.T) {
	t.Parallel()
	for _, c := range conversations(t) {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			want := c.server()
			switch c.Name {
			case "bad-path-root":
				want = []string{`{"type":"error","code":"invalid_uri","context":"Invalid URI - use /v1/messages/json"}`}
			case "bad-app-name":
				want = []string{`{"type":"error","code":"invalid_application_name","context":"Invalid X-Application-Name"}`}
			}
			replay(t, c, want, websocket.ListenOptions{Strict: true, Events: declared})
		})
	}
}

// By default what Zeek refuses because it does not know it, or because it reads less
// than it could, goes through; everything else is the same.
func TestConversationsByDefault(t *testing.T) {
	t.Parallel()
	passed := []string{"unknown-event", "wrong-arity", "wrong-arg-type", "message-real-integer", "message-timespan-day"}
	for _, c := range conversations(t) {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			want := c.server()
			switch {
			case slices.Contains(passed, c.Name):
				want = want[:1] // the ack
			case c.Name == "bad-path-root" || c.Name == "bad-app-name":
				return // the same with and without strictness, see TestConversations
			}
			replay(t, c, want, websocket.ListenOptions{})
		})
	}
}

// server is the frames of Zeek.
func (c conversation) server() (frames []string) {
	for _, f := range c.Frames {
		if f.Dir == "server" {
			frames = append(frames, f.Data)
		}
	}
	return frames
}

// replay says what the client said, each message when all that came before it in the
// recording has come, and compares what it hears.
func replay(t *testing.T, c conversation, want []string, o websocket.ListenOptions) {
	s := serve(t, websocket.Options{Version: "8.1.2"}, o)
	s.host(t)
	var header []string
	for key, value := range c.Headers {
		header = append(header, key+": "+value)
	}
	client := dial(t, s.addr, c.Path, header...)
	heard := 0
	hear := func() {
		if got := client.hear(); withoutID(got) != withoutID(want[heard]) {
			t.Errorf("frame %d:\ngot  %s\nwant %s", heard, got, want[heard])
		}
		heard++
	}
	for _, f := range c.Frames {
		switch {
		case f.Dir == "server" && heard < len(want):
			hear()
		case f.Dir == "client" && f.Binary:
			data, _ := hex.DecodeString(f.Data)
			client.frame(0x80|opBinary, string(data))
		case f.Dir == "client":
			client.text(f.Data)
		}
	}
	for heard < len(want) {
		hear()
	}
	ending(t, client, c)
}

// ending sees that no frame is left, and how the connection ends: as in the recording,
// or as the client wants it, with its code and reason.
func ending(t *testing.T, client *rawClient, c conversation) {
	t.Helper()
	code, reason := 1000, "that's all"
	if c.Close != nil {
		code, reason = c.Close.Code, c.Close.Reason
	} else {
		client.close(code, reason)
	}
	if gotCode, gotReason := client.closed(); gotCode != code || gotReason != reason {
		t.Errorf("closed with %d %q, want %d %q", gotCode, gotReason, code, reason)
	}
}

var endpoint = regexp.MustCompile(`"endpoint":"[^"]*-websocket-[0-9]+"`)

func withoutID(frame string) string { return endpoint.ReplaceAllString(frame, `"endpoint":""`) }
