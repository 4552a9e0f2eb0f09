package tap

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"zctl/layoutgen"
	"zctl/nodes/event"
	"zctl/nodes/zmq"
)

// TestReady: whoever joins knows of all who had subscribed before, however many,
// at once.
func TestReady(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	first := join(t, b)
	xsub, err := zmq.ConnectXSub(b.ConnectXSub, zmq.Options{}, zmq.XSubHandler{})
	check(t, err)
	defer xsub.Close()
	const n = 2000
	for i := range n {
		check(t, xsub.Subscribe(fmt.Sprintf("topic/%04d", i)))
	}
	eventually(t, "all topics", func() bool { return len(first.Topics()) == n })
	for range 20 {
		v := join(t, b)
		if got := len(slices.DeleteFunc(v.Topics(), func(s string) bool { return s < "topic/" || s > "topic0" })); got != n {
			t.Fatalf("knows %d of %d topics", got, n)
		}
		check(t, v.Close())
	}
}

// TestMatching counts topics, not subscribers, and not our own.
func TestMatching(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	v := join(t, b)
	listen(t, b, v, "a", "a.b", "b")
	listen(t, b, v, "a", "a.b.c")
	for topic, want := range map[string][]string{
		"a.b":                                    {"a", "a.b"},
		"a.b.c":                                  {"a", "a.b", "a.b.c"},
		"c":                                      nil,
		"":                                       nil,
		"zeek.zeromq.internal." + v.ID() + ".1.": nil,
	} {
		if got := v.Matching(topic); !slices.Equal(got, want) {
			t.Errorf("%q goes to %q, want %q", topic, got, want)
		}
	}
}

// TestCloseFlushes: what was published before Close arrives, however large.
func TestCloseFlushes(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	v, publisher := join(t, b), join(t, b)
	tap := listen(t, b, v, "t")
	eventually(t, "the subscription", func() bool { return len(publisher.Matching("t")) == 1 })
	large := string(make([]byte, 10<<20))
	for range 3 {
		check(t, publisher.Publish("t", "s", event.FormatBin, bin("e", event.String(large))))
	}
	check(t, publisher.Close())
	take(t, tap, 3)
	if err := publisher.Publish("t", "s", event.FormatBin, nil); err == nil {
		t.Error("published after Close")
	}
}

// TestCloseSays what the loss of the broker means: more to who has published.
func TestCloseSays(t *testing.T) {
	t.Parallel()
	broker, err := zmq.ListenBroker(zmq.BrokerOptions{ListenXPub: "tcp://127.0.0.1:*", ListenXSub: "tcp://127.0.0.1:*"})
	check(t, err)
	t.Cleanup(func() { broker.Close() })
	b := layoutgen.Backend{ConnectXSub: broker.XPubEndpoint(), ConnectXPub: broker.XSubEndpoint()}
	visitor, publisher := join(t, b), join(t, b)
	check(t, publisher.Publish("t", "s", event.FormatBin, bin("e")))
	check(t, broker.Close())
	for v, want := range map[*Visit]string{visitor: "lost the broker at ", publisher: "what was published may not have arrived: lost the broker at "} {
		eventually(t, "the loss", func() bool { v.mu.Lock(); defer v.mu.Unlock(); return v.lost != nil })
		if err := v.Close(); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s…", err, want)
		}
	}
}

// TestOpenRefuses: there is no tap for what no topic can begin with.
func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	if tap, err := Open(startBroker(t).ConnectXSub, Options{Prefixes: []string{strings.Repeat("x", 10000)}}); err == nil || tap != nil {
		t.Errorf("%v, %v", tap, err)
	}
}

func TestParseArgs(t *testing.T) {
	t.Parallel()
	args, err := ParseArgs([]string{"42", "-1", `"text"`, "10.0.0.1", "443/tcp", "1.5sec", "T", "{1, 2}", "[]"})
	check(t, err)
	if got := (event.Event{Name: "e", Args: args}).String(); got != `e(42, -1, "text", 10.0.0.1, 443/tcp, 1.5 secs, T, {1, 2}, [])` {
		t.Error(got)
	}
	for in, want := range map[string]string{
		"text":   `cannot use argument 2, text: column 1: expected a value, got text; write a string as "text" and an enum as Module::NAME`,
		"[1, x]": `cannot use argument 2, [1, x]: column 5: expected a value, got x; write a string as "x" and an enum as Module::NAME`,
	} {
		if _, err := ParseArgs([]string{"1", in}); fmt.Sprint(err) != want {
			t.Errorf("%s: %v", in, err)
		}
	}
	const list = `[{"@data-type":"count","data":1}]`
	for _, typed := range []string{list, " " + list, `{"@data-type":"vector","data":` + list + `}`} {
		if args, err := ParseTypedArgs(typed); err != nil || len(args) != 1 || !args[0].Equal(event.Count(1)) {
			t.Errorf("%s: %v, %v", typed, args, err)
		}
	}
	for _, typed := range []string{"", "[", "1", `{"@data-type":"count","data":1}`, list + list} {
		if args, err := ParseTypedArgs(typed); err == nil {
			t.Errorf("%s: %v", typed, args)
		}
	}
	const pair = `{"@data-type":"vector","data":[{"@data-type":"count","data":200},{"@data-type":"string","data":"m"}]}`
	for typed, good := range map[string]bool{
		`{"@data-type":"none","data":{}}`:               true,
		`{"@data-type":"vector","data":[]}`:             true,
		`{"@data-type":"vector","data":[` + pair + `]}`: true,
		pair:                              false,
		`{"@data-type":"count","data":1}`: false,
		`{`:                               false,
	} {
		if _, err := ParseTypedMetadata(typed); (err == nil) != good {
			t.Errorf("%s: %v", typed, err)
		}
	}
}
