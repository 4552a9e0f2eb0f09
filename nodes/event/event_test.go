package event

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// recorded is a line of testdata/events.jsonl, recorded from Zeek 8.1.2.
type recorded struct {
	Name       string `json:"name"`
	PayloadHex string `json:"payload_hex"`
}

func recordings(t testing.TB) [][]byte {
	t.Helper()
	f, err := os.Open("testdata/events.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all [][]byte
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r recorded
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		payload, err := hex.DecodeString(r.PayloadHex)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, payload)
	}
	if len(all) < 50 {
		t.Fatalf("only %d recordings", len(all))
	}
	return all
}

// TestRecordings: what Zeek wrote decodes, and encodes to the same bytes.
func TestRecordings(t *testing.T) {
	t.Parallel()
	for _, payload := range recordings(t) {
		e, err := Decode(payload)
		if err != nil {
			t.Errorf("%x: %v", payload, err)
			continue
		}
		if got := e.Append(nil); !bytes.Equal(got, payload) {
			t.Errorf("%s:\ngot  %x\nwant %x", e.Name, got, payload)
		}
	}
}

// TestHello is the event of the worked example (spec: wire 2.4).
func TestHello(t *testing.T) {
	t.Parallel()
	const want = "0e030200000000000000010200000000000000010e02050e436c75737465723a3a68656c6c6f0e020508776f726b65722d31051d7a65726f6d715f776f726b65722d315f686f73745f3132335f4e616263"
	e := Event{Name: "Cluster::hello", Args: []Value{String("worker-1"), String("zeromq_worker-1_host_123_Nabc")}}
	if got := hex.EncodeToString(e.Append(nil)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	back, err := Decode(e.Append(nil))
	if err != nil || back.Name != e.Name || len(back.Args) != 2 {
		t.Fatalf("decoded %+v, %v", back, err)
	}
	if name, ok := back.Args[0].Text(); name != "worker-1" || !ok {
		t.Errorf("first argument %q", name)
	}
}

// TestDecodeErrors: what is not an event says where it stops being one.
func TestDecodeErrors(t *testing.T) {
	t.Parallel()
	deep := bytes.Repeat([]byte{0x0e, 1}, maxDepth+2)
	wide := append([]byte{0x0e}, 0xff, 0xff, 0xff, 0x01) // 4 Mi none values
	wide = append(wide, make([]byte, 4<<20)...)
	tests := []struct {
		name, hex, want string
	}{
		{"empty", "", "offset 0: expected a value, got the end"},
		{"unknown tag", "0f", "offset 0: expected a value, got unknown tag 0x0f"},
		{"short count", "02000000", "offset 1: expected 8 bytes, got 3"},
		{"long string", "050a6162", "offset 2: length 10, but only 2 bytes follow"},
		{"huge list", "0effffffff0f", "offset 6: length 4294967295, but only 0 bytes follow"},
		{"length over 32 bits", "0effffffff1f", "offset 1: expected a length of at most 32 bits"},
		{"endless length", "0e808080808080808080808080", "offset 1: expected a length of at most 32 bits"},
		{"trailing byte", "0e0000", "offset 2: 1 bytes behind the value"},
		{"table of one value", "0d0100", "offset 2: length 1, but only 1 bytes follow"},
		{"not a list", "020000000000000001", "the envelope is not a list"},
		{"empty list", "0e00", "the envelope is not a list"},
		{"version 2", "0e030200000000000000020200000000000000010e00", "version and type of the message are count 2 and count 1"},
		{"version not a count", "0e03000200000000000000010e00", "a value of kind 0x00 and count 1"},
		{"no event", "0e030200000000000000010200000000000000010e00", "the event is not a list of name"},
		{"no name", "0e030200000000000000010200000000000000010e0205000e00", "the event has no name"},
		{"arguments", "0e030200000000000000010200000000000000010e0205016100", "the arguments of a are not a list"},
		{"deep", hex.EncodeToString(deep), "nested more than 64 deep"},
		{"wide", hex.EncodeToString(wide), "more than 1048576 values"},
	}
	for _, test := range tests {
		payload, err := hex.DecodeString(test.hex)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Decode(payload); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
	}
}

// FuzzDecode: no payload panics, and what is accepted has one encoding.
func FuzzDecode(f *testing.F) {
	for _, payload := range recordings(f) {
		f.Add(payload)
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		e, err := Decode(payload)
		if err != nil {
			return
		}
		once := e.Append(nil)
		again, err := Decode(once)
		if err != nil {
			t.Fatalf("%x became %x: %v", payload, once, err)
		}
		if twice := again.Append(nil); !bytes.Equal(once, twice) {
			t.Errorf("%x became %x, then %x", payload, once, twice)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	payload := recordings(b)[0]
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(payload); err != nil {
			b.Fatal(err)
		}
	}
}
