package logstream

import (
	"encoding/hex"
	"net/netip"
	"strings"
	"testing"
	"time"

	"zctl/nodes/event"
	"zctl/nodes/logwire"
)

// taken is a transport that takes everything at once.
type taken struct{ batches chan []byte }

func (k taken) Send(payload []byte, done func(error)) error {
	k.batches <- payload
	done(nil)
	return nil
}
func (k taken) Connected() (int, int) { return 1, 1 }
func (k taken) Close() error          { return nil }

// one is the batch that one record makes.
func one[T any](t *testing.T, id ID, record T) []byte {
	t.Helper()
	s := NewSender(Options{Records: 1})
	w, err := New[T](s, id)
	if err != nil {
		t.Fatal(err)
	}
	to := taken{make(chan []byte, 10)}
	if err := s.Start(to); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := w.Write(record); err != nil {
		t.Fatal(err)
	}
	select {
	case payload := <-to.batches:
		return payload
	case <-time.After(patience):
		t.Fatal("no batch")
		return nil
	}
}

const patience = time.Minute

// TestWorkedExample is the batch of wire 3.3.
func TestWorkedExample(t *testing.T) {
	t.Parallel()
	type line struct {
		TS      time.Time `log:"ts"`
		Node    string    `log:"node"`
		Message string    `log:"message"`
	}
	const want = "0000000c436c75737465723a3a4c4f47" + "000000114c6f673a3a5752495445525f4153434949" +
		"0000000764656661756c74" + "00000007636c7573746572" + "00000003" +
		"00000000027473000000050000000000" + "00000000046e6f6465000000070000000000" + "00000000076d657373616765000000070000000000" +
		"00000001" +
		"00000005000000000141d65a0bc0200000" + "00000007000000000100000008776f726b65722d31" + "000000070000000001000000026869"
	got := one(t, ID{Stream: "Cluster::LOG", Path: "cluster"}, line{time.Unix(1500000000, 5e8), "worker-1", "hi"})
	if hex.EncodeToString(got) != want {
		t.Errorf("got  %x\nwant %s", got, want)
	}
}

type connID struct {
	OrigH netip.Addr `log:"orig_h"`
	OrigP event.Port `log:"orig_p"`
}

type proto string

type everything struct {
	Common
	TS      time.Time                 `log:"ts"`
	Never   time.Time                 `log:"never"`
	ID      connID                    `log:"id"`
	Tunnel  *connID                   `log:"tunnel"`
	Inner   *connID                   `log:"inner"`
	Proto   proto                     `log:"proto,enum"`
	Raw     []byte                    `log:"raw"`
	Note    *string                   `log:"note"`
	Missing *string                   `log:"missing"`
	Small   int8                      `log:"small"`
	Half    float32                   `log:"half"`
	Took    time.Duration             `log:"took"`
	Tags    []string                  `log:"tags,set"`
	NoTags  []string                  `log:"no_tags,set"`
	Unset   []string                  `log:"unset,optional"`
	Nets    map[netip.Prefix]struct{} `log:"nets"`
	Ports   [2]event.Port             `log:"ports"`
	Holes   []*uint64                 `log:"holes"`
	Actions []string                  `log:"actions,set,enum"`
	Times   []time.Time               `log:"times"`
	Names   map[string]struct{}       `log:"names,optional"`
	Left    chan int                  `log:"-"`
	hidden  int
}

// Common is what many streams have.
type Common struct {
	Node string `log:"_node"`
}

