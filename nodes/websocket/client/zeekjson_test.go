package client

import (
	"context"
	"strings"
	"testing"
	"time"

	"zctl/nodes/event"
)

// TestZeeksJSON: what Zeek writes is read, also where it is no JSON, and arrives as Go
// values (spec: websocket 5, 5.2, 7, 18).
func TestZeeksJSON(t *testing.T) {
	t.Parallel()
	z := newZeek(t)
	c, err := New(Options{URL: z.url()})
	if err != nil {
		t.Fatal(err)
	}
	var s seen
	for _, err := range []error{
		Handle(c, "s", func(_ context.Context, text string) { s.add("s %q", text) }),
		Handle(c, "r", func(_ context.Context, f float64) { s.add("r %v", f) }),
		Handle(c, "n", func(_ context.Context, n uint64, i int64) { s.add("n %d %d", n, i) }),
		Handle(c, "m", func(_ context.Context, ev event.Event) {
			at, timed := ev.Timestamp()
			s.add("m %d %v %v", len(ev.Args), timed, at.Sub(time.Time{}) == 0 || at.UnixMilli() == 4711000)
		}),
		c.Subscribe("t"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	run(t, c)
	p, topics := z.acknowledged(0)
	if len(topics) != 1 || topics[0] != "t" {
		t.Fatalf("the client subscribes %q", topics)
	}
	text := func(data string) { p.event("t", "s", `{"@data-type":"string","data":"`+data+`"}`) }
	number := func(data string) { p.event("t", "r", `{"@data-type":"real","data":`+data+`}`) }
	text(`plain`)
	text("raw \x00\x01\x1b\x7f \n")
	text(`tab \v here`)
	text("latin1 \xe9\xff, half \xc3")
	text(`grüße \/ \u00fc`)
	for _, data := range []string{"nan", "-nan", "inf", "-inf", "0.000000", "1234567890123456824475648.000000"} {
		number(data)
	}
	p.event("t", "n", `{"@data-type":"count","data":18446744073709551615},{"@data-type":"integer","data":-9223372036854775808}`)
	// Zeek 8.0.0 always has metadata, perhaps none of it; 7.2 always a time.
	body := func(metadata string) string {
		return `[{"@data-type":"count","data":1},{"@data-type":"count","data":1},{"@data-type":"vector","data":[{"@data-type":"string","data":"m"},{"@data-type":"vector","data":[]}` + metadata + `]}]`
	}
	const at4711 = `,{"@data-type":"vector","data":[{"@data-type":"vector","data":[{"@data-type":"count","data":1},{"@data-type":"timestamp","data":"1970-01-01T01:18:31.000"}]}]}`
	p.text(`{"type":"data-message","topic":"t","@data-type":"vector","data":` + body("") + `}`)
	p.text(`{"type":"data-message","topic":"t","@data-type":"vector","data":` + body(`,{"@data-type":"vector","data":[]}`) + `}`)
	p.text(`{"type":"data-message","topic":"t","@data-type":"vector","data":` + body(at4711) + `}`)
	// Others sort their keys, escape topics, put more into an event, or spaces.
	p.text(`{"@data-type":"vector","data":` + body(at4711) + `,"topic":"t","type":"data-message"}`)
	p.text(`{"type":"data-message","topic":"\u0074/x","@data-type":"vector","data":` + body(`,{"@data-type":"vector","data":[]},{"@data-type":"none","data":{}}`) + `}`)
	p.text("\t{ \"type\" : \"data-message\", \"topic\" : \"t\",\r\n \"@data-type\" : \"vector\", \"data\" : " + body("") + "}\n")
	// What nobody knows is passed over, and so is what is no event.
	p.text(`{"type":"news","about":["anything"]}`)
	p.text(`no JSON at all`)
	p.text(`{"type":"data-message","topic":"t","@data-type":"vector","data":[]}`)
	p.event("t", "s", `{"@data-type":"money","data":1}`)
	text("the end")
	s.await(t, `s "plain"`, `s "raw \x00\x01\x1b\x7f \n"`, `s "tab \v here"`, `s "latin1 \xe9\xff, half \xc3"`, `s "grüße / ü"`,
		"r NaN", "r NaN", "r +Inf", "r -Inf", "r 0", "r 1.2345678901234568e+24",
		"n 18446744073709551615 -9223372036854775808",
		"m 0 false true", "m 0 false true", "m 0 true true",
		"m 0 true true", "m 0 false true", "m 0 false true",
		`s "the end"`)
	if got := c.Stats().Malformed; got != 2 {
		t.Errorf("%d messages that are no event, want 2", got)
	}
}

// TestFragments: a large message comes in pieces, with control frames between them
// (spec: websocket 4).
func TestFragments(t *testing.T) {
	t.Parallel()
	z := newZeek(t)
	_, s := openLink(t, Options{URL: z.url()}, "t")
	p, _ := z.acknowledged(7)
	long := strings.Repeat("x", 200_000)
	whole := `{"type":"data-message","topic":"t","@data-type":"vector","data":[{"@data-type":"count","data":1},{"@data-type":"count","data":1},{"@data-type":"vector","data":[{"@data-type":"string","data":"e"},{"@data-type":"vector","data":[{"@data-type":"string","data":"` + long + `"}]}]}]}`
	head, n := byte(opText), 0
	for ; len(whole) > 1<<16; whole = whole[1<<15:] {
		p.send(head, whole[:1<<15])
		p.send(opPing|fin, "between")
		head, n = opContinuation, n+1
	}
	p.send(opContinuation|fin, whole)
	s.await(t, "connected zeromq_manager_vm_1_N-websocket-7 8.1.2", `t e("`+long+`")`)
	if p.control(opPong); n < 3 {
		t.Fatalf("%d fragments", n)
	}
	for range n {
		if got := p.control(opPong); got != "between" {
			t.Errorf("a pong with %q", got)
		}
	}
}

// TestExactness: what the client sends, a Zeek reads as the same event.
func TestExactness(t *testing.T) {
	t.Parallel()
	z := newZeek(t)
	l, s := openLink(t, Options{URL: z.url()})
	p, topics := z.acknowledged(1)
	if len(topics) != 0 {
		t.Errorf("subscribed %q", topics)
	}
	s.await(t, "connected zeromq_manager_vm_1_N-websocket-1 8.1.2")
	tests := []struct {
		ev     event.Event
		want   string // the arguments
		opcode byte
	}{
		{event.Event{Name: "e"}, ``, opText},
		{event.Event{Name: "e", Args: []event.Value{event.Real(5), event.Real(1e300), event.Real(1.0000000001)}},
			`{"@data-type":"real","data":5.0},{"@data-type":"real","data":1e+300},{"@data-type":"real","data":1.0000000001}`, opText},
		{event.Event{Name: "e", Args: []event.Value{event.String("\v\x00 ü")}}, `{"@data-type":"string","data":"\u000b\u0000 ü"}`, opText},
		{event.Event{Name: "e", Args: []event.Value{event.String("\xff\n")}}, `{"@data-type":"string","data":"` + "\xff" + `\n"}`, opBinary},
	}
	for _, test := range tests {
		if err := l.Publish("t/ä\"", test.ev); err != nil {
			t.Fatal(err)
		}
		want := `{"type":"data-message","topic":"t/ä\"","@data-type":"vector","data":[{"@data-type":"count","data":1},{"@data-type":"count","data":1},{"@data-type":"vector","data":[{"@data-type":"string","data":"e"},{"@data-type":"vector","data":[` + test.want + `]}]}]}`
		if opcode, got := p.message(); got != want || opcode != test.opcode {
			t.Errorf("opcode %d, want %d:\ngot  %q\nwant %q", opcode, test.opcode, got, want)
		}
	}
	for _, topic := range []string{"\xff", "a\x00", "<$>"} {
		if err := l.Publish(topic, event.Event{Name: "e"}); err == nil {
			t.Errorf("published to %q", topic)
		}
		if err := l.Subscribe(topic); err == nil {
			t.Errorf("subscribed %q", topic)
		}
	}
}
