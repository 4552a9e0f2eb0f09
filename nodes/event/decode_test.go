package event

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
)

// TestRecordings: what Zeek wrote decodes, and encodes to the same bytes.
func TestRecordings(t *testing.T) {
	t.Parallel()
	for _, r := range recordings(t) {
		payload := r.bin(t)
		e, err := Decode(FormatBin, payload)
		if err != nil {
			t.Errorf("%x: %v", payload, err)
			continue
		}
		if e.Name != r.Name {
			t.Errorf("%x is called %s, want %s", payload, e.Name, r.Name)
		}
		if got := e.Append(nil); !bytes.Equal(got, payload) {
			t.Errorf("%s:\ngot  %x\nwant %x", e.Name, got, payload)
		}
		if got := e.wrap().AppendBin(nil); !bytes.Equal(got, payload) {
			t.Errorf("%s as a value:\ngot  %x\nwant %x", e.Name, got, payload)
		}
		for _, arg := range e.Args {
			if got, want := arg.size(), len(arg.AppendBin(nil)); got != want {
				t.Errorf("%x has %d bytes, size says %d", arg.AppendBin(nil), want, got)
			}
		}
	}
}

// TestDecodeErrors: what is not an event says where it stops being one, and what
// was expected there.
func TestDecodeErrors(t *testing.T) {
	t.Parallel()
	deep := bytes.Repeat([]byte{0x0e, 1}, maxDepth+2)
	wide := append([]byte{0x0e}, 0xff, 0xff, 0xff, 0x01) // 4 Mi none values
	wide = append(wide, make([]byte, 4<<20)...)
	const versionAndType = "0e0302000000000000000102000000000000000"
	tests := []struct {
		name, hex, want string
	}{
		{"empty", "", "offset 0: expected a value, got the end"},
		{"unknown tag", "0f", "offset 0: expected a value, got unknown tag 0x0f"},
		{"short count", "02000000", "offset 1: expected the 8 bytes of count, got 3"},
		{"short address", "0600", "offset 1: expected the 16 bytes of addr, got 1"},
		{"protocol", "08005004", "offset 1: expected a protocol of 0 to 3, got 4"},
		{"prefix", "07" + strings.Repeat("00", 16) + "81", "offset 1: expected a prefix of at most 128 bits, got 129"},
		{"long string", "050a6162", "offset 2: expected what a length of 10 says, got 2 bytes"},
		{"huge list", "0effffffff0f", "offset 6: expected what a length of 4294967295 says, got 0 bytes"},
		{"length over 32 bits", "0effffffff1f", "offset 1: expected a length of at most 32 bits"},
		{"endless length", "0e808080808080808080808080", "offset 1: expected a length of at most 32 bits"},
		{"trailing byte", "0e0000", "offset 2: expected the end, got 1 more bytes"},
		{"table of one value", "0d0100", "offset 2: expected what a length of 1 says, got 1 bytes"},
		{"set with a duplicate", "0e010c03010001010100", "offset 2: expected a set of different elements"},
		{"set with +0 and -0", "0c0204000000000000000004" + "8000000000000000", "offset 0: expected a set of different elements"},
		{"set with 0 and a denormal", "0c0204000000000000000004" + "0000000000000001", "offset 0: expected a set of different elements"},
		{"table with a duplicate", "0d0201000101" + "01000100", "offset 0: expected a table of different keys"},
		{"not a list", "020000000000000001", "the envelope is not a list"},
		{"empty list", "0e00", "the envelope is not a list"},
		{"version 2", "0e030200000000000000020200000000000000010e00", "expected a message of version count 1 and type count 1, got version count 2"},
		{"version not a count", "0e03000200000000000000010e00", "got version none and type count 1"},
		{"no event", versionAndType + "10e00", "the event is not a list of name"},
		{"no name", versionAndType + "10e0205000e00", "the event has no name"},
		{"arguments", versionAndType + "10e0205016100", "the arguments of a are not a list"},
		{"metadata", versionAndType + "10e030501610e000500", "the metadata of a are not a list"},
		{"deep", hex.EncodeToString(deep), "offset 130: expected values nested at most 64 deep"},
		{"wide", hex.EncodeToString(wide), "expected at most 1048576 values"},
	}
	for _, test := range tests {
		_, err := Decode(FormatBin, unhex(t, test.hex))
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), "cannot decode event: ") {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
	}
	if _, err := Decode("zeek-bin-v1", nil); err == nil || !strings.Contains(err.Error(), `format "zeek-bin-v1" is unknown; use broker-bin-v1 or broker-json-v1`) {
		t.Errorf("unknown format: %v", err)
	}
}

// TestDecodeBin: what nobody writes in that way is understood as Zeek does.
func TestDecodeBin(t *testing.T) {
	t.Parallel()
	const network = "00000000000000000000ffff"
	tests := []struct{ name, in, want string }{
		{"bool of 2", "0102", "0101"},
		{"set out of order", "0c03" + "010103ffffffffffffffff0100", "0c03" + "0100010103ffffffffffffffff"},
		{"table out of order", "0d02" + "0501620100" + "0501610101", "0d02" + "0501610101" + "0501620100"},
		{"subnet with host bits", "07" + network + "0a01020368", "07" + network + "0a00000068"},
		{"v4 subnet below /0", "07" + network + "0a00000050", "07" + strings.Repeat("00", 16) + "50"},
		{"long form of a length", "0583806161", ""},
		{"length with a redundant byte", "05810061", "050161"},
		{"quiet NaN", "047ff8000000000000", "04fff0000000000000"},
		{"negative NaN", "04fff8000000000000", "047ff0000000000000"},
		{"denormal", "040000000000000001", "040000000000000000"},
		{"negative denormal", "048000000000000001", "048000000000000000"},
	}
	for _, test := range tests {
		v, err := decodeBin(unhex(t, test.in))
		if test.want == "" {
			if err == nil {
				t.Errorf("%s: no error", test.name)
			}
			continue
		}
		if got := hex.EncodeToString(v.AppendBin(nil)); err != nil || got != test.want {
			t.Errorf("%s: %s, %v, want %s", test.name, got, err, test.want)
		}
	}
}

// TestDenormalRead: CAF reads a denormal as if it had a leading one (spec: wire
// 2.3).
func TestDenormalRead(t *testing.T) {
	t.Parallel()
	v, err := decodeBin(unhex(t, "040000000000000001"))
	if f, _ := v.Real(); err != nil || f != 0x1p-1023 {
		t.Errorf("%g, %v, want about 1.1e-308", f, err)
	}
}

// FuzzDecode: no payload panics, and what is accepted has one encoding.
func FuzzDecode(f *testing.F) {
	for _, r := range recordings(f) {
		f.Add(r.bin(f))
	}
	f.Add(all().Append(nil))
	for _, seed := range corpus(f, "decode") {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		e, err := Decode(FormatBin, payload)
		if err != nil {
			return
		}
		once := e.Append(nil)
		again, err := Decode(FormatBin, once)
		if err != nil {
			t.Fatalf("%x became %x: %v", payload, once, err)
		}
		if twice := again.Append(nil); !bytes.Equal(once, twice) {
			t.Errorf("%x became %x, then %x", payload, once, twice)
		}
	})
}
