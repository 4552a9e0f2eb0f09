package tap

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"zctl/nodes/event"
	"zctl/nodes/zmq"
)

// harmless fails for a line that does something to a terminal.
func harmless(t testing.TB, line []byte) {
	t.Helper()
	body, whole := bytes.CutSuffix(line, []byte("\n"))
	if !whole {
		t.Errorf("no line: %q", line)
	}
	if !utf8.Valid(body) || bytes.ContainsFunc(body, func(r rune) bool { return !unicode.IsPrint(r) }) {
		t.Errorf("unprintable: %q", line)
	}
}

func message(frames ...string) Message {
	m := Message{Time: time.Unix(1, 5)}
	for _, f := range frames {
		m.Frames = append(m.Frames, []byte(f))
	}
	return m
}

// TestHostile: whatever is sent is shown, and does nothing to a terminal.
func TestHostile(t *testing.T) {
	t.Parallel()
	nasty := "\x1b]0;title\x07\u009b31m\u202e\xff\x00\n\x7f\U000e0001"
	good := string(bin("Mod::ev", event.String(nasty), event.EnumValue(event.Enum(nasty))))
	for _, test := range []struct {
		m             Message
		text, jsonHas string // parts of the two forms
	}{
		{message("t", "s", event.FormatBin, good), `\x1b]0;title\a\u009b31m\u202e\xff\x00\n\x7f\U000e0001"`, `{"@base64":"`},
		{message(nasty, "s", event.FormatBin, good), `\x1b]0;title\a\u009b31m\u202e\xff\x00\n\x7f\U000e0001`, `\u001b]0;title\u0007\u009b31m\u202e\ufffd\u0000\n\u007f\udb40\udc01","sender`},
		{message("t", nasty, event.FormatBin, good), `\U000e0001  t  Mod::ev(`, `"frames":["74","1b5d`},
		{message("t", "s", nasty, good), `cannot decode event: format "`, `"error":"cannot decode event: format`},
		{message("t", "s", event.FormatBin, nasty), `1b5d303b7469746c6507`, `"error":"cannot decode event: offset 0`},
		{message("t", "s", event.FormatBin, string(bin(nasty))), `\n\x7f\U000e0001()`, `"frames":[`},
		{message("t"), "t  no event: 1 frames", `"frames":["74"]`},
		{message(""), "-  -  no event: 1 frames", `"frames":[""]`},
		{message("t", "s", "f", "p", "q"), `no event: 5 frames, not topic, sender, format and payload: "s" "f" "p" "q"`, `"frames":["74","73","66","70","71"]`},
		{message("t", "s", event.FormatBin, ""), "expected a value, got the end", `"frames":[`},
		{message("t", "s", event.FormatJSON, `{"@data-type":`), "cannot decode event", `"format":"broker-json-v1","error"`},
	} {
		text, line := test.m.Decode().AppendText(nil), test.m.Decode().AppendJSON(nil)
		harmless(t, text)
		harmless(t, line)
		if !strings.Contains(string(text), test.text) {
			t.Errorf("%s does not have %s", text, test.text)
		}
		if !strings.Contains(string(line), test.jsonHas) {
			t.Errorf("%s does not have %s", line, test.jsonHas)
		}
		parseLine(t, test.m)
	}
}

// TestLogLine: neither does a line of a log, but for the tabs between fields.
func TestLogLine(t *testing.T) {
	t.Parallel()
	l := LogLine{Time: time.Unix(1, 5), Logger: "logger-1", File: "conn.log", Line: "a\tb\x1b[2J\u009b\xff"}
	text := l.AppendText(nil)
	if want := "  logger-1  conn.log  a\tb\\x1b[2J\\u009b\\xff\n"; !strings.HasSuffix(string(text), want) {
		t.Errorf("%q does not end with %q", text, want)
	}
	harmless(t, bytes.ReplaceAll(text, []byte("\t"), nil))
	line := l.AppendJSON(nil)
	harmless(t, line)
	var back struct{ Time, Logger, File, Line string }
	if err := json.Unmarshal(line, &back); err != nil || back.Line != "a\tb\x1b[2J\u009b\ufffd" || back.Time != "1970-01-01T00:00:01.000000005Z" {
		t.Errorf("%s: %+v, %v", line, back, err)
	}
}

// TestFramesAreLossless: where the strings cannot tell it, the frames do.
func TestFramesAreLossless(t *testing.T) {
	t.Parallel()
	m := message("t\xff", "s", event.FormatBin, string(bin("e")))
	p := parseLine(t, m)
	if p.Event != "e" || len(p.Frames) != 4 {
		t.Fatalf("%s", m.Decode().AppendJSON(nil))
	}
	for i, frame := range p.Frames {
		if got, err := hex.DecodeString(frame); err != nil || !bytes.Equal(got, m.Frames[i]) {
			t.Errorf("frame %d: %x, %v", i, got, err)
		}
	}
}

// TestLongLine: people are spared most of what is very long, programs get it all.
func TestLongLine(t *testing.T) {
	t.Parallel()
	m := message("t", "s", event.FormatBin, string(bin("e", event.String(strings.Repeat("ä", 1<<20)))))
	text := m.Decode().AppendText(nil)
	harmless(t, text)
	if len(text) > maxText+100 || !strings.HasSuffix(string(text), " bytes more)\n") {
		t.Errorf("%d bytes, at the end %s", len(text), text[len(text)-50:])
	}
	if args := parseLine(t, m).Args; len(args) < 2<<20 {
		t.Errorf("%d bytes of arguments", len(args))
	}
}

// FuzzMessage: no message makes a line that is not valid, or not harmless; and
// what is an event comes back to the bit, as decoded: its sets in canonical order.
func FuzzMessage(f *testing.F) {
	for _, payload := range recordings() {
		f.Add([]byte("topic"), []byte("sender"), []byte(event.FormatBin), payload)
	}
	f.Add([]byte("\x1b\xff"), []byte("\u009b"), []byte(event.FormatJSON), []byte(`{"@data-type":"vector","data":[]}`))
	f.Fuzz(func(t *testing.T, topic, sender, format, payload []byte) {
		m := Message{Time: time.Unix(1, 5), Frames: zmq.Message{topic, sender, format, payload}}
		d := m.Decode()
		harmless(t, d.AppendText(nil))
		harmless(t, d.AppendJSON(nil))
		p := parseLine(t, m)
		if (d.Err != nil) != (p.Error != "") {
			t.Fatalf("%v became %q", d.Err, p.Error)
		}
		if d.Err != nil {
			return
		}
		args, err := ParseTypedArgs(string(p.Args))
		if err != nil {
			t.Fatalf("%s: %v", p.Args, err)
		}
		metadata, err := event.ParseTyped(p.Metadata)
		if err != nil {
			t.Fatalf("%s: %v", p.Metadata, err)
		}
		want := d.Event.Append(nil)
		if got := (event.Event{Name: d.Event.Name, Args: args, Metadata: metadata}).Append(nil); !bytes.Equal(got, want) {
			t.Fatalf("got  %x\nwant %x", got, want)
		}
	})
}