func TestEverything(t *testing.T) {
	t.Parallel()
	note, n := "n", uint64(7)
	payload := one(t, ID{Stream: "E::LOG", Path: "e", Writer: "Log::WRITER_NONE", Filter: "f"}, everything{
		Common: Common{"w"}, TS: time.Unix(1, 500), ID: connID{netip.MustParseAddr("10.0.0.1"), event.Port{Number: 53, Protocol: event.UDP}},
		Tunnel: &connID{netip.MustParseAddr("::1"), event.Port{Number: 1}}, Proto: "udp", Raw: []byte{0, 1}, Note: &note, Small: -1,
		Half: 0.5, Took: 1500 * time.Millisecond, Tags: []string{"a"}, Nets: map[netip.Prefix]struct{}{netip.MustParsePrefix("10.0.0.0/8"): {}},
		Holes: []*uint64{&n, nil}, Actions: []string{"A::B"}, Times: []time.Time{time.Unix(1, 0)}, hidden: 1,
	})
	h, r, err := logwire.Parse(payload)
	if err != nil {
		t.Fatal(err)
	}
	var fields []string
	for _, f := range h.Fields {
		text := f.Name + " " + f.TypeName()
		if f.Optional {
			text += "?"
		}
		fields = append(fields, text)
	}
	want := "_node string, ts time, never time, id.orig_h addr, id.orig_p port, tunnel.orig_h addr, tunnel.orig_p port, inner.orig_h addr, inner.orig_p port, " +
		"proto enum, raw string, note string?, missing string?, small int, half double, took interval, tags set[string], no_tags set[string], " +
		"unset vector[string]?, nets set[subnet], ports vector[port], holes vector[count], actions set[enum], times vector[time], names set[string]?"
	if got := strings.Join(fields, ", "); got != want {
		t.Errorf("fields %s\nwant   %s", got, want)
	}
	if h.Stream != "E::LOG" || h.Writer != "Log::WRITER_NONE" || h.Filter != "f" || h.Path != "e" {
		t.Errorf("header %+v", h)
	}
	wantBytes := strings.Join(strings.Fields(`
		00000007 00000000 01 00000001 77
		00000005 00000000 01 3ff000008637bd06
		00000005 00000000 00
		0000000b 00000000 01 04 0a000001
		0000000a 00000000 01 0000000000000035 00000002
		0000000b 00000000 01 06 00000000000000000000000000000001
		0000000a 00000000 01 0000000000000001 00000000
		0000000b 00000000 00
		0000000a 00000000 00
		00000009 00000000 01 00000003 756470
		00000007 00000000 01 00000002 0001
		00000007 00000000 01 00000001 6e
		00000007 00000000 00
		00000002 00000000 01 ffffffffffffffff
		00000004 00000000 01 3fe0000000000000
		00000006 00000000 01 3ff8000000000000
		0000000e 00000000 01 0000000000000001 00000007 00000000 01 00000001 61
		0000000e 00000000 01 0000000000000000
		00000013 00000000 00
		0000000e 00000000 01 0000000000000001 0000000c 00000000 01 68 04 0a000000
		00000013 00000000 01 0000000000000002 0000000a 00000000 01 0000000000000000 00000000 0000000a 00000000 01 0000000000000000 00000000
		00000013 00000000 01 0000000000000002 00000003 00000000 01 0000000000000007 00000003 00000000 00
		0000000e 00000000 01 0000000000000001 00000009 00000000 01 00000004 413a3a42
		00000013 00000000 01 0000000000000001 00000005 00000000 01 3ff0000000000000
		0000000e 00000000 00`), "")
	if got := hex.EncodeToString(r.Rest()); got != wantBytes {
		t.Errorf("got  %s\nwant %s", got, wantBytes)
	}
}

type loop struct {
	A    string `log:"a"`
	Next *loop  `log:"next"`
}

// declared is the error of declaring a stream of T.
func declared[T any]() error {
	_, err := New[T](NewSender(Options{}), ID{Stream: "X::LOG", Path: "x"})
	return err
}

