package client

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"zctl/nodes/websocket/frame"
)

// step is a frame of a conversation with a Zeek 8.1.2.
type step struct{ Dir, Data string }

// conversations is those that were recorded, by name, from their acknowledgement on.
func conversations(t testing.TB) map[string][]step {
	t.Helper()
	all := map[string][]step{}
	for line := range strings.Lines(recorded(t, "websocket.jsonl")) {
		var c struct {
			Name   string
			Frames []step
		}
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatal(err)
		}
		if len(c.Frames) > 1 && strings.Contains(c.Frames[1].Data, `"type":"ack"`) {
			all[c.Name] = c.Frames[1:]
		}
	}
	for line := range strings.Lines(recorded(t, "control-websocket.jsonl")) {
		var s step
		if err := json.Unmarshal([]byte(line), &s); err != nil {
			t.Fatal(err)
		}
		if s.Data != "" {
			all["control"] = append(all["control"], s)
		}
	}
	all["control"] = all["control"][1:]
	if len(all) < 15 {
		t.Fatalf("%d conversations, there are more", len(all))
	}
	return all
}

func recorded(t testing.TB, file string) string {
	t.Helper()
	text, err := os.ReadFile("../testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestRecordings: what a Zeek said in every recorded conversation arrives, and an event
// that was sent to it is sent as the same event.
func TestRecordings(t *testing.T) {
	t.Parallel()
	for name, steps := range conversations(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			z := newZeek(t)
			l, s := openLink(t, Options{URL: z.url()}, "any")
			p, _ := z.accept()
			var want []string
			for _, step := range steps {
				if step.Dir == "client" {
					send(t, l, p, s, want, step.Data)
					continue
				}
				p.text(step.Data)
				want = append(want, told(t, step.Data))
			}
			s.await(t, want...)
		})
	}
}

// told is what a Link tells of a frame.
func told(t *testing.T, data string) string {
	t.Helper()
	f, err := frame.Decode([]byte(data))
	switch {
	case err != nil:
		t.Fatal(err)
	case f.Ack != nil:
		return "connected " + f.Ack.Endpoint + " " + f.Ack.Version
	case f.Error != nil:
		return "error " + f.Error.Error()
	}
	return fmt.Sprintf("%s %v", f.Data.Topic, f.Data.Event)
}

// send sends what the recorded client sent, if that was an event at all.
func send(t *testing.T, l *Link, p *peer, s *seen, before []string, data string) {
	t.Helper()
	sent, _, err := frame.DecodeData([]byte(data), false)
	if err != nil {
		return
	}
	s.await(t, before...)
	if err := l.Publish(sent.Topic, sent.Event); err != nil {
		t.Fatal(err)
	}
	_, text := p.message()
	got, _, err := frame.DecodeData([]byte(text), true) // as Zeek reads it
	if err != nil || got.Topic != sent.Topic || string(got.Event.AppendExactJSON(nil)) != string(sent.Event.AppendExactJSON(nil)) {
		t.Errorf("sent %s: %v\nfor  %s", text, err, data)
	}
}

// FuzzTopic: the topic that is read in a hurry is the one of the whole message.
func FuzzTopic(f *testing.F) {
	for _, steps := range conversations(f) {
		for _, s := range steps {
			f.Add([]byte(s.Data))
		}
	}
	f.Add([]byte(`{"type":"data-message","topic":"\u0074","@data-type":"none"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		topic, usual := dataTopic(data)
		whole, err := frame.Decode(data)
		if usual && err == nil && (whole.Data == nil || whole.Data.Topic != topic) {
			t.Errorf("%q: topic %q", data, topic)
		}
	})
}
