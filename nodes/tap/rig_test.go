package tap

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"zctl/layoutgen"
	"zctl/nodes/event"
	"zctl/nodes/zmq"
)

// patience bounds every wait of these tests; nothing takes nearly as long.
const patience = time.Minute

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func eventually(t testing.TB, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if cond() {
			return
		}
	}
	t.Fatalf("waited in vain for: %s", what)
}

// startBroker is a broker of package zmq, and where it is.
func startBroker(t testing.TB) layoutgen.Backend {
	t.Helper()
	b, err := zmq.ListenBroker(zmq.BrokerOptions{ListenXPub: "tcp://127.0.0.1:*", ListenXSub: "tcp://127.0.0.1:*"})
	check(t, err)
	t.Cleanup(func() { b.Close() })
	return layoutgen.Backend{ConnectXSub: b.XPubEndpoint(), ConnectXPub: b.XSubEndpoint()}
}

func join(t testing.TB, b layoutgen.Backend) *Visit {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	v, err := Join(ctx, b, zmq.Options{Linger: patience})
	check(t, err)
	t.Cleanup(func() { v.Close() })
	return v
}

// listen opens a tap and waits until the bus knows what it subscribes, which
// should be what nobody else does.
func listen(t testing.TB, b layoutgen.Backend, v *Visit, prefixes ...string) *Tap {
	t.Helper()
	tap, err := Open(b.ConnectXSub, Options{Prefixes: prefixes})
	check(t, err)
	t.Cleanup(func() { tap.Close() })
	topics := subscriptions(tap.o.Prefixes)
	eventually(t, "the tap's subscriptions", func() bool {
		known := v.Topics()
		return !slices.ContainsFunc(topics, func(topic string) bool { return !slices.Contains(known, topic) })
	})
	return tap
}

// take waits for n messages.
func take(t testing.TB, tap *Tap, n int) []Message {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var all []Message
	for len(all) < n {
		some := tap.Take(ctx)
		if len(some) == 0 {
			t.Fatalf("%d messages came, not %d", len(all), n)
		}
		all = append(all, some...)
	}
	return all
}

// recordings is the events that a Zeek 8.1.2 cluster sent.
var recordings = sync.OnceValue(func() (payloads [][]byte) {
	f, err := os.Open("../event/testdata/events.jsonl")
	if err != nil {
		return nil
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r struct {
			PayloadHex string `json:"payload_hex"`
		}
		if json.Unmarshal(lines.Bytes(), &r) == nil {
			payload, _ := hex.DecodeString(r.PayloadHex)
			payloads = append(payloads, payload)
		}
	}
	return payloads
})

// bin is an event's payload.
func bin(name string, args ...event.Value) []byte {
	return event.Event{Name: name, Args: args}.Append(nil)
}