func TestBadDeclarations(t *testing.T) {
	t.Parallel()
	tests := []struct {
		err  error
		want string
	}{
		{declared[int](), "cannot declare log stream X::LOG: cannot log int: it is no struct"},
		{declared[struct{ a int }](), "no field of it is exported and has a log tag"},
		{declared[struct{ A int }](), "field A: it has no tag; say its name in Zeek"},
		{declared[struct {
			A int `log:",optional"`
		}](), `field A: its tag ",optional" has no name`},
		{declared[struct {
			A int `log:"a,sett"`
		}](), `field A: its tag has the unknown option "sett"; there are optional,`},
		{declared[struct {
			A chan int `log:"a"`
		}](), "field A: no type of Zeek's is like Go's chan int"},
		{declared[struct {
			A int `log:"a,enum"`
		}](), "field A: a int cannot be a Zeek enum"},
		{declared[struct {
			A string `log:"a,time"`
		}](), "field A: a string cannot be a Zeek time"},
		{declared[struct {
			A float64 `log:"a,enum"`
		}](), "field A: a float cannot be a Zeek enum"},
		{declared[struct {
			A map[string]int `log:"a"`
		}](), "field A: tables cannot be logged: map[string]int; a set is a map[string]struct{}"},
		{declared[struct {
			A [][]string `log:"a"`
		}](), "field A: containers of containers cannot be logged"},
		{declared[struct {
			A []connID `log:"a"`
		}](), "field A: no type of Zeek's is like Go's logstream.connID"},
		{declared[struct {
			A []*string `log:"a,set"`
		}](), "field A: a set has no holes"},
		{declared[struct {
			A string `log:"a"`
			B int    `log:"a"`
		}](), "two fields are named a"},
		{declared[loop](), "field Next: logstream.loop contains itself"},
	}
	for _, test := range tests {
		if test.err == nil || !strings.Contains(test.err.Error(), test.want) {
			t.Errorf("got  %v\nwant %s", test.err, test.want)
		}
	}
	if _, err := New[connID](NewSender(Options{}), ID{Stream: "X::LOG"}); err == nil || !strings.Contains(err.Error(), "needs both") {
		t.Errorf("got %v", err)
	}
}

// Writing allocates nothing but batches.
func TestWriteAllocates(t *testing.T) {
	s := NewSender(Options{Records: 1 << 30})
	w, err := New[everything](s, ID{Stream: "E::LOG", Path: "e"})
	if err != nil {
		t.Fatal(err)
	}
	note := "n"
	record := everything{TS: time.Unix(1, 0), Tunnel: &connID{}, Note: &note, Tags: []string{"a", "b"}, Times: []time.Time{time.Unix(1, 0)}}
	if allocs := testing.AllocsPerRun(1000, func() { w.Write(record) }); allocs > 1 {
		t.Errorf("%v allocations for a record", allocs)
	}
}

// devNull is a transport that forgets.
type devNull struct{ taken }

func (devNull) Send(payload []byte, done func(error)) error {
	done(nil)
	return nil
}

// BenchmarkWrite is what a record of 20 values costs its writer.
func BenchmarkWrite(b *testing.B) {
	type conn struct {
		TS       time.Time     `log:"ts"`
		UID      string        `log:"uid"`
		ID       connID        `log:"id"`
		Resp     connID        `log:"resp"`
		Proto    event.Enum    `log:"proto"`
		Service  string        `log:"service"`
		Duration time.Duration `log:"duration"`
		Bytes    [8]uint64     `log:"bytes"`
		History  string        `log:"history"`
		Tags     []string      `log:"tags,set"`
	}
	s := NewSender(Options{})
	w, err := New[conn](s, ID{Stream: "C::LOG", Path: "c"})
	if err != nil {
		b.Fatal(err)
	}
	if err := s.Start(devNull{}); err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	id := connID{netip.MustParseAddr("10.0.0.1"), event.Port{Number: 1, Protocol: event.TCP}}
	record := conn{TS: time.Unix(1, 0), UID: "CHhAvVGS1DHFjwGM9", ID: id, Resp: id, Proto: "tcp", Service: "http", Duration: time.Second, History: "ShADadFf"}
	b.ReportAllocs()
	for b.Loop() {
		if err := w.Write(record); err != nil {
			b.Fatal(err)
		}
	}
}
