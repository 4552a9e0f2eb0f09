package logwire

import (
	"bytes"
	"encoding/hex"
	"net/netip"
	"strings"
	"testing"
)

// TestValues: the examples of wire 3.3, and what is next to them.
func TestValues(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, want string
		add        func(b *Batch)
	}{
		{"unset string", "00000007 00000000 00", func(b *Batch) { b.AppendUnset(TypeString) }},
		{"bool", "00000001 00000000 01 0000000000000001", func(b *Batch) { b.AppendBool(true) }},
		{"false", "00000001 00000000 01 0000000000000000", func(b *Batch) { b.AppendBool(false) }},
		{"int", "00000002 00000000 01 fffffffffffffffb", func(b *Batch) { b.AppendInt(-5) }},
		{"count", "00000003 00000000 01 000000000000002a", func(b *Batch) { b.AppendCount(42) }},
		{"double", "00000004 00000000 01 4004000000000000", func(b *Batch) { b.AppendDouble(2.5) }},
		{"time", "00000005 00000000 01 3ff0000000000000", func(b *Batch) { b.AppendTime(1) }},
		{"interval", "00000006 00000000 01 3ff8000000000000", func(b *Batch) { b.AppendInterval(1.5) }},
		{"string", "00000007 00000000 01 00000002 6869", func(b *Batch) { b.AppendString("hi") }},
		{"bytes", "00000007 00000000 01 00000002 6869", func(b *Batch) { b.AppendBytes([]byte("hi")) }},
		{"enum", "00000009 00000000 01 00000003 746370", func(b *Batch) { b.AppendEnum("tcp") }},
		{"func", "00000011 00000000 01 00000001 66", func(b *Batch) { b.AppendFunc("f") }},
		{"file", "00000012 00000000 01 00000001 66", func(b *Batch) { b.AppendFile("f") }},
		{"port", "0000000a 00000000 01 00000000000001bb 00000001", func(b *Batch) { b.AppendPort(443, 1) }},
		{"IPv4", "0000000b 00000000 01 04 c0a80114", func(b *Batch) { b.AppendAddr(netip.MustParseAddr("192.168.1.20")) }},
		{"IPv4 in IPv6", "0000000b 00000000 01 04 c0a80114", func(b *Batch) { b.AppendAddr(netip.MustParseAddr("::ffff:192.168.1.20")) }},
		{"IPv6", "0000000b 00000000 01 06 20010db8000000000000000000000001", func(b *Batch) { b.AppendAddr(netip.MustParseAddr("2001:db8::1")) }},
		{"no address", "0000000b 00000000 00", func(b *Batch) { b.AppendAddr(netip.Addr{}) }},
		{"subnet", "0000000c 00000000 01 68 04 0a000000", func(b *Batch) { b.AppendSubnet(netip.MustParsePrefix("10.1.2.3/8")) }},
		{"IPv6 subnet", "0000000c 00000000 01 20 06 20010db8000000000000000000000000", func(b *Batch) { b.AppendSubnet(netip.MustParsePrefix("2001:db8::/32")) }},
		{"IPv4 subnet in IPv6", "0000000c 00000000 01 68 04 0a000000", func(b *Batch) { b.AppendSubnet(netip.MustParsePrefix("::ffff:10.0.0.0/104")) }},
		{"no subnet", "0000000c 00000000 00", func(b *Batch) { b.AppendSubnet(netip.Prefix{}) }},
		{"set", "0000000e 00000000 01 0000000000000001 00000007 00000000 01 00000001 61", func(b *Batch) {
			b.AppendSet(1)
			b.AppendString("a")
		}},
		{"vector", "00000013 00000000 01 0000000000000002 00000003 00000000 01 0000000000000001 00000003 00000000 00", func(b *Batch) {
			b.AppendVector(2)
			b.AppendCount(1)
			b.AppendUnset(TypeCount)
		}},
	}
	for _, test := range tests {
		b := NewBatch(clusterHeader)
		before := b.Len()
		test.add(b)
		if got, want := hex.EncodeToString(b.Payload()[before:]), strings.ReplaceAll(test.want, " ", ""); got != want {
			t.Errorf("%s: got  %s\nwant %s", test.name, got, want)
		}
		b.Truncate(before)
		if b.Len() != before {
			t.Errorf("%s: not taken back", test.name)
		}
	}
}

// again appends a value that was read, and its elements.
func again(b *Batch, r *Reader) {
	v := r.Next()
	switch {
	case !v.Set:
		b.AppendUnset(v.Type)
	case v.Type == TypeBool:
		b.AppendBool(v.Int == 1)
	case v.Type == TypeInt:
		b.AppendInt(v.Int)
	case v.Type == TypeCount:
		b.AppendCount(v.Count)
	case v.Type == TypeDouble:
		b.AppendDouble(v.Double)
	case v.Type == TypeTime:
		b.AppendTime(v.Double)
	case v.Type == TypeInterval:
		b.AppendInterval(v.Double)
	case v.Type == TypeString:
		b.AppendBytes(v.Bytes)
	case v.Type == TypeEnum:
		b.AppendEnum(string(v.Bytes))
	case v.Type == TypeFunc:
		b.AppendFunc(string(v.Bytes))
	case v.Type == TypePort:
		b.AppendPort(uint16(v.Count), r.in[r.pos-1]) // the protocol is not in a Value
	case v.Type == TypeAddr:
		b.AppendAddr(v.Addr)
	case v.Type == TypeSubnet:
		b.AppendSubnet(netip.PrefixFrom(v.Addr, v.Bits))
	case v.Type == TypeSet, v.Type == TypeVector:
		if v.Type == TypeSet {
			b.AppendSet(int(v.Count))
		} else {
			b.AppendVector(int(v.Count))
		}
		for range v.Count {
			again(b, r)
		}
	}
}

// withoutSubtypes is a batch of Zeek 8.1.2 as 8.2 writes it (spec: wire 3.4).
func withoutSubtypes(t *testing.T, payload []byte) []byte {
	t.Helper()
	payload = bytes.Clone(payload)
	h, r, err := Parse(payload)
	for left := r.Records * len(h.Fields); left > 0 && err == nil; left-- {
		clear(payload[r.pos+4 : r.pos+8])
		if v := r.Next(); v.Type == TypeSet || v.Type == TypeVector {
			left += int(v.Count)
		}
		err = r.Err()
	}
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

// TestRecordingsAgain: every recorded batch, appended value by value, is the
// recorded one.
func TestRecordingsAgain(t *testing.T) {
	t.Parallel()
	types := map[Type]bool{}
	for i, payload := range batches(t) {
		h, r, err := Parse(payload)
		if err != nil {
			t.Fatal(err)
		}
		b := NewBatch(h)
		for range r.Records {
			for _, f := range h.Fields {
				types[f.Type] = true
				again(b, r)
			}
			b.EndRecord()
		}
		if !bytes.Equal(b.Payload(), withoutSubtypes(t, payload)) {
			t.Errorf("batch %d of %s differs", i, h.Stream)
		}
	}
	if len(types) < 14 {
		t.Errorf("only %d types", len(types))
	}
}
