package frame_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"zctl/nodes/event"
	"zctl/nodes/websocket/frame"
)

// recorded is a conversation with a real Zeek.
type recorded struct {
	Name   string
	Frames []struct {
		Dir, Data string
		Binary    bool
	}
}

func recordings(t testing.TB) (all []recorded) {
	t.Helper()
	data, err := os.ReadFile("../testdata/websocket.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		var r recorded
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

// What Zeek sent is read, and written again byte for byte.
func TestServersFramesOfRecordings(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, r := range recordings(t) {
		for _, f := range r.Frames {
			if f.Dir != "server" {
				continue
			}
			got, err := frame.Decode([]byte(f.Data))
			if err != nil {
				t.Errorf("%s: %v", r.Name, err)
				continue
			}
			seen++
			if again := encode(got); again != f.Data {
				t.Errorf("%s:\ngot  %s\nwant %s", r.Name, again, f.Data)
			}
		}
	}
	if seen < 30 {
		t.Errorf("read %d frames of the recordings, there are more", seen)
	}
}

func encode(f frame.Frame) string {
	switch {
	case f.Ack != nil:
		return string(frame.AppendAck(nil, f.Ack.Endpoint, f.Ack.Version))
	case f.Error != nil:
		return string(frame.AppendError(nil, f.Error))
	}
	return string(frame.AppendData(nil, f.Data.Topic, f.Data.Event))
}

// What clients sent gets the error that Zeek gave, or none, as far as that needs no
// knowledge of events.
func TestClientsFramesOfRecordings(t *testing.T) {
	t.Parallel()
	unknowable := []string{"unknown-event", "wrong-arity", "wrong-arg-type"}
	for _, r := range recordings(t) {
		if strings.HasPrefix(r.Name, "bad-") || slices.Contains(unknowable, r.Name) {
			continue
		}
		for i, f := range r.Frames {
			if f.Dir != "client" || i > 0 && strings.HasPrefix(r.Name, "subscribe-") {
				continue
			}
			data := []byte(f.Data)
			if f.Binary {
				data, _ = hex.DecodeString(f.Data)
			}
			want := (*frame.Error)(nil)
			if i+1 < len(r.Frames) {
				answer, _ := frame.Decode([]byte(r.Frames[i+1].Data))
				want = answer.Error
			}
			if got := decodeClient(i, data); !same(got, want) {
				t.Errorf("%s: frame %d: got %v, want %v", r.Name, i, got, want)
			}
		}
	}
}

func decodeClient(i int, data []byte) *frame.Error {
	if i == 0 {
		_, e := frame.DecodeSubscriptions(data)
		return e
	}
	_, e, _ := frame.DecodeData(data, true)
	return e
}

func same(a, b *frame.Error) bool { return a == b || a != nil && b != nil && *a == *b }

func TestDecodeSubscriptions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in   string
		want []string
		err  *frame.Error
	}{
		{`[]`, []string{}, nil},
		{" [\"a\", \"b\"]\n", []string{"a", "b"}, nil},
		{`["", "\u00e4", "a\u0000b"]`, []string{"", "ä", "a"}, nil},
		{`["broken", "brrr`, nil, frame.NotAnArray},
		{`null`, nil, frame.NotAnArray},
		{``, nil, frame.NotAnArray},
		{`{}`, nil, frame.NotAnArray},
		{`"a"`, nil, frame.NotAnArray},
		{`[] x`, nil, frame.NotAnArray},
		{"[\"\xff\"]", nil, frame.NotAnArray},
		{`[1, "/my_topic"]`, nil, frame.NotAString},
		{`["a", null]`, nil, frame.NotAString},
		{`[["a"]]`, nil, frame.NotAString},
	} {
		got, err := frame.DecodeSubscriptions([]byte(c.in))
		if err != c.err || !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, %v; want %q, %v", c.in, got, err, c.want, c.err)
		}
		if err == nil {
			again, err := frame.DecodeSubscriptions(frame.AppendSubscriptions(nil, got))
			if err != nil || !slices.Equal(again, got) {
				t.Errorf("%s: written and read again: %q, %v", c.in, again, err)
			}
		}
	}
}

// message is a data-message with one argument.
func message(arg string) string {
	return `{"@data-type":"vector","data":[{"@data-type":"count","data":1},{"@data-type":"count","data":1},` +
		`{"@data-type":"vector","data":[{"@data-type":"string","data":"e"},{"@data-type":"vector","data":[` + arg +
		`]}]}],"topic":"t","type":"data-message"}`
}

// What clients write and Zeek does not read is read unless strict (spec: websocket 16).
func TestLenientAndStrict(t *testing.T) {
	t.Parallel()
	for arg, want := range map[string]string{
		`{"@data-type":"real","data":5}`:                    "5.0",
		`{"@data-type":"real","data":-7}`:                   "-7.0",
		`{"@data-type":"real","data":"-inf"}`:               "-inf",
		`{"@data-type":"string","data":{"@base64":"/w=="}}`: "\xff",
		`{"@data-type":"timespan","data":"2d"}`:             "2.0 days",
		`{"@data-type":"timespan","data":"1.5s"}`:           "1.5 secs",
		`{"@data-type":"timespan","data":"-0.5ms"}`:         "-500.0 usecs",
	} {
		d, e, err := frame.DecodeData([]byte(message(arg)), false)
		if e != nil {
			t.Errorf("%s: %v: %v", arg, e, err)
			continue
		}
		if got := d.Event.Args[0].String(); got != want {
			t.Errorf("%s: got %s, want %s", arg, got, want)
		}
		if _, e, _ := frame.DecodeData([]byte(message(arg)), true); e != frame.NotDecoded {
			t.Errorf("%s: strict: got %v, want %v", arg, e, frame.NotDecoded)
		}
	}
}

