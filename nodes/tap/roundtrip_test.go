package tap

import (
	"bytes"
	"encoding/json"
	"testing"

	"zctl/nodes/event"
)

// printed is the line that AppendJSON made of a message.
type printed struct {
	Time, Topic, Sender, Format, Event, Error string
	Args, Metadata                            json.RawMessage
	Frames                                    []string
}

func parseLine(t testing.TB, m Message) printed {
	t.Helper()
	var p printed
	line := m.Decode().AppendJSON(nil)
	if err := json.Unmarshal(line, &p); err != nil {
		t.Fatalf("not JSON: %v\n%s", err, line)
	}
	return p
}

// republish encodes what a line says.
func republish(t testing.TB, p printed) []byte {
	t.Helper()
	args, err := ParseTypedArgs(string(p.Args))
	check(t, err)
	metadata, err := ParseTypedMetadata(string(p.Metadata))
	check(t, err)
	return event.Event{Name: p.Event, Args: args, Metadata: metadata}.Append(nil)
}

// TestRoundTrip: what was tapped and is published again is the same to the bit,
// for all that Zeek sent, over a bus.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	payloads := recordings()
	if len(payloads) < 50 {
		t.Fatalf("only %d recordings", len(payloads))
	}
	b := startBroker(t)
	v := join(t, b)
	tap := listen(t, b, v, "first", "second")
	for _, payload := range payloads {
		check(t, v.Publish("first", "somebody", event.FormatBin, payload))
	}
	for i, m := range take(t, tap, len(payloads)) {
		p := parseLine(t, m)
		if p.Topic != "first" || p.Sender != "somebody" || p.Format != event.FormatBin || p.Error != "" || p.Frames != nil {
			t.Errorf("%d: %s", i, m.Decode().AppendJSON(nil))
		}
		check(t, v.Publish("second", p.Sender, p.Format, republish(t, p)))
	}
	for i, m := range take(t, tap, len(payloads)) {
		if m.Topic() != "second" || !bytes.Equal(m.Frames[3], payloads[i]) {
			t.Errorf("%d: %s\ngot  %x\nwant %x", i, m.Topic(), m.Frames[3], payloads[i])
		}
	}
}