// Ports are read as by Zeek.
func TestPorts(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]string{"53": "53/tcp", "53/sctp": "53/unknown", "53/unknown": "53/unknown", "53/?": "53/unknown", "53/udp": "53/udp"} {
		d, e, err := frame.DecodeData([]byte(message(`{"@data-type":"port","data":"`+data+`"}`)), true)
		if e != nil {
			t.Errorf("%s: %v: %v", data, e, err)
		} else if got := d.Event.Args[0].String(); got != want {
			t.Errorf("%s: got %s, want %s", data, got, want)
		}
	}
}

func TestDecodeDataErrors(t *testing.T) {
	t.Parallel()
	good := message(`{"@data-type":"count","data":1}`)
	for in, want := range map[string]*frame.Error{
		good:                                     nil,
		"\n\t " + good + " \r\n":                 nil,
		good + "x":                               frame.NotDecoded,
		`[]`:                                     frame.NotDecoded,
		`[1]`:                                    frame.NotDecoded,
		`42`:                                     frame.NotDecoded,
		``:                                       frame.NotDecoded,
		`{}`:                                     frame.NotDecoded,
		`{"topic":"t"}`:                          frame.NotDecoded,
		`{"topic":"t","@data-type":"vector"}`:    frame.NotDecoded,
		`{"@data-type":"vector","data":42}`:      frame.NotDecoded,
		`{"@data-type":"count","data":42}`:       frame.NoTopic,
		strings.Replace(good, `"t"`, `1`, 1):     frame.NoTopic,
		strings.Replace(good, `"t"`, `"<$>"`, 1): frame.NoTopic,
		`{"topic":"t","@data-type":"count","data":42}`:                                       frame.NoEvent,
		`{"topic":"t","@data-type":"vector","data":[]}`:                                      frame.NoEvent,
		strings.Replace(good, `"string","data":"e"`, `"count","data":1`, 1):                  frame.NoEvent,
		strings.Replace(good, `{"@data-type":"count","data":1}`, `{"@data-type":"none"}`, 2): nil,
		message(`{"@data-type":"address","data":"123ns"}`):                                   frame.NotDecoded,
		message(`{"@data-type":"address","data":"fe80::1%eth0"}`):                            frame.NotDecoded,
		message(`{"@data-type":"money","data":1}`):                                           frame.NotDecoded,
		message(`{"data":1}`):                                       frame.NotDecoded,
		message(`{"@data-type":"real","data":"5"}`):                 frame.NotDecoded,
		message(`{"@data-type":"real","data":1/2}`):                 frame.NotDecoded,
		message(`{"@data-type":"timespan","data":"d"}`):             frame.NotDecoded,
		message(`{"@data-type":"timespan","data":"1e9999d"}`):       frame.NotDecoded,
		message(`{"@data-type":"timespan","data":"999999999999d"}`): frame.NotDecoded,
	} {
		if _, got, err := frame.DecodeData([]byte(in), false); got != want {
			t.Errorf("%s: got %v (%v), want %v", in, got, err, want)
		}
	}
}

// Of keys that occur twice the first counts, as for Zeek.
func TestFirstKeyCounts(t *testing.T) {
	t.Parallel()
	in := message(`{"@data-type":"count","data":1,"data":2,"@data-type":"string"}`)
	in = strings.TrimSuffix(in, "}") + `,"topic":"other","data":7}`
	d, e, err := frame.DecodeData([]byte(in), false)
	if e != nil {
		t.Fatal(e, err)
	}
	if n, _ := d.Event.Args[0].Count(); d.Topic != "t" || n != 1 {
		t.Errorf("got topic %s, argument %d; want t, 1", d.Topic, n)
	}
}

// What real Zeek writes though it is no JSON is read.
func TestDecodeTolerates(t *testing.T) {
	t.Parallel()
	in := message("{\"@data-type\":\"string\",\"data\":\"\x01\\v\xff\"},{\"@data-type\":\"real\",\"data\":-nan}")
	f, err := frame.Decode([]byte(in))
	if err != nil {
		t.Fatal(err)
	}
	if s, _ := f.Data.Event.Args[0].Text(); s != "\x01\v\xff" {
		t.Errorf("got %q", s)
	}
	if !f.Data.Event.Args[1].Equal(mustReal(t)) {
		t.Errorf("got %v, want nan", f.Data.Event.Args[1])
	}
}

func mustReal(t *testing.T) event.Value {
	v, err := event.ParseLiteral("nan")
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestDecodeOthers(t *testing.T) {
	t.Parallel()
	f, err := frame.Decode([]byte(`{"type":"error","code":"c","message":"old"}`))
	if err != nil || *f.Error != (frame.Error{Code: "c", Context: "old"}) {
		t.Errorf("got %v, %v", f.Error, err)
	}
	if _, err := frame.Decode([]byte(`{"type":"news","x":[1]}`)); !errors.Is(err, frame.ErrUnknownFrame) {
		t.Errorf("got %v, want that the type is unknown", err)
	}
	for _, in := range []string{`{"type":"data-message"}`, `x`, `{"type":"data-message","topic":"t","@data-type":"count","data":1}`} {
		if f, err := frame.Decode([]byte(in)); err == nil || errors.Is(err, frame.ErrUnknownFrame) {
			t.Errorf("%s: got %v, %v", in, f, err)
		}
	}
}
